import { expect } from "expect";
import type { HeaderFault } from "../fault.ts";
import { batchFault } from "./header_faults.ts";

Deno.test("batchFault() names the gravest fault of a batch", async (t) => {
  const rows: readonly (readonly [string, readonly (readonly [number, HeaderFault])[], unknown])[] = [
    ["nothing", [], undefined],
    ["low work", [[0, "LOW_WORK"], [1, "LOW_WORK"]], { kind: "low_work", index: 0, code: "LOW_WORK" }],
    ["low work, then broken", [[0, "LOW_WORK"], [1, "HIGH_HASH"]], {
      kind: "broken",
      index: 1,
      code: "HIGH_HASH",
    }],
    ["broken, and what follows", [[3, "BAD_VERSION"], [4, "UNKNOWN_PARENT"]], {
      kind: "broken",
      index: 3,
      code: "BAD_VERSION",
    }],
    ["early, and what follows", [[3, "TIME_TOO_NEW"], [4, "UNKNOWN_PARENT"]], {
      kind: "not_now",
      index: 3,
      code: "TIME_TOO_NEW",
    }],
    ["too many stale", [[0, "TOO_MANY_STALE"]], { kind: "not_now", index: 0, code: "TOO_MANY_STALE" }],
    ["no parent", [[0, "UNKNOWN_PARENT"], [1, "UNKNOWN_PARENT"]], {
      kind: "unconnected",
      index: 0,
      code: "UNKNOWN_PARENT",
    }],
    ["a gap", [[7, "UNKNOWN_PARENT"]], { kind: "broken", index: 7, code: "NOT_CONTINUOUS" }],
  ];
  for (const [name, rejected, fault] of rows) {
    await t.step(
      name,
      () => expect(batchFault(rejected.map(([index, code]) => ({ index, code })))).toEqual(fault),
    );
  }
});
