import { expect } from "expect";
import { startBarePeer } from "../../core/p2p/_bare_peer.ts";
import { eventually } from "../support/eventually.ts";
import { type GroupedNetwork, isWhole, type RemoteNode, startGroups } from "../support/network_groups.ts";
import { spawnDeno } from "../support/process.ts";
import {
  type AttackName,
  FALSE_HASH,
  type HostileOptions,
  type HostilePeer,
  type HostilePlan,
} from "../support/programs/hostile_group.ts";

/** `COMMONS_SOAK=1` runs the networks at their full size: 30 nodes, of which 9 are hostile in the second. */
const SOAK = Deno.env.get("COMMONS_SOAK") === "1";
const ROUNDS = SOAK ? 10 : 2;
/** How long honest nodes go on under attack. */
const ATTACK_MS = SOAK ? 30_000 : 3_000;
const PREFIX = "commons/bitcoin/1.0.0/regtest";
const HOSTILE = new URL("../support/programs/hostile_group.ts", import.meta.url);
/** Gossip's own limit below which a peer is not heard. */
const GRAYLIST = -80;
/** What an attack may add to the memory of a process of nodes. */
const MAX_GROWTH_MIB = 300;

function ids(nodes: readonly { readonly peerId: string }[]): string[] {
  return nodes.map(({ peerId }) => peerId);
}

function others(nodes: readonly RemoteNode[], node: RemoteNode | undefined): RemoteNode[] {
  return nodes.filter((other) => other !== node);
}

Deno.test(`a network of ${SOAK ? 30 : 10} nodes in ${SOAK ? 3 : 2} processes`, async (t) => {
  await using stack = new AsyncDisposableStack();
  const options = SOAK
    ? { groups: 3, size: 10, maxConnections: 14 }
    : { groups: 2, size: 5, maxConnections: 8 };
  const network = await startGroups(stack, options);
  const { nodes } = network;

  await t.step("every block reaches everyone, over few connections", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const node of nodes.filter((_, i) => i % 3 === round % 3)) {
        await network.reaches(nodes, await node.publish());
      }
    }
    // the library closes what is unused over the limit; at a quarter more nobody is let in
    const most = Math.ceil(1.25 * options.maxConnections) + 1; // the entry point, as the operator chose it, is besides
    for (const { peers } of await network.views()) expect(peers.length).toBeLessThanOrEqual(most);
  });

  await t.step("cut in two, each half goes on; healed, blocks reach everyone again", async () => {
    const [left, right] = [nodes.filter((_, i) => i % 2 === 0), nodes.filter((_, i) => i % 2 === 1)];
    await Promise.all([
      ...left.map((node) => node.ban(ids(right))),
      ...right.map((node) => node.ban(ids(left))),
    ]);
    for (const half of [left, right]) {
      const own = new Set(ids(half));
      await eventually("a half that is whole and alone", async () => {
        const views = (await network.views()).filter(({ peerId }) => own.has(peerId));
        return isWhole(views) && views.every((view) => view.neighbours.every((id) => own.has(id)));
      }, { ms: 60_000 });
    }
    const [first, second] = [await left[0]?.publish() ?? "", await right[0]?.publish() ?? ""];
    await network.reaches(left, first);
    await network.reaches(right, second);
    expect((await network.lacking(first)).toSorted()).toEqual(ids(right).toSorted());
    expect((await network.lacking(second)).toSorted()).toEqual(ids(left).toSorted());

    await network.heal();
    await eventually("a network of one piece", async () => isWhole(await network.views()), { ms: 60_000 });
    for (const node of [left[1], right[1]]) await passesAgain(network, { node, to: nodes });
  });

  await t.step("nodes that come and go do not stop it", async () => {
    const leaving = nodes.slice(-2);
    await Promise.all(leaving.map((node) => node.stop()));
    const staying = nodes.slice(0, -2);
    const stays = new Set(ids(staying));
    // the halves of before may have hung together by those who left
    await eventually(
      "what is left in one piece",
      async () => isWhole((await network.views()).filter(({ peerId }) => stays.has(peerId))),
      { ms: 60_000 },
    );
    for (const node of staying.slice(0, 3)) await passesAgain(network, { node, to: staying });
  });
});

/** Right after a cut two parts may hang on one connection that gossip has not chosen yet: a later block will pass. */
async function passesAgain(
  network: GroupedNetwork,
  { node, to }: { readonly node: RemoteNode | undefined; readonly to: readonly RemoteNode[] },
): Promise<void> {
  await eventually("a block that passes everywhere", async () => {
    const hash = await node?.publish() ?? "";
    return await network.reaches(to, hash, { ms: 2_000 }).then(() => true, () => false);
  }, { ms: 60_000 });
}

/** Blamed for what they send, and for what they do not read. */
const BLAMED: readonly AttackName[] = [
  "invalid headers",
  "other authors",
  "floods",
  "oversize frames",
  "slow readers",
];
/** Nobody knows who these are, as they never say it: they are kept few. */
const NAMELESS: readonly AttackName[] = ["unfinished handshakes"];
/** Handshakes that one loopback address may have under way. */
const MAX_HANDSHAKES = 64;

async function startHostile(
  stack: AsyncDisposableStack,
  { nodes, count }: { readonly nodes: readonly RemoteNode[]; readonly count: number },
): Promise<readonly HostilePeer[]> {
  const attacks = [...BLAMED, ...NAMELESS];
  const peers = Array.from({ length: count }, (_, i): HostilePlan => ({
    attack: attacks[i % attacks.length] ?? "floods",
    targets: [0, 2, 5].map((step) => nodes[(i + step) % nodes.length]?.address ?? ""),
    victim: nodes[(i + 1) % nodes.length]?.peerId ?? "",
  }));
  const options: HostileOptions = { prefix: PREFIX, peers };
  const process = stack.use(spawnDeno(HOSTILE, { args: [JSON.stringify(options)] }));
  const told = process.stdout.waitFor(/^\[/, { ms: 60_000 }).catch((error) => {
    throw new Error(`The hostile peers do not start:\n${process.output()}`, { cause: error });
  });
  return JSON.parse(await told);
}

const honestSize = SOAK ? 21 : 6;
const hostileSize = SOAK ? 9 : 6;

Deno.test(`${hostileSize} hostile peers do not stop ${honestSize} nodes and are not heard any more`, async (t) => {
  await using stack = new AsyncDisposableStack();
  const groups = SOAK ? 3 : 2;
  const network = await startGroups(stack, { groups, size: honestSize / groups, maxConnections: 36 });
  const { nodes } = network;
  const sent = new Set<string>();
  const publishOf = async (node: RemoteNode | undefined) => {
    const hash = await node?.publish() ?? "";
    sent.add(hash);
    return hash;
  };
  // as much work as under attack, so that what is measured then is the attack's
  for (let round = 0; round < ROUNDS; round++) {
    for (const node of nodes.slice(0, 4)) await network.reaches(others(nodes, node), await publishOf(node));
  }
  const before = await network.memoryMiB();
  const hostile = await startHostile(stack, { nodes, count: hostileSize });
  let most = before;

  await t.step("honest blocks reach every honest node meanwhile", async () => {
    for (const start = performance.now(); performance.now() - start < ATTACK_MS;) {
      for (const node of nodes.slice(0, 4)) {
        await network.reaches(others(nodes, node), await publishOf(node));
      }
      most = (await network.memoryMiB()).map((now, i) => Math.max(now, most[i] ?? 0));
    }
  });

  for (const { peerId, attack, targets } of hostile.filter(({ attack }) => BLAMED.includes(attack))) {
    await t.step(`${attack}: graylisted or banned by whoever it talked to`, async () => {
      const talkedTo = new Set(ids(nodes.filter(({ address }) => targets.includes(address))));
      await eventually(`an end of ${attack}`, async () => {
        const views = (await network.views()).filter((view) => talkedTo.has(view.peerId));
        return views.every(({ bans, peers }) =>
          bans.includes(peerId) || peers.some((peer) => peer.peerId === peerId && peer.score <= GRAYLIST)
        );
      });
    });
  }

  for (const { attack, targets } of hostile.filter(({ attack }) => NAMELESS.includes(attack))) {
    await t.step(`${attack}: few, counted, ended, and no hindrance for a newcomer`, async () => {
      const talkedTo = new Set(ids(nodes.filter(({ address }) => targets.includes(address))));
      const seen = async () => (await network.views()).filter(({ peerId }) => talkedTo.has(peerId));
      await eventually(
        "handshakes that were refused, and others that ended",
        async () => (await seen()).every(({ handshakes: { failed, refused } }) => failed > 0 && refused > 0),
      );
      for (const { handshakes: { pending } } of await seen()) {
        // those of the silent address, and what others may have under way at this moment
        expect(pending).toBeLessThanOrEqual(MAX_HANDSHAKES + honestSize + hostileSize);
      }
      await using newcomer = await startBarePeer(`${PREFIX}-block`);
      for (const target of targets) await newcomer.dial(target);
    });
  }

  await t.step("no honest node is blamed for them, and all hold together", async () => {
    const honest = new Set(ids(nodes));
    const views = await network.views();
    for (const { bans, peers } of views) {
      expect(bans.filter((target) => honest.has(target))).toEqual([]);
      for (const { peerId, score } of peers) if (honest.has(peerId)) expect(score).toBeGreaterThan(GRAYLIST);
    }
    await network.reaches(nodes, await publishOf(nodes[0]));
  });

  await t.step("nothing bad was delivered, memory is bounded", async () => {
    const announced = await network.announced();
    expect(announced).not.toContain(FALSE_HASH);
    expect(announced.filter((hash) => !sent.has(hash))).toEqual([]);
    const after = await network.memoryMiB();
    console.log(
      `MiB of each process: before ${shown(before)}, at most ${shown(most)}, after ${shown(after)}`,
    );
    after.forEach((now, i) => {
      expect(Math.max(now, most[i] ?? 0) - (before[i] ?? 0)).toBeLessThan(MAX_GROWTH_MIB);
    });
  });
});

function shown(numbers: readonly number[]): string {
  return numbers.map((number) => Math.round(number)).join(", ");
}
