import type { ExitReason, ModuleState } from "./types.ts";

/** What can happen to a module. */
export type LifecycleInput =
  /** Somebody (operator, node start, backoff timer) wants it running. */
  | "load"
  /** Verification refused it. */
  | "reject"
  /** It lacks grants. */
  | "lack_grants"
  /** Its `start()` returned. */
  | "started"
  /** Somebody wants it stopped. */
  | "stop"
  /** The cell is gone and nobody wants it back. */
  | "gone"
  /** The cell died and will be started again. */
  | "crash"
  /** The cell died once too often. */
  | "give_up";

const TABLE: Readonly<Record<ModuleState, Partial<Readonly<Record<LifecycleInput, ModuleState>>>>> = {
  discovered: { load: "starting", reject: "rejected", lack_grants: "needs_approval" },
  rejected: { load: "starting", reject: "rejected", lack_grants: "needs_approval" },
  needs_approval: { load: "starting", reject: "rejected", lack_grants: "needs_approval" },
  starting: {
    reject: "rejected",
    lack_grants: "needs_approval",
    started: "running",
    stop: "stopping",
    gone: "stopped",
    crash: "backoff",
    give_up: "failed",
  },
  running: { stop: "stopping", gone: "stopped", crash: "backoff", give_up: "failed" },
  stopping: { gone: "stopped", lack_grants: "needs_approval" },
  stopped: { load: "starting", reject: "rejected", lack_grants: "needs_approval" },
  backoff: { load: "starting", stop: "stopped", lack_grants: "needs_approval" },
  failed: { load: "starting", stop: "stopped", lack_grants: "needs_approval", reject: "rejected" },
};

/**
 * The state that follows `state` on `input`, or `undefined` when `input` cannot happen there (contract, section 4).
 * Pure: nothing else decides about states.
 */
export function nextState(state: ModuleState, input: LifecycleInput): ModuleState | undefined {
  return TABLE[state][input];
}

/** True when a cell exists, or is being made, in that state. */
export function hasCell(state: ModuleState): boolean {
  return state === "starting" || state === "running" || state === "stopping";
}

/**
 * True when a cell that ended so, unasked, is started again. `completed` is not: the module ended by its own wish, and
 * starting it again would be a loop that nobody asked for. `killed` is: somebody outside (the kernel, an operator's
 * `kill`) took the process away.
 */
export function isCrash(reason: ExitReason): boolean {
  return reason !== "stopped" && reason !== "completed";
}
