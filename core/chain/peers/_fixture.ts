/** What the tests of this folder share. */
import { FakeClock, seededRandom } from "../../base/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { createMetrics } from "../../telemetry/mod.ts";
import { LATE, silentLogger, type TestChain, testChain, type TestChainOptions } from "../_fixture.ts";
import type { SourceDesk } from "../source_types.ts";
import { type BitcoinPeers, type BitcoinPeersInit, createBitcoinPeers } from "./bitcoin_peers.ts";
import { type Connect, type Duplex, endpointText } from "./duplex.ts";
import type { Resolve } from "./dns_seeds.ts";

/** A desk that keeps what it is told. */
export function recordingDesk() {
  const tips: string[] = [];
  const refused: string[] = [];
  const syncs: string[] = [];
  const desk: SourceDesk = {
    noteTip: (source, { hash, height }) => void tips.push(`${source} ${height ?? "?"} ${hash.slice(0, 8)}`),
    noteRefused: (source, { code }) => void refused.push(`${source} ${code}`),
    syncing(source, height) {
      syncs.push(`begin ${source} ${height}`);
      return { [Symbol.dispose]: () => void syncs.push(`end ${source}`) };
    },
    forget: (source) => void tips.push(`${source} gone`),
  };
  return { desk, tips, refused, syncs };
}

/** Lets everything run that is ready: sockets in memory, commits, and what follows. */
export async function settled(rounds = 40): Promise<void> {
  for (let i = 0; i < rounds; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Runs until `holds`; fails after many rounds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 3_000; i++) {
    if (holds()) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  throw new Error(`Never: ${what}`);
}

/** A node to connect to, as the rig needs it. */
export interface RigNode {
  connect(): Duplex;
  readonly sessions: readonly { readonly done: Promise<void>; close(): void }[];
}

export interface PeersRig extends AsyncDisposable {
  readonly t: TestChain;
  readonly clock: FakeClock;
  readonly peers: BitcoinPeers;
  readonly told: ReturnType<typeof recordingDesk>;
  readonly dials: string[];
  readonly log: string[];
  metrics(): Promise<string>;
  height(): number;
  /** Why the last connection to a peer ended. */
  reason(address?: string): string | undefined;
}

export interface PeersRigOptions extends TestChainOptions, Partial<BitcoinPeersInit> {
  readonly connect?: Connect;
  readonly resolve?: Resolve;
}

/** Bitcoin nodes by name, a chain, and the service between them; not started. */
export async function peersRig(
  nodes: Readonly<Record<string, RigNode>>,
  options: PeersRigOptions = {},
): Promise<PeersRig> {
  const clock = new FakeClock(LATE * 1000);
  const t = await testChain({ clock, ...options });
  const told = recordingDesk();
  const [dials, log]: string[][] = [[], []];
  const write = (level: string) => (text: string) => void log?.push(`${level} ${text}`);
  const logger: Logger = { ...silentLogger, info: write("info"), warn: write("warn"), error: write("error") };
  const connect: Connect = options.connect ?? ((endpoint) => {
    dials?.push(endpointText(endpoint));
    const node = nodes[endpointText(endpoint)];
    if (node === undefined) return Promise.reject(new Error("refused"));
    return Promise.resolve(node.connect());
  });
  const metrics = createMetrics();
  const peers = createBitcoinPeers({
    chain: t.chain,
    desk: told.desk,
    clock,
    random: seededRandom(11),
    logger,
    metrics,
    connect,
    ...(options.resolve && { resolve: options.resolve }),
  }, {
    network: options.network ?? "regtest",
    peers: options.peers ?? Object.keys(nodes),
    dnsSeeds: options.dnsSeeds ?? false,
    version: "0.0.1",
  });
  return {
    t,
    clock,
    peers,
    told,
    dials: dials ?? [],
    log: log ?? [],
    metrics: () => metrics.text(),
    height: () => t.chain.tip().height,
    reason: (address) =>
      peers.peers().find((peer) => address === undefined || peer.address === address)?.lastReason,
    async [Symbol.asyncDispose]() {
      await peers.stop();
      for (const node of Object.values(nodes)) {
        for (const session of node.sessions) session.close();
        await Promise.all(node.sessions.map(({ done }) => done));
      }
      await t[Symbol.asyncDispose]();
    },
  };
}
