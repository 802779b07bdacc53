import { hash } from "node:crypto";
import { systemClock, systemRandom } from "../../core/base/mod.ts";
import { type Anchor, type HeaderChain, openHeaderChain } from "../../core/chain/mod.ts";
import { createEventBus } from "../../core/events/mod.ts";
import { openKvStore } from "../../core/store/mod.ts";
import { bitcoinVector, VECTOR_FILE, VECTOR_HEIGHT } from "../support/bitcoin_vectors.ts";
import { mineHeaders, tipOf } from "../support/mining.ts";
import { tempDir } from "../support/temp_dir.ts";
import type { Bench } from "./bench.ts";

/** As many as a Bitcoin node sends at a time. */
const BATCH = 2_000;
/** Times that the headers are taken in one measurement. */
const ROUNDS = 5;

interface Subject {
  readonly network: "mainnet" | "regtest";
  /** The first header is the anchor. */
  readonly headers: Uint8Array<ArrayBuffer>;
  readonly anchor: Anchor;
}

/** Mainnet's headers of early 2024; where they are not there, as many mined ones under regtest's rules. */
async function subject(): Promise<Subject> {
  const real = await bitcoinVector(VECTOR_FILE);
  if (real !== undefined) {
    const header = real.slice(0, 80);
    return {
      network: "mainnet",
      headers: real,
      anchor: { height: VECTOR_HEIGHT, header, chainwork: 1n << 94n },
    };
  }
  console.error("headers_validate: no mainnet headers in ../shared/vectors; takes mined ones");
  const { headers } = mineHeaders(tipOf(new Uint8Array(80)), 4_033);
  return {
    network: "regtest",
    headers,
    anchor: { height: 10, header: headers.slice(0, 80), chainwork: 100n },
  };
}

function silence() {}

async function perSecond(count: number, work: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await work();
  return count / (performance.now() - start) * 1_000;
}

async function takeAll(chain: HeaderChain, headers: Uint8Array): Promise<void> {
  for (let from = 80; from < headers.length; from += BATCH * 80) {
    const result = await chain.accept(headers.subarray(from, from + BATCH * 80), { lowWork: "store" });
    if (result.rejected.length > 0) throw new Error(`Cannot measure: refused ${result.rejected[0]?.code}`);
  }
}

/** Headers checked by every rule, in the KV file and acknowledged; against double SHA-256 of the same bytes alone. */
export const headersValidate: Bench = {
  name: "headers_validate",
  unit: "headers/s",
  better: "higher",
  aim: 0.4,
  async setup() {
    const { headers, ...init } = await subject();
    const logger = { debug: silence, info: silence, warn: silence, error: silence, child: () => logger };
    const count = headers.length / 80 - 1;
    return {
      async value() {
        await using stack = new AsyncDisposableStack();
        const dir = stack.use(await tempDir());
        const chains: HeaderChain[] = [];
        for (let i = 0; i < ROUNDS; i++) { // a new chain in a new file for each
          const store = stack.use(await openKvStore({ path: dir.file(`${i}.kv`) }));
          const events = createEventBus({ clock: systemClock, logger });
          chains.push(
            await openHeaderChain({ store, events, clock: systemClock, random: systemRandom, logger }, init),
          );
        }
        return await perSecond(count * ROUNDS, async () => {
          for (const chain of chains) await takeAll(chain, headers);
        });
      },
      baseline: () =>
        perSecond(count * ROUNDS, () => {
          for (let round = 0; round < ROUNDS; round++) {
            for (let from = 80; from < headers.length; from += 80) {
              hash("sha256", hash("sha256", headers.subarray(from, from + 80), "buffer"), "buffer");
            }
          }
        }),
      async [Symbol.asyncDispose]() {},
    };
  },
};
