import { expect } from "expect";
import { CommonsError, doubleSha256, isCommonsError } from "../../base/mod.ts";
import type { HashHex } from "../../base/mod.ts";
import { encodeFrame, encodeInventory, INVENTORY, SERVICES, wireNetwork } from "../../bitcoin/mod.ts";
import { FakeBitcoinPeer, type FakePeerInit } from "../../../tests/support/bitcoin_peer.ts";
import { mineHeaders, tipOf } from "../../../tests/support/mining.ts";
import { genesisOf } from "../_fixture.ts";
import { type PeersRig, peersRig, settled, until } from "./_fixture.ts";

const MINED = mineHeaders(tipOf(genesisOf("regtest")), 300).headers;

function headerAt(height: number): Uint8Array {
  return MINED.subarray((height - 1) * 80, height * 80);
}

function hashAt(height: number): HashHex {
  return doubleSha256(headerAt(height)).reverse().toHex() as HashHex;
}

/** A block as far as this layer looks: a header, and something. */
function blockAt(height: number): Uint8Array {
  return new Uint8Array([...headerAt(height), 0]);
}

function nodeWith(heights: readonly number[], init: FakePeerInit = {}): FakeBitcoinPeer {
  const blocks = new Map(heights.map((height) => [hashAt(height) as string, blockAt(height)]));
  return new FakeBitcoinPeer({ headers: MINED, blocks, ...init });
}

/** Connected to all nodes. */
async function connected(nodes: Readonly<Record<string, FakeBitcoinPeer>>): Promise<PeersRig> {
  const rig = await peersRig(nodes);
  rig.peers.start();
  await until("ready", () => rig.peers.peers().every(({ state }) => state === "ready"));
  await until("synced", () => rig.height() === 300);
  await settled();
  return rig;
}

function askedOf(node: FakeBitcoinPeer): number {
  return node.session.received.filter(({ command }) => command === "getdata").length;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return isCommonsError(error) ? error.code : String(error);
  }
  return "none";
}

Deno.test("block() answers the raw block, with its witnesses asked for", async () => {
  const node = nodeWith([7]);
  await using rig = await connected({ "a:1": node });
  expect([rig.peers.name, rig.peers.available()]).toEqual(["bitcoin-p2p", true]);
  expect(await rig.peers.block(hashAt(7))).toEqual(blockAt(7));
  expect(node.session.received.at(-1)).toEqual({
    command: "getdata",
    items: [{ kind: INVENTORY.witnessBlock, hash: hashAt(7) }],
  });
});

Deno.test("block() asks the next peer when one has it not, and tells when nobody has", async () => {
  const [without, having] = [nodeWith([]), nodeWith([7])];
  await using rig = await connected({ "a:1": without, "b:1": having });
  expect(await rig.peers.block(hashAt(7))).toEqual(blockAt(7));
  expect([askedOf(without), askedOf(having)]).toEqual([1, 1]);
  expect(await rig.peers.block(hashAt(8))).toBe(undefined);
  expect(rig.peers.peers().map(({ state }) => state)).toEqual(["ready", "ready"]);
});

Deno.test("block() asks one peer after the other, so that a bad block is not asked of the same one again", async () => {
  const nodes = [nodeWith([7]), nodeWith([7])] as const;
  await using rig = await connected({ "a:1": nodes[0], "b:1": nodes[1] });
  for (let i = 0; i < 4; i++) expect(await rig.peers.block(hashAt(7))).toEqual(blockAt(7));
  expect(nodes.map(askedOf)).toEqual([2, 2]);
});

Deno.test("block() leaves a peer that sends nothing, or dies, and asks the next one", async (t) => {
  for (const dies of [false, true]) {
    await t.step(dies ? "dies" : "sends nothing", async () => {
      const bad = nodeWith([], {
        on({ command }, session) {
          if (command !== "getdata") return false;
          if (dies) session.close();
          return true;
        },
      });
      const having = nodeWith([7]);
      await using rig = await connected({ "a:1": bad, "b:1": having });
      const block = rig.peers.block(hashAt(7));
      if (!dies) await rig.clock.advance(20_000);
      expect(await block).toEqual(blockAt(7));
      expect(rig.reason("a:1")).toBe(dies ? "closed" : "stalled_block");
    });
  }
});

Deno.test("block() waits for a block that comes slowly, for a minute", async (t) => {
  const block = new Uint8Array(3_000_000);
  block.set(headerAt(7));
  const frame = encodeFrame(wireNetwork("regtest").magic, { command: "block", payload: block });
  for (const rounds of [3, 5]) {
    await t.step(`${rounds} rounds`, async () => {
      const node = nodeWith([], { on: ({ command }) => command === "getdata" });
      await using rig = await connected({ "a:1": node });
      const found = rig.peers.block(hashAt(7)).catch(() => undefined);
      await settled();
      const part = Math.ceil(frame.length / rounds);
      for (let sent = 0; sent < frame.length && rig.reason() === undefined; sent += part) {
        node.session.raw(frame.subarray(sent, sent + part));
        await settled();
        await rig.clock.advance(19_999);
      }
      expect((await found)?.length).toBe(rounds === 3 ? block.length : undefined);
      expect(rig.reason()).toBe(rounds === 3 ? undefined : "stalled_block");
    });
  }
});

Deno.test("block() takes no other block for the one it asked for", async () => {
  const liar = nodeWith([], {
    on(message, session) {
      if (message.command !== "getdata") return false;
      session.send("block", blockAt(9));
      return true;
    },
  });
  await using rig = await connected({ "a:1": liar });
  expect(await codeOf(rig.peers.block(hashAt(7)))).toBe("SOURCE_FAULT");
  expect(rig.reason()).toBe("unrequested_block");
});

Deno.test("block() asks only who serves it", async () => {
  const pruned = nodeWith([5, 290], {
    version: { services: SERVICES.networkLimited | SERVICES.witness },
  });
  const bare = nodeWith([5], { version: { services: SERVICES.network } });
  await using rig = await connected({ "a:1": pruned, "b:1": bare });
  expect(await rig.peers.block(hashAt(290))).toEqual(blockAt(290));
  expect(await codeOf(rig.peers.block(hashAt(5)))).toBe("UNAVAILABLE");
  expect(await codeOf(rig.peers.block("22".repeat(32) as HashHex))).toBe("UNAVAILABLE");
  expect([askedOf(pruned), askedOf(bare)]).toEqual([1, 0]);
});

Deno.test("block() is unavailable without peers, and when the service stops", async () => {
  const silent = nodeWith([], { on: ({ command }) => command === "getdata" });
  const rig = await connected({ "a:1": silent });
  const waiting = codeOf(rig.peers.block(hashAt(7)));
  await settled();
  await rig[Symbol.asyncDispose]();
  expect(await waiting).toBe("UNAVAILABLE");
  await using none = await peersRig({});
  expect(none.peers.available()).toBe(false);
  expect(await codeOf(none.peers.block(hashAt(7)))).toBe("UNAVAILABLE");
});

Deno.test("block() asks once for callers that want the same, and lets each of them go", async () => {
  let release = () => {};
  const node = nodeWith([7], {
    on(message, session) {
      if (message.command !== "getdata") return false;
      release = () => session.send("block", blockAt(7));
      return true;
    },
  });
  await using rig = await connected({ "a:1": node });
  const abort = new AbortController();
  const [left, stayed] = [
    codeOf(rig.peers.block(hashAt(7), { signal: abort.signal })),
    rig.peers.block(hashAt(7)),
  ];
  await settled();
  abort.abort(new CommonsError("ABORTED", "Cannot wait: enough"));
  expect(await left).toBe("ABORTED");
  release();
  expect(await stayed).toEqual(blockAt(7));
  expect(askedOf(node)).toBe(1);
  const gone = codeOf(rig.peers.block(hashAt(7), { signal: AbortSignal.abort(new Error("no")) }));
  expect(await gone).toBe("Error: no");
});

Deno.test("block() keeps what a caller gave up on when it was asked for already", async () => {
  let release = () => {};
  const node = nodeWith([], {
    on(message, session) {
      if (message.command !== "getdata") return false;
      release = () => session.send("block", blockAt(7));
      return true;
    },
  });
  await using rig = await connected({ "a:1": node });
  const abort = new AbortController();
  const left = codeOf(rig.peers.block(hashAt(7), { signal: abort.signal }));
  await settled();
  abort.abort(new CommonsError("ABORTED", "Cannot wait: enough"));
  expect(await left).toBe("ABORTED");
  release(); // late, and still no crime
  await settled();
  expect(node.open).toBe(1);
});

Deno.test("block() asks for few at a time and lets few wait", async () => {
  const asked: HashHex[] = [];
  const node = nodeWith([], {
    on(message) {
      if (message.command === "getdata") asked.push(...message.items.map(({ hash }) => hash));
      return message.command === "getdata";
    },
  });
  await using rig = await connected({ "a:1": node });
  const results = Array.from({ length: 80 }, (_, i) => codeOf(rig.peers.block(hashAt(i + 1))));
  await settled();
  expect(asked.length).toBe(4);
  expect(await Promise.all(results.slice(68))).toEqual(Array(12).fill("UNAVAILABLE")); // 4 and 64
  for (let done = 0; done < 68; done++) {
    const hash = asked[done] ?? hashAt(1);
    node.session.send("notfound", encodeInventory([{ kind: INVENTORY.witnessBlock, hash }]));
    await settled(4);
  }
  expect(new Set(await Promise.all(results.slice(0, 68)))).toEqual(new Set(["none"]));
  expect(asked.length).toBe(68);
});

Deno.test("disown() drops who sent something else than the block, and nobody twice", async () => {
  const [liar, honest] = [nodeWith([7]), nodeWith([7])];
  await using rig = await connected({ "a:1": liar, "b:1": honest });
  expect(rig.peers.disown?.(hashAt(7), "BAD_MERKLE_ROOT")).toBe(false); // nobody sent one
  expect(await rig.peers.block(hashAt(7))).toEqual(blockAt(7));
  expect(rig.peers.disown?.(hashAt(7), "BAD_MERKLE_ROOT")).toBe(true);
  expect(rig.reason("a:1")).toBe("bad_block");
  expect(rig.peers.disown?.(hashAt(7), "BAD_MERKLE_ROOT")).toBe(false);
  expect(await rig.peers.block(hashAt(7))).toEqual(blockAt(7));
  expect([askedOf(liar), askedOf(honest)]).toEqual([1, 1]);
});
