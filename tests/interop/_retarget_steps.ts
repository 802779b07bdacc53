/**
 * btcd's simulation network has the difficulty rules of testnet (retargets, twenty minutes, the way back from them) at a
 * difficulty that a test can mine: what this chain asks for under those rules, btcd must ask for, and nothing else.
 */
import { expect } from "expect";
import {
  displayHash,
  type Random,
  seededRandom,
  serializeHeader,
  targetFromBits,
} from "../../core/base/mod.ts";
import { ChainState } from "../../core/chain/chain_state.ts";
import { genesisBase, recordOf } from "../../core/chain/anchor.ts";
import { judgeHeaders } from "../../core/chain/judge.ts";
import { type ChainParams, chainParams } from "../../core/chain/mod.ts";
import { wordsOf } from "../../core/chain/record.ts";
import { blockBytes, madeCoinbase } from "../support/blocks.ts";
import { modelBits, type ModelBlock, modelMedian, walkBack } from "../support/difficulty_model.ts";
import { type MinedTip, tipOf } from "../support/mining.ts";
import type { BitcoinNode } from "./bitcoin_node.ts";

const PERIOD = 2_016;
/** Behind the second retarget: the first one begins at the first block, which no other does. */
const HEIGHT = 2 * PERIOD + 40;
const LIMIT = 0x207fffff;

interface Placed extends MinedTip, ModelBlock {
  readonly parent: Placed | undefined;
}

interface Rig {
  readonly node: BitcoinNode;
  readonly state: ChainState;
  readonly random: Random;
  readonly seen: Set<string>;
  tag: number;
}

/** Tries nonces until the hash is below the target of its bits. */
function mine(header: Uint8Array, bits: number): Uint8Array {
  const target = targetFromBits(bits) ?? 0n;
  const view = new DataView(header.buffer, header.byteOffset, 80);
  for (let nonce = 0;; nonce++) {
    view.setUint32(76, nonce, true);
    const { hash } = tipOf(header);
    if (BigInt("0x" + hash.toReversed().toHex()) <= target) return header;
  }
}

function blockOn(parent: Placed, tag: number, { time, bits }: { time: number; bits: number }): Uint8Array {
  const coinbase = madeCoinbase({ height: parent.height + 1, tag, commitment: false });
  const parts = { version: 4, previous: parent.hash, merkleRoot: coinbase.hash, time, bits, nonce: 0 };
  return blockBytes(mine(serializeHeader(parts), bits), [coinbase]);
}

/** Faster than planned, with gaps of about twenty minutes, and backwards as far as the median lets it. */
function nextTime(parent: Placed, random: Random): number {
  const dice = random.number();
  const median = modelMedian(parent);
  if (dice < 0.05) return median + 1;
  const step = dice < 0.1 ? 1_195 + Math.floor(random.number() * 12) : Math.floor(random.number() * 900);
  return Math.max(median + 1, parent.time + step);
}

/** Offers a block to both; the one with the bits of the plain rules is taken, any other refused. */
async function offer(
  rig: Rig,
  parent: Placed,
  { time, bits }: { time: number; bits: number },
): Promise<Placed> {
  const { node, state, seen } = rig;
  const wanted = modelBits(state.params, parent, time);
  const raw = blockOn(parent, ++rig.tag, { time, bits });
  const header = raw.subarray(0, 80);
  const { rejected } = judgeHeaders(state, wordsOf(header), {
    from: 0,
    to: 1,
    latestTime: Math.floor(Date.now() / 1000) + 7_200,
    lowWork: "store",
    maxStale: 100_000,
  });
  const reason = await node.rpc("submitblock", raw.toHex());
  const place = { height: parent.height + 1, time, bits: bits.toString(16), wanted: wanted.toString(16) };
  const code = bits === wanted ? undefined : "BAD_DIFFBITS";
  expect({ ...place, code: rejected[0]?.code, reason }).toEqual({
    ...place,
    code,
    reason: code === undefined ? null : expect.stringContaining("difficulty"),
  });
  if (code === undefined) seen.add(place.bits);
  return { ...tipOf(header), height: parent.height + 1, bits, parent };
}

async function extend(rig: Rig, parent: Placed): Promise<Placed> {
  const time = nextTime(parent, rig.random);
  const bits = modelBits(rig.state.params, parent, time);
  const atRetarget = (parent.height + 1) % PERIOD === 0;
  if (atRetarget || rig.random.number() < 0.02) {
    for (const wrong of new Set([LIMIT, parent.bits, bits + 1])) {
      if (wrong !== bits && wrong <= LIMIT) await offer(rig, parent, { time, bits: wrong });
    }
  }
  return await offer(rig, parent, { time, bits });
}

export async function retargetsAlike(start: () => Promise<BitcoinNode>): Promise<void> {
  await using node = await start();
  const genesis = String(await node.rpc("getblockheader", await node.rpc("getblockhash", 0), false));
  const params: ChainParams = {
    ...chainParams("testnet"),
    genesis,
    powLimitBits: LIMIT,
    minimumChainWork: 0n,
    bip34Height: 0,
    bip65Height: 0,
    bip66Height: 0,
  };
  const state = new ChainState(params, { base: genesisBase(params), salt: 1 });
  const first = Uint8Array.fromHex(genesis);
  state.begin(recordOf(first));
  const rig: Rig = { node, state, random: seededRandom(2_016), seen: new Set(), tag: 0 };
  let tip: Placed = { ...tipOf(first), height: 0, bits: LIMIT, parent: undefined };
  while (tip.height < HEIGHT) {
    tip = await extend(rig, tip);
    const nearEdge = tip.height % PERIOD > PERIOD - 4;
    if (rig.random.number() > (nearEdge ? 0.5 : 0.005)) continue;
    let side = walkBack(tip, Math.floor(rig.random.number() * 6));
    for (let i = 0; i < 8; i++) side = await extend(rig, side);
    expect((await node.tip()).hash).toBe(displayHash(state.table.hash(state.tip)));
  }
  expect((await node.tip()).hash).toBe(displayHash(state.table.hash(state.tip)));
  expect(rig.seen.size).toBeGreaterThan(2); // the difficulty changed, and twenty minutes passed
}
