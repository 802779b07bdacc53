import { CommonsError, errorText, isCommonsError, type ModuleName } from "../base/mod.ts";
import type { CellExit } from "./cell_types.ts";
import type { Reason } from "./supervisor_status.ts";
import type { ModuleState } from "./types.ts";

/** Why a module was refused (`refusal`), and what the caller of `load` gets. */
export function rejection(
  name: ModuleName,
  cause: unknown,
): { readonly refusal: CommonsError; readonly error: CommonsError } {
  const refusal = isCommonsError(cause)
    ? cause
    : new CommonsError("UNREADABLE", `Cannot use module ${name}: ${errorText(cause)}`, { cause });
  const { code, message, detail } = refusal;
  const error = new CommonsError("MODULE_REJECTED", message, { cause, detail: { ...detail, reason: code } });
  return { refusal, error };
}

export function lacking(missing: readonly string[]): Reason {
  return { code: "NEEDS_APPROVAL", message: `The operator has not approved ${missing.join(", ")}` };
}

export function needsApproval(name: ModuleName, missing: readonly string[]): CommonsError {
  const message = `Cannot start module ${name}: the operator has not approved ${missing.join(", ")}`;
  return new CommonsError("NEEDS_APPROVAL", message, { detail: { missing } });
}

export function startFailed(name: ModuleName, { reason, detail }: CellExit): CommonsError {
  const why = reason.replaceAll("_", " ") + (detail === "" ? "" : `: ${detail}`);
  return new CommonsError("START_FAILED", `Cannot start module ${name}: ${why}`, { detail: { reason } });
}

/** Somebody wanted it stopped before it ran. */
export function startGivenUp(name: ModuleName): CommonsError {
  return new CommonsError("START_FAILED", `Cannot start module ${name}: it was asked to stop meanwhile`, {
    detail: { reason: "stopped" },
  });
}

/** A reload was refused before anything was stopped. */
export function refusedReload(
  refusal: CommonsError,
  { code, version }: { readonly code: CommonsError["code"]; readonly version: string },
): { readonly reason: Reason; readonly error: CommonsError } {
  const message = `${refusal.message}; version ${version} runs on`;
  const detail = { ...refusal.detail, running: version };
  return {
    reason: { code, message },
    error: new CommonsError(refusal.code, message, { cause: refusal, detail }),
  };
}

/** A new version did not start, and the old one was started again. */
export function rolledBack(
  failed: CommonsError,
  { version, runs }: { readonly version: string; readonly runs: boolean },
): { readonly reason: Reason; readonly error: CommonsError } {
  const message = `${failed.message}; version ${version} ${
    runs ? "runs again" : "did not start again either"
  }`;
  const detail = { ...failed.detail, ...(runs ? { running: version } : {}) };
  return {
    reason: { code: "ROLLED_BACK", message },
    error: new CommonsError("START_FAILED", message, { cause: failed, detail }),
  };
}

export function notRunning(
  action: "unload" | "ask" | "start",
  module: { readonly name: ModuleName; readonly state: ModuleState },
  why = `it is ${module.state.replace("_", " ")}`,
): CommonsError {
  return new CommonsError("MODULE_NOT_RUNNING", `Cannot ${action} module ${module.name}: ${why}`);
}
