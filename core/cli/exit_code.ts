import { CommonsError, isCommonsError } from "../base/mod.ts";

/** Exit codes of the command line (contract, section 1). */
export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const;

/** Exit code for something that was thrown. */
export function exitCodeOf(error: unknown): number {
  if (isCommonsError(error, "USAGE") || isCommonsError(error, "NO_SUCH_CLI")) return EXIT.usage;
  if (isCommonsError(error, "NODE_UNREACHABLE")) return EXIT.unreachable;
  return EXIT.failed;
}

/** An error of whoever typed the command. */
export function usageError(message: string): CommonsError {
  return new CommonsError("USAGE", message);
}
