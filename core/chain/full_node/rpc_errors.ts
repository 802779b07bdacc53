import { CommonsError } from "../../base/mod.ts";

/** Longest words of a full node that go into an error. */
const MAX_WORDS = 300;

/** Words of a full node in one line without control characters, so that they may be shown and logged. */
export function cleanWords(words: unknown): string {
  if (typeof words !== "string") return "no reason given";
  const clean = words.slice(0, 4 * MAX_WORDS).replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return clean === "" ? "no reason given" : clean.slice(0, MAX_WORDS);
}

/**
 * Nobody to ask now. `status` is that of HTTP, where there was one; `local` says that the reason lies here and not at the
 * node.
 */
export function unavailable(
  why: string,
  { cause, ...detail }: { cause?: unknown; status?: number; local?: boolean } = {},
): CommonsError {
  return new CommonsError("UNAVAILABLE", `Cannot ask the full node: ${why}`, { cause, detail });
}

/** The answer broke a rule. */
export function sourceFault(why: string, cause?: unknown): CommonsError {
  return new CommonsError("SOURCE_FAULT", `Cannot use the full node's answer: ${why}`, { cause });
}

/** The node said no, in its own words. */
export function refused({ code, words }: { readonly code: number; readonly words: string }): CommonsError {
  return new CommonsError("REFUSED", `Cannot do this at the full node: ${words}`, {
    detail: { rpcCode: code },
  });
}

/** True when the node said no with one of these codes of JSON-RPC. */
export function isRefusal(error: unknown, codes: readonly number[]): boolean {
  return error instanceof CommonsError && error.code === "REFUSED" &&
    codes.includes(Number(error.detail?.["rpcCode"]));
}
