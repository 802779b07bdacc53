import { expect } from "expect";
import { FakeClock } from "./base/mod.ts";
import type { HeadersSyncView, SourcesView } from "./chain/mod.ts";
import { createEventBus } from "./events/mod.ts";
import { silentLogger } from "./chain/_fixture.ts";
import { followSync, renderSync } from "./sync_progress.ts";

const SYNC: HeadersSyncView = {
  startHeight: 0,
  height: 412_000,
  targetHeight: 921_345,
  percent: 44.7,
  seconds: 52,
};

Deno.test("renderSync() fits the row, and leaves out what matters least", async (t) => {
  const rows: [columns: number, sync: Partial<HeadersSyncView>, line: string][] = [
    [
      200,
      {},
      "headers 412,000 of 921,345 [#################---------------------] 44.7 % 7,923/s 1:05 left",
    ],
    [74, {}, "headers 412,000 of 921,345 [########-----------] 44.7 % 7,923/s 1:05 left"],
    [60, {}, "headers 412,000 of 921,345 [##########-------------] 44.7 %"],
    [40, {}, "headers 412,000 of 921,345 44.7 %"],
    [20, {}, "44.7 %"],
    [3, {}, ""],
    [
      90,
      { height: 0, percent: 0, seconds: 0 },
      "headers 0 of 921,345 [--------------------------------------] 0.0 %",
    ],
    [
      90,
      { height: 5_000, targetHeight: 40_000_000, percent: 0, seconds: 1 },
      "headers 5,000 of 40,000,000 [--------------------------------] 0.0 % 5,000/s 2:13:19 left",
    ],
  ];
  for (const [columns, sync, line] of rows) {
    await t.step(`${columns} columns, ${line.slice(-20)}`, () => {
      const text = renderSync({ ...SYNC, ...sync }, { columns });
      expect(text).toBe(line);
      expect(text.length).toBeLessThan(columns);
    });
  }
});

Deno.test("followSync() shows a line from the event that tells the start to the one that tells the end", async () => {
  const clock = new FakeClock();
  const events = createEventBus({ clock, logger: silentLogger });
  let view: SourcesView = { sources: [] };
  const shown: (string | undefined)[] = [];
  const following = followSync({ desk: { sources: () => view }, events, clock }, {
    show: (line) => void shown.push(line),
    columns: () => 20,
  });
  await clock.advance(5_000);
  expect(shown).toEqual([]);
  view = { sync: SYNC, sources: [] };
  events.publish("HeadersSyncStarted", { start_height: 0 });
  view = { sync: { ...SYNC, percent: 50 }, sources: [] };
  await clock.advance(500);
  expect(shown.splice(0)).toEqual(["44.7 %", "50.0 %"]);
  events.publish("HeadersSyncCompleted", { final_height: 1, duration_seconds: 1 });
  await clock.advance(5_000);
  expect(shown.splice(0)).toEqual([undefined]);
  events.publish("HeadersSyncStarted", { start_height: 0 });
  following[Symbol.dispose]();
  expect(shown.at(-1)).toBeUndefined();
  expect(clock.pending).toBe(0);
});
