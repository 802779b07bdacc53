import { openKvStore } from "../../core/store/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import type { Bench } from "./bench.ts";

const WRITERS = 256;
const STORE_WRITES = 10_000;
const BASELINE_WRITES = 500;
/** Both sides write the same keys and values again and again. */
const KEYS = 5_000;

function keyOf(i: number): [string, string, number] {
  return ["node", "bench", i % KEYS];
}

function valueOf(i: number): unknown {
  return {
    height: i,
    hash: "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048",
    accepted: true,
  };
}

async function writesPerSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return count / (performance.now() - start) * 1_000;
}

/** Acknowledged writes of 256 writers through the store, against one awaited `kv.set` after the other. */
export const storeCommit: Bench = {
  name: "store_commit",
  unit: "writes/s",
  better: "higher",
  aim: 15,
  async setup() {
    await using cleanup = new AsyncDisposableStack();
    const dir = cleanup.use(await tempDir());
    const store = cleanup.use(await openKvStore({ path: dir.file("store.kv") }));
    const kv = cleanup.use(await Deno.openKv(dir.file("bare.kv")));
    const resources = cleanup.move();
    return {
      value: () =>
        writesPerSecond(STORE_WRITES, () => {
          let next = 0;
          const writer = async () => {
            for (let i = next++; i < STORE_WRITES; i = next++) await store.set(keyOf(i), valueOf(i));
          };
          return Promise.all(Array.from({ length: WRITERS }, writer));
        }),
      baseline: () =>
        writesPerSecond(BASELINE_WRITES, async () => {
          for (let i = 0; i < BASELINE_WRITES; i++) await kv.set(keyOf(i), valueOf(i));
        }),
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  },
};
