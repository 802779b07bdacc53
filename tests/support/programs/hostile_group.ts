/**
 * Peers that do what they must not, in a process of their own, until it is killed. The argument is JSON of
 * {@linkcode HostileOptions}; the first line of stdout is JSON of {@linkcode HostilePeer}s, each of which has begun.
 */
import { connect, type Socket } from "node:net";
import { type BarePeer, startBarePeer } from "../../../core/p2p/_bare_peer.ts";
import { anyHeader, minedHeader } from "../../../core/p2p/_fixture.ts";
import { stallingProxy } from "../stalling_proxy.ts";

/** One hostile peer: what it does, and to which nodes. */
export interface HostilePlan {
  readonly attack: AttackName;
  readonly targets: readonly string[];
  /** Whom it speaks as, where it speaks as somebody else. */
  readonly victim: string;
}

export interface HostileOptions {
  readonly prefix: string;
  readonly peers: readonly HostilePlan[];
}

export interface HostilePeer extends HostilePlan {
  readonly peerId: string;
}

export type AttackName =
  | "invalid headers"
  | "other authors"
  | "floods"
  | "oversize frames"
  | "slow readers"
  | "unfinished handshakes";

/** Hash that stands in announcements of headers that have another. */
export const FALSE_HASH = "ab".repeat(32);

interface Shot {
  readonly peerId: string;
  readonly victim: string;
  readonly number: number;
}

/** What is published, and on which topic. */
const SHOTS: Readonly<Partial<Record<AttackName, { topic: string; make(shot: Shot): unknown }>>> = {
  "invalid headers": {
    topic: "block",
    make: ({ peerId, number }) => blockOf(peerId, { ...anyHeader(number), hash: FALSE_HASH }),
  },
  "other authors": {
    topic: "block",
    make: ({ victim, number }) => blockOf(victim, minedHeader(500_000 + number)),
  },
  "floods": { // of a kind that costs nothing to make
    topic: "rejected_tx",
    make: ({ peerId, number }) => ({
      PeerID: peerId,
      ClientName: "x",
      TxID: number.toString(16).padStart(64, "0"),
      Reason: "flood",
    }),
  },
  "oversize frames": { topic: "block", make: ({ number }) => new Uint8Array(200_000).fill(number) },
};

function blockOf(peerId: string, { hash, header }: { readonly hash: string; readonly header: string }) {
  return { PeerID: peerId, ClientName: "x", DataHubURL: "", Hash: hash, Height: 1, Header: header };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Publishes for ever, and comes back when it is thrown out. */
async function shoot(peer: BarePeer, { attack, targets, victim }: HostilePlan): Promise<void> {
  const shot = SHOTS[attack];
  for (let number = 0; shot !== undefined; number++) {
    await peer.publish(`${options.prefix}-${shot.topic}`, shot.make({ peerId: peer.peerId, victim, number }))
      .catch(() => {}); // nobody may be connected any more
    if (number % 200 === 199) {
      void peer.dial(targets[number % targets.length] ?? "").catch(() => {}); // refused, as it should be
    }
    await pause(2);
  }
}

function portOf(address: string): number {
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1]);
}

/** Asks for more and more, and reads nothing of it; comes back when it is thrown out. */
async function readNothing(peer: BarePeer, target: string): Promise<void> {
  const bytes = new Uint8Array(60 * 1024);
  for (;;) {
    await using proxy = stallingProxy(portOf(target));
    const address = target.replace(`/tcp/${portOf(target)}/`, `/tcp/${proxy.port}/`);
    try {
      const pour = await peer.pour(address, "/ipfs/ping/1.0.0");
      proxy.stall();
      for (let i = 0; i < 40; i++) {
        pour(bytes);
        await pause(25);
      }
      await peer.hangUp(address);
    } catch {
      // the connection has ended, or nobody lets it in any more, as it should be
    }
    await pause(500);
  }
}

/** Where connections that say nothing come from, so that nobody else has the same address. */
const SILENT_FROM = Deno.build.os === "linux" ? "127.0.0.2" : "127.0.0.1";
const SILENT = 80;

/** Holds connections that say nothing at all, and opens new ones in place of those that are ended. */
async function keepSilent(target: string): Promise<void> {
  const held = new Set<Socket>();
  for (;;) {
    while (held.size < SILENT) {
      const socket = connect({ host: "127.0.0.1", port: portOf(target), localAddress: SILENT_FROM });
      held.add(socket);
      socket.on("error", () => {}); // reset, as it should be
      socket.on("close", () => void held.delete(socket));
    }
    await pause(500);
  }
}

/** Connects, also to a node that is too busy for the first attempts. */
async function comeIn(peer: BarePeer, target: string): Promise<void> {
  for (let left = 10; left > 0; left--) {
    try {
      return await peer.dial(target);
    } catch (error) {
      if (left === 1) throw error;
      await pause(1_000);
    }
  }
}

/** A hostile peer that is connected where it has to be, and does no harm yet. */
async function prepare(plan: HostilePlan): Promise<HostilePeer & { begin(): void }> {
  const peer = await startBarePeer(`${options.prefix}-block`);
  const { attack, targets } = plan;
  const own = { ...plan, peerId: peer.peerId };
  switch (attack) {
    case "slow readers":
      return { ...own, begin: () => targets.forEach((target) => void readNothing(peer, target)) };
    case "unfinished handshakes":
      return { ...own, begin: () => targets.forEach((target) => void keepSilent(target)) };
    default:
      for (const target of targets) await comeIn(peer, target);
      return { ...own, begin: () => void shoot(peer, plan) };
  }
}

let options: HostileOptions = { prefix: "", peers: [] };
if (import.meta.main) {
  options = JSON.parse(Deno.args[0] ?? "{}");
  const peers = [];
  // all are there before the first begins: whoever comes later would only wait for nodes that are busy
  for (const plan of options.peers) peers.push(await prepare(plan));
  for (const peer of peers) peer.begin();
  console.log(JSON.stringify(peers));
}
