import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { type StrainWarning, StrainWatch } from "./supervisor_strain.ts";

/** A watch on numbers that the test sets. */
class Watched implements Disposable {
  readonly clock = new FakeClock();
  readonly warnings: StrainWarning[] = [];
  readonly changes: boolean[] = [];
  readonly #watch: StrainWatch;
  rssBytes = 0;
  cpuPercent = 0;
  gone = false;

  constructor(limits: { readonly memoryBytes: number; readonly cpuPercent: number }) {
    const rest = { eventsDelivered: 0, eventsDropped: 0, framesIn: 0, bytesIn: 0 };
    this.#watch = new StrainWatch({
      clock: this.clock,
      ...limits,
      stats: () => this.gone ? undefined : { rssBytes: this.rssBytes, cpuPercent: this.cpuPercent, ...rest },
      onWarning: (warning) => this.warnings.push(warning),
      onChange: (strained) => this.changes.push(strained),
    });
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    expect(this.clock.pending).toBe(0);
  }
}

Deno.test("StrainWatch() warns once when memory stays at 80 %, and says when that is over", async () => {
  using w = new Watched({ memoryBytes: 1_000, cpuPercent: 90 });
  w.rssBytes = 799;
  await w.clock.advance(60_000);
  expect(w.warnings).toEqual([]);
  w.rssBytes = 800;
  await w.clock.advance(4_000);
  expect(w.changes).toEqual([]);
  await w.clock.advance(60_000);
  expect(w.warnings).toEqual([{ resource: "memory", usage: 800, limit: 1_000, thresholdPercent: 80 }]);
  expect(w.changes).toEqual([true]);
  w.rssBytes = 730; // not yet clearly below
  await w.clock.advance(10_000);
  expect(w.changes).toEqual([true]);
  w.rssBytes = 700;
  await w.clock.advance(2_000);
  expect(w.changes).toEqual([true, false]);
  w.rssBytes = 900;
  await w.clock.advance(10_000);
  expect([w.warnings.length, w.changes.length]).toEqual([2, 3]);
});

Deno.test("StrainWatch() lets peaks pass", async () => {
  using w = new Watched({ memoryBytes: 1_000, cpuPercent: 90 });
  for (let i = 0; i < 10; i++) {
    w.rssBytes = 999;
    w.cpuPercent = 100;
    await w.clock.advance(2_000);
    w.rssBytes = 0;
    w.cpuPercent = 0;
    await w.clock.advance(2_000);
  }
  expect([w.warnings, w.changes]).toEqual([[], []]);
});

Deno.test("StrainWatch() warns of a busy core after half a minute", async () => {
  using w = new Watched({ memoryBytes: 1_000, cpuPercent: 90 });
  w.cpuPercent = 99.5;
  await w.clock.advance(30_000);
  expect(w.warnings).toEqual([]);
  await w.clock.advance(2_000);
  expect(w.warnings).toEqual([{ resource: "cpu", usage: 99.5, limit: 90, thresholdPercent: 100 }]);
});

Deno.test("StrainWatch() does nothing without a limit, or without numbers", async () => {
  using w = new Watched({ memoryBytes: 1_000, cpuPercent: 0 });
  w.cpuPercent = 100;
  await w.clock.advance(60_000);
  w.rssBytes = 1_000;
  w.gone = true;
  await w.clock.advance(60_000);
  expect([w.warnings, w.changes]).toEqual([[], []]);
});
