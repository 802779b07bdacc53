import { generateKeyPair } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import {
  type BlockHeader,
  CommonsError,
  displayDoubleSha256,
  type PeerIdText,
  POW_LIMIT_BITS,
  seededRandom,
  serializeHeader,
  systemClock,
  workFault,
} from "../base/mod.ts";
import type { EventBus, EventPayloads, EventType, NodeEvent, SubscribeOptions } from "../events/mod.ts";
import type { Identity } from "../identity/mod.ts";
import type { Labels, Logger, Metrics } from "../telemetry/mod.ts";
import { createP2pService } from "./service.ts";
import type { P2pComponents, P2pInit, P2pService } from "./types.ts";

/** Mainnet block 1, a fact that everyone can look up. */
export const BLOCK_1 = {
  hash: "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048",
  header:
    "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299",
};

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

/** Remembers what was published, and tells when something is. */
export class RecordingEvents implements EventBus {
  readonly published: { readonly type: EventType; readonly payload: unknown }[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #listeners = new Set<(type: EventType, payload: EventPayloads[EventType]) => void>();

  publish<T extends EventType>(type: T, payload: EventPayloads[T]): void {
    this.published.push({ type, payload });
    for (const check of this.#waiting) check();
    for (const listener of this.#listeners) listener(type, payload);
  }

  of(type: EventType): readonly unknown[] {
    return this.published.filter((event) => event.type === type).map(({ payload }) => payload);
  }

  /** Resolves when `count` events of `type` were published. The test runner's own limit is the deadline. */
  until(type: EventType, count = 1): Promise<readonly unknown[]> {
    return new Promise((resolve) => {
      const check = () => {
        const events = this.of(type);
        if (events.length < count) return;
        this.#waiting.delete(check);
        resolve(events);
      };
      this.#waiting.add(check);
      check();
    });
  }

  subscribe(): never {
    throw new CommonsError("UNAVAILABLE", "Cannot subscribe: only a recorder");
  }

  listen({ types }: SubscribeOptions, listener: (event: NodeEvent) => void): Disposable {
    const own = (type: EventType, payload: EventPayloads[EventType]) => {
      if (types?.includes(type) !== false) listener({ id: 1, type, time: 0, payload, json: "" });
    };
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  since(): never[] {
    return [];
  }

  stats(): never[] {
    return [];
  }
}

/** Metrics whose collected samples can be read back. */
export class RecordingMetrics implements Metrics {
  readonly contentType = "text/plain";
  readonly #collected = new Map<string, () => Iterable<readonly [number, Labels?]>>();

  counter = () => ({ inc() {} });
  gauge = () => ({ set() {} });
  histogram = () => ({ observe() {} });
  text = () => Promise.resolve("");

  collect(options: { readonly name: string }, read: () => Iterable<readonly [number, Labels?]>): void {
    this.#collected.set(options.name, read);
  }

  /** Value of the sample with exactly these labels, 0 when there is none. */
  value(name: string, labels: Labels = {}): number {
    const wanted = JSON.stringify(Object.entries(labels).sort());
    for (const [value, own = {}] of this.#collected.get(name)?.() ?? []) {
      if (JSON.stringify(Object.entries(own).sort()) === wanted) return value;
    }
    return 0;
  }
}

export async function testIdentity(): Promise<Identity> {
  const privateKey = await generateKeyPair("Ed25519");
  const publicKey = privateKey.publicKey.raw;
  return {
    peerId: peerIdFromPrivateKey(privateKey).toString() as PeerIdText,
    nodeId: publicKey.toHex(),
    publicKey,
    privateKey,
    sign: () => new Uint8Array(64),
  };
}

/** Settings of a lone regtest node on a free loopback port. */
export function testInit(init: Partial<P2pInit> = {}): P2pInit {
  return {
    network: "regtest",
    name: "test",
    version: "0.0.0-test",
    listen: ["/ip4/127.0.0.1/tcp/0"],
    announce: [],
    staticPeers: [],
    topicPrefix: "commons/bitcoin/1.0.0",
    envelope: "raw",
    listenMode: "full",
    maxConnections: 20,
    dataHubUrl: "http://127.0.0.1:9906",
    sharePrivateAddresses: true,
    dht: "off",
    ...init,
  };
}

/** A started service with what its tests look at; stops itself. */
export interface TestNode extends AsyncDisposable {
  readonly service: P2pService;
  readonly identity: Identity;
  readonly events: RecordingEvents;
  readonly metrics: RecordingMetrics;
  /** Its first address. */
  readonly address: string;
}

export interface TestNodeOptions {
  readonly init?: Partial<P2pInit>;
  readonly components?: Partial<P2pComponents>;
}

export async function startNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const events = new RecordingEvents();
  const metrics = new RecordingMetrics();
  const identity = options.components?.identity ?? await testIdentity();
  const service = createP2pService({
    clock: systemClock,
    random: seededRandom(7),
    logger: silentLogger,
    ...options.components,
    identity,
    metrics,
    events,
  }, testInit(options.init));
  await service.start();
  return {
    service,
    identity,
    events,
    metrics,
    get address() {
      return service.listening()[0] ?? "";
    },
    [Symbol.asyncDispose]: () => service.stop(),
  };
}

/** Far beyond what anything takes that is waited for, for machines that are busy. */
const WAIT_MS = 60_000;

/** Polls by the event loop, for states that no event tells. Fails after a minute, with the place that waited. */
export async function eventually(condition: () => boolean): Promise<void> {
  const late = new Error(`Waited for ${WAIT_MS / 1000} s in vain: ${condition}`);
  const end = performance.now() + WAIT_MS;
  while (!condition()) {
    if (performance.now() > end) throw late;
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
}

/** A header as hex with its hash, whatever its work; `number` makes it unlike others. */
export function anyHeader(
  number: number,
  fields: Partial<BlockHeader> = {},
): { header: string; hash: string } {
  const merkleRoot = new Uint8Array(32);
  new DataView(merkleRoot.buffer).setUint32(0, number);
  const bytes = serializeHeader({
    version: 4,
    previous: new Uint8Array(32),
    merkleRoot,
    time: 1_600_000_000,
    bits: POW_LIMIT_BITS.regtest,
    nonce: 0,
    ...fields,
  });
  return { header: bytes.toHex(), hash: displayDoubleSha256(bytes) };
}

/** A header with the little work that regtest asks for. */
export function minedHeader(
  number: number,
  fields: Partial<BlockHeader> = {},
): { header: string; hash: string } {
  for (let nonce = 0;; nonce++) {
    const made = anyHeader(number, { ...fields, nonce });
    const hash = Uint8Array.fromHex(made.hash).reverse();
    if (workFault(hash, POW_LIMIT_BITS.regtest, "regtest") === undefined) return made;
  }
}
