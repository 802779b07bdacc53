import { expect } from "expect";
import { createBanService } from "../../core/bans/mod.ts";
import { systemClock } from "../../core/base/mod.ts";
import { openKvStore } from "../../core/store/mod.ts";
import { createLogger, createMetrics } from "../../core/telemetry/mod.ts";
import { spawnDeno } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

const WRITER = new URL("./programs/ban_writer.ts", import.meta.url);
const CRASHES = 50;

/** Lets the writer acknowledge some bans, kills it, and answers what it said. */
async function crash(path: string, options: { first: number; lines: number }): Promise<readonly string[]> {
  await using writer = spawnDeno(WRITER, { args: [path, String(options.first)] });
  await writer.stdout.waitForCount(options.lines, { ms: 30_000 });
  writer.kill("SIGKILL");
  await writer.exited;
  return writer.stdout.lines;
}

Deno.test("an acknowledged ban, or its end, survives kill -9 of the process", async () => {
  await using dir = await tempDir();
  const path = dir.file("node.kv");
  const said: string[] = [];
  for (let round = 0; round < CRASHES; round++) {
    said.push(...await crash(path, { first: round * 100_000, lines: 10 + round % 10 * 40 }));
  }
  await using store = await openKvStore({ path });
  const errors: string[] = [];
  const bans = createBanService({
    store,
    clock: systemClock,
    events: { publish: () => {} },
    logger: createLogger({
      level: "warn",
      format: "json",
      write: (line) => errors.push(line),
      clock: systemClock,
    }),
    metrics: createMetrics(),
  }, { defaultDurationMs: 86_400_000, maxEntries: 1_000_000, threshold: 100 });
  await bans.start();
  const lost = said.filter((line) => (line[0] === "+") !== bans.isBannedIp(line.slice(1)));
  await bans.stop();
  expect(said.length).toBeGreaterThan(CRASHES * 10);
  expect([lost, errors]).toEqual([[], []]); // and nothing that was half written
});
