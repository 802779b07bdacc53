/** What the tests of this folder share. */
import { type BitcoinNetwork, type Clock, FakeClock, seededRandom } from "../base/mod.ts";
import { createEventBus, type EventBus, type EventType, type NodeEvent } from "../events/mod.ts";
import { memoryStore, type Store } from "../store/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { chainParams } from "./params.ts";
import { openHeaderChain } from "./header_chain.ts";
import type { AcceptResult, HeaderChain, HeaderChainInit } from "./types.ts";

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

/** A chain with everything around it, and what it published. */
export interface TestChain extends AsyncDisposable {
  readonly chain: HeaderChain;
  readonly store: Store;
  readonly bus: EventBus;
  readonly events: NodeEvent[];
  /** Types of the events since the last call. */
  seen(): EventType[];
  /** Opens another chain on the same store. */
  reopen(): Promise<HeaderChain>;
}

export interface TestChainOptions extends Partial<HeaderChainInit> {
  readonly store?: Store;
  readonly clock?: Clock;
}

/** Unix seconds that are far behind every header of the tests. */
export const LATE = 4_000_000_000;

export async function testChain(options: TestChainOptions = {}): Promise<TestChain> {
  const { store = memoryStore(), clock = new FakeClock(LATE * 1000), ...rest } = options;
  const bus = createEventBus({ clock, logger: silentLogger });
  const events: NodeEvent[] = [];
  bus.listen({ name: "test" }, (event) => events.push(event));
  let told = 0;
  const init: HeaderChainInit = { network: "regtest", ...rest };
  const open = () =>
    openHeaderChain({ store, events: bus, clock, random: seededRandom(7), logger: silentLogger }, init);
  const chain = await open();
  return {
    chain,
    store,
    bus,
    events,
    seen() {
      const types = events.slice(told).map(({ type }) => type);
      told = events.length;
      return types;
    },
    reopen: open,
    async [Symbol.asyncDispose]() {
      await chain.close();
      await store.close();
    },
  };
}

/** The genesis header of a network. */
export function genesisOf(network: BitcoinNetwork): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(chainParams(network).genesis);
}

/** Codes of a result by index. */
export function codesOf({ rejected }: AcceptResult): Record<number, string> {
  return Object.fromEntries(rejected.map(({ index, code }) => [index, code]));
}
