import { expect } from "expect";
import { isCrash, type LifecycleInput, nextState } from "./lifecycle.ts";
import { EXIT_REASONS, MODULE_STATES, type ModuleState } from "./types.ts";

const INPUTS: readonly LifecycleInput[] = [
  "load",
  "reject",
  "lack_grants",
  "started",
  "stop",
  "gone",
  "crash",
  "give_up",
];

/** State → what follows on each input that can happen there. */
const EXPECTED: Record<ModuleState, Partial<Record<LifecycleInput, ModuleState>>> = {
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
  failed: { load: "starting", stop: "stopped", reject: "rejected", lack_grants: "needs_approval" },
};

Deno.test("nextState() follows the table and refuses everything else", async (t) => {
  for (const state of MODULE_STATES) {
    await t.step(state, () => {
      for (const input of INPUTS) {
        expect([input, nextState(state, input)]).toEqual([input, EXPECTED[state][input]]);
      }
    });
  }
});

Deno.test("nextState() lets a module run only through starting", () => {
  for (const state of MODULE_STATES) {
    const reached = INPUTS.filter((input) => nextState(state, input) === "running");
    expect([state, reached]).toEqual([state, state === "starting" ? ["started"] : []]);
  }
});

Deno.test("isCrash() is false only for ends that somebody wanted", () => {
  expect(EXIT_REASONS.filter((reason) => !isCrash(reason))).toEqual(["stopped", "completed"]);
});
