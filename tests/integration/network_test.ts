import { expect } from "expect";
import { type BarePeer, startBarePeer } from "../../core/p2p/_bare_peer.ts";
import { anyHeader, minedHeader } from "../../core/p2p/_fixture.ts";
import { eventually } from "../support/eventually.ts";
import {
  heal,
  knows,
  neighbours,
  type Network,
  type NetworkNode,
  part,
  reaches,
  startNetwork,
} from "../support/p2p_network.ts";
import { stallingProxy } from "../support/stalling_proxy.ts";

/** `COMMONS_SOAK=1` runs the network at its full size. */
const SOAK = Deno.env.get("COMMONS_SOAK") === "1";
const SIZE = SOAK ? 30 : 12;
const ROUNDS = SOAK ? 10 : 3;
const PREFIX = "commons/bitcoin/1.0.0/regtest";
const TOPIC = `${PREFIX}-block`;
/** Gossip's own limit below which a peer is not heard. */
const GRAYLIST = -80;

Deno.test(`a network of ${SIZE} nodes`, async (t) => {
  await using stack = new AsyncDisposableStack();
  const network = await startNetwork(stack, { size: SIZE, maxConnections: SOAK ? 14 : 10 });
  const { nodes } = network;

  await t.step("every block reaches everyone, over few connections", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const node of nodes.slice(0, 4)) {
        const hash = await network.publish(node);
        await reaches(nodes.filter((other) => other !== node), hash);
      }
    }
    for (const { service } of nodes) expect(service.peers().length).toBeLessThanOrEqual(SOAK ? 20 : 14);
  });

  await t.step("cut in two, each half goes on; healed, blocks reach everyone again", async () => {
    const [left, right] = [nodes.slice(0, SIZE / 2), nodes.slice(SIZE / 2)];
    await part(left, right);
    for (const [half, others] of [[left, right], [right, left]] as const) {
      const strangers = new Set(others.map(({ identity }) => identity.peerId as string));
      for (const node of half) {
        await eventually(
          "a node without the other half",
          () => neighbours(node).every((id) => !strangers.has(id)),
        );
        await eventually("a node with its own half", () => neighbours(node).length > 0);
      }
    }
    const [first, second] = [
      await network.publish(nodes[0] as NetworkNode),
      await network.publish(right[0] as NetworkNode),
    ];
    await reaches(left.slice(1), first);
    await reaches(right.slice(1), second);
    expect(right.some((node) => knows(node, first)) || left.some((node) => knows(node, second))).toBe(false);

    await heal(nodes);
    const rights = new Set(right.map(({ identity }) => identity.peerId as string));
    await eventually(
      "a connection between the halves",
      () => left.some((node) => neighbours(node).some((id) => rights.has(id))),
    );
    for (const node of [left[1], right[1]] as NetworkNode[]) {
      await reachesInTime(network, node);
    }
  });

  await t.step("nodes that come and go do not stop it", async () => {
    const leaving = nodes.slice(-2);
    await Promise.all(leaving.map(({ service }) => service.stop()));
    const staying = nodes.slice(0, -2);
    for (const node of staying.slice(0, 3)) {
      const hash = await network.publish(node);
      await reaches(staying.filter((other) => other !== node), hash);
    }
  });
});

/** Right after a cut two halves may hang on one connection that gossip has not chosen yet: the next block will pass. */
async function reachesInTime({ nodes, publish }: Network, node: NetworkNode): Promise<void> {
  await eventually("a block that passes between the halves", async () => {
    const hash = await publish(node);
    const others = nodes.filter((other) => other !== node);
    const deadline = performance.now() + 2_000;
    while (performance.now() < deadline) {
      if (others.every((other) => knows(other, hash))) return true;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return false;
  });
}

/** What hostile nodes publish, and where; each keeps to one of these. */
interface Attack {
  readonly topic: string;
  make(from: { readonly peerId: string; readonly victim: string; readonly number: number }): unknown;
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  "invalid headers": {
    topic: "block",
    make: ({ peerId, number }) => blockOf(peerId, { ...anyHeader(number), hash: "ab".repeat(32) }),
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

/** A hostile node: publishes one kind of attack until it is stopped, and comes back when it is thrown out. */
async function attack(
  peer: BarePeer,
  { name, victim, targets, signal }: {
    readonly name: string;
    readonly victim: string;
    readonly targets: readonly NetworkNode[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { topic, make } = ATTACKS[name] as Attack;
  for (let number = 0; !signal.aborted; number++) {
    await peer.publish(`${PREFIX}-${topic}`, make({ peerId: peer.peerId, victim, number }))
      .catch(() => {}); // nobody may be connected any more
    if (number % 200 === 199) {
      const target = targets[number % targets.length];
      if (target !== undefined) void peer.dial(target.address).catch(() => {}); // refused, as it should be
    }
    await new Promise((resolve) => setTimeout(resolve, number % 10 === 9 ? 5 : 0));
  }
}

const hostileNames = Object.keys(ATTACKS);

Deno.test(`30 % hostile nodes in a network of ${SIZE} do not stop it and are not heard any more`, async (t) => {
  await using stack = new AsyncDisposableStack();
  const honestSize = Math.round(SIZE * 0.7);
  const hostileSize = SIZE - honestSize;
  const network = await startNetwork(stack, { size: honestSize, maxConnections: SIZE + 6 });
  const { nodes } = network;
  const before = Deno.memoryUsage().rss;

  const abort = new AbortController();
  const hostile: {
    readonly peer: BarePeer;
    readonly name: string;
    readonly targets: readonly NetworkNode[];
  }[] = [];
  const attacks: Promise<void>[] = [];
  for (let i = 0; i < hostileSize; i++) {
    const name = hostileNames[i % hostileNames.length] ?? "";
    const peer = stack.use(await startBarePeer(TOPIC));
    const targets = [0, 2, 5].map((step) => nodes[(i + step) % nodes.length] as NetworkNode);
    for (const { address } of targets) await peer.dial(address);
    hostile.push({ peer, name, targets });
    const victim = nodes[(i + 1) % nodes.length]?.identity.peerId ?? "";
    attacks.push(attack(peer, { name, victim, targets, signal: abort.signal }));
  }
  stack.defer(async () => {
    abort.abort();
    await Promise.all(attacks);
  });

  // one that reads nothing, and some that never begin a handshake
  const reader = nodes[0] as NetworkNode;
  const port = Number(/\/tcp\/(\d+)/.exec(reader.address)?.[1]);
  const proxy = stack.use(stallingProxy(port));
  const slow = stack.use(await startBarePeer(TOPIC));
  await slow.dial(reader.address.replace(`/tcp/${port}/`, `/tcp/${proxy.port}/`));
  proxy.stall();
  const idle = await Promise.all(
    Array.from({ length: 8 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
  );
  stack.defer(() => idle.forEach((connection) => connection.close()));

  await t.step("honest blocks reach every honest node meanwhile", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const node of nodes.slice(0, 3)) {
        const hash = await network.publish(node);
        await reaches(nodes.filter((other) => other !== node), hash);
      }
    }
  });

  for (const { peer, name, targets } of hostile) {
    await t.step(`${name}: graylisted or banned by whoever it talked to`, async () => {
      for (const { bans, service } of targets) {
        await eventually(`an end of ${name}`, () => {
          if (bans.isBannedPeer(peer.peerId)) return true;
          const view = service.peers().find(({ peerId }) => peerId === peer.peerId);
          return view !== undefined && view.score <= GRAYLIST;
        });
      }
    });
  }

  await t.step("no honest node is blamed for them", () => {
    const honest = new Set(nodes.map(({ identity }) => identity.peerId as string));
    for (const { bans, service } of nodes) {
      expect(bans.list().filter(({ target }) => honest.has(target))).toEqual([]);
      for (const view of service.peers()) {
        if (honest.has(view.peerId)) expect(view.score).toBeGreaterThan(GRAYLIST);
      }
    }
  });

  await t.step("nothing bad was delivered, memory is bounded", () => {
    for (const { events } of nodes) {
      for (const payload of events.of("BlockAnnounced")) {
        expect(payload).not.toMatchObject({ block_hash: "ab".repeat(32) });
      }
    }
    expect(Deno.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });
});
