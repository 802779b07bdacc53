/**
 * Measures a long chain: mines headers under regtest's rules, takes them in batches of 2,000, closes, and opens the file
 * again in a process of its own; prints times and memory. Arguments: number of headers (default 900,000).
 *
 *     deno run -A tests/bench/programs/large_chain.ts
 */
import { systemClock, systemRandom } from "../../../core/base/mod.ts";
import { chainParams, openHeaderChain } from "../../../core/chain/mod.ts";
import { createEventBus } from "../../../core/events/mod.ts";
import { openKvStore } from "../../../core/store/mod.ts";
import { mineHeaders, tipOf } from "../../support/mining.ts";
import { spawnDeno } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";

const BATCH = 2_000;

function silence() {}

async function open(path: string) {
  const logger = { debug: silence, info: silence, warn: silence, error: silence, child: () => logger };
  const store = await openKvStore({ path });
  const events = createEventBus({ clock: systemClock, logger });
  const start = performance.now();
  const chain = await openHeaderChain(
    { store, events, clock: systemClock, random: systemRandom, logger },
    { network: "regtest" },
  );
  return { store, chain, ms: performance.now() - start };
}

function memory(): string {
  return `${Math.round(Deno.memoryUsage().rss / 1e6)} MB resident`;
}

/** Opens, reads headers at random heights and by hash, and says how long it took. */
async function measureOpen(path: string): Promise<void> {
  const { store, chain, ms } = await open(path);
  const { height } = chain.tip();
  console.log(`open: ${Math.round(ms)} ms for ${height + 1} headers, ${memory()}`);
  const start = performance.now();
  for (let i = 0; i < 20_000; i++) {
    const hash = chain.hashAt(Math.floor(Math.random() * height));
    if (hash === undefined || chain.header(hash) === undefined) throw new Error("Cannot find a header");
  }
  console.log(`lookup: ${((performance.now() - start) / 20).toFixed(1)} µs by height and by hash`);
  await store.close();
}

async function measureSync(path: string, count: number): Promise<void> {
  const { store, chain } = await open(path);
  let tip = tipOf(Uint8Array.fromHex(chainParams("regtest").genesis));
  let ms = 0;
  for (let done = 0; done < count; done += BATCH) {
    const mined = mineHeaders(tip, Math.min(BATCH, count - done), { spacing: 60 });
    tip = mined.tip;
    const start = performance.now();
    await chain.accept(mined.headers);
    ms += performance.now() - start;
  }
  console.log(`sync: ${Math.round(ms)} ms, ${Math.round(count / ms * 1_000)} headers/s, ${memory()}`);
  console.log(`chain in memory: ${Math.round(chain.stats().bytes / 1e6)} MB`);
  await store.close();
}

if (Deno.args[0] === "open") await measureOpen(Deno.args[1] ?? "");
else {
  await using dir = await tempDir();
  const path = dir.file("node.kv");
  await measureSync(path, Number(Deno.args[0] ?? 900_000));
  for (let i = 0; i < 3; i++) {
    await using child = spawnDeno(new URL(import.meta.url), { args: ["open", path] });
    await child.exited;
    console.log(child.output().trimEnd());
  }
}
