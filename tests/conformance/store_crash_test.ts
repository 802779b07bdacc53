import { expect } from "expect";
import { openKvStore } from "../../core/store/mod.ts";
import { spawnDeno } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

const WRITER = new URL("./programs/crash_writer.ts", import.meta.url);
const CRASHES = 10;

/** Runs the writer until it has acknowledged some entries, kills it, and answers the acknowledged numbers. */
async function crash(path: string, options: { first: number; entries: number }): Promise<number[]> {
  await using writer = spawnDeno(WRITER, { args: [path, String(options.first)] });
  await writer.stdout.waitForCount(options.entries, { ms: 30_000 });
  writer.kill("SIGKILL");
  await writer.exited;
  // A line that was cut off would not be an acknowledgement; writeSync to a pipe never cuts one this short.
  return writer.stdout.lines.map(Number);
}

Deno.test("an acknowledged write survives kill -9 of the process", async () => {
  await using dir = await tempDir();
  const path = dir.file("node.kv");
  const acknowledged: number[] = [];
  for (let round = 0; round < CRASHES; round++) {
    const first = round * 1_000_000;
    acknowledged.push(...await crash(path, { first, entries: 20 + round * 150 }));
  }
  await using store = await openKvStore({ path });
  const entries = await store.getMany<{ number: number }>(
    acknowledged.map((number) => ["node", "entry", number]),
  );
  expect(acknowledged.length).toBeGreaterThan(CRASHES * 20);
  expect(acknowledged.filter((number, i) => entries[i]?.number !== number)).toEqual([]);
  const numbers: unknown[] = [];
  for await (const { key } of store.list({ prefix: ["node", "entry"] })) numbers.push(key[2]);
  const twins: unknown[] = [];
  for await (const { key } of store.list({ prefix: ["node", "twin"] })) twins.push(key[2]);
  expect(numbers).toEqual(twins); // both or none, also of what was not acknowledged
});
