/** The same blocks for someone else's full node and for this chain: they must come to the same verdicts and tips. */
import { expect } from "expect";
import {
  POW_LIMIT_BITS,
  type Random,
  seededRandom,
  serializeHeader,
  systemClock,
} from "../../core/base/mod.ts";
import { testChain } from "../../core/chain/_fixture.ts";
import { chainParams } from "../../core/chain/mod.ts";
import { blockBytes, madeCoinbase } from "../support/blocks.ts";
import { type ModelBlock, modelMedian } from "../support/difficulty_model.ts";
import { type MinedTip, mineHeader, tipOf } from "../support/mining.ts";
import type { BitcoinProgram } from "./bitcoin_node.ts";

const BLOCKS = 400;
/** Blocks that are looked at as parents, the last ones: branches leave the best chain near its tip. */
const NEAR = 12;

interface Placed extends MinedTip, ModelBlock {
  readonly parent: Placed | undefined;
}

interface Fields {
  readonly version: number;
  readonly time: number;
  readonly bits: number;
  /** Whether its hash is above its target. */
  readonly lazy: boolean;
}

/** Fields that are right, but every third time one of them is at an edge or behind it. */
function fieldsOn(parent: Placed, random: Random): Fields {
  const pick = <T>(values: readonly T[]): T | undefined =>
    values[Math.floor(random.number() * values.length)];
  const median = modelMedian(parent);
  const now = Math.floor(Date.now() / 1000);
  const right = {
    version: 0x20000000,
    time: Math.max(median + 1, parent.time + Math.floor(random.number() * 600) - 200),
    bits: POW_LIMIT_BITS.regtest,
    lazy: false,
  };
  if (random.number() < 0.65) return right;
  // a minute away from the two hours: both look at their own clocks
  const times = [median - 1, median, median + 1, now + 7_200 - 60, now + 7_200 + 60];
  return pick([
    { ...right, time: pick(times) ?? median },
    { ...right, time: pick(times) ?? median },
    { ...right, version: pick([-1, 0, 1, 2, 3, 4, 0x7fff_ffff]) ?? 1 },
    { ...right, bits: pick([0x207ffffe, 0x2100ffff, 0x1f7fffff, 0x20ffffff, 0]) ?? 0 },
    { ...right, lazy: true },
  ]) ?? right;
}

/** A block with nothing but its coinbase. */
function blockOn(parent: Placed, tag: number, fields: Fields): Uint8Array<ArrayBuffer> {
  const coinbase = madeCoinbase({ height: parent.height + 1, tag });
  const { version, time, bits } = fields;
  const parts = { version, previous: parent.hash, merkleRoot: coinbase.hash, time, bits, nonce: 0 };
  const header = serializeHeader(parts);
  if (bits === POW_LIMIT_BITS.regtest && !fields.lazy) mineHeader(header);
  for (let nonce = 1; fields.lazy && (tipOf(header).hash[31] ?? 0) < 0x80; nonce++) {
    header.set(serializeHeader({ ...parts, nonce }));
  }
  return blockBytes(header, [coinbase]);
}

export async function judgesAlike(program: BitcoinProgram): Promise<void> {
  const random = seededRandom(20_261_121);
  await using node = await program.start();
  await using t = await testChain({ clock: systemClock });
  const root: Placed = {
    ...tipOf(Uint8Array.fromHex(chainParams("regtest").genesis)),
    height: 0,
    bits: POW_LIMIT_BITS.regtest,
    parent: undefined,
  };
  const placed = [root];
  const verdicts = new Map<string, number>();
  for (let tag = 1; tag <= BLOCKS; tag++) {
    const parent = placed[Math.max(0, placed.length - 1 - Math.floor(random.number() ** 3 * NEAR))] ?? root;
    const fields = fieldsOn(parent, random);
    const raw = blockOn(parent, tag, fields);
    const reason = await node.rpc("submitblock", raw.toHex());
    const { rejected } = await t.chain.accept(raw.subarray(0, 80), { lowWork: "store" });
    const code = rejected[0]?.code;
    const taken = reason === null || reason === "inconclusive"; // Core's word for a side branch
    expect([tag, fields, reason, code === undefined]).toEqual([tag, fields, reason, taken]);
    expect([tag, (await node.tip()).hash]).toEqual([tag, t.chain.tip().hash]);
    verdicts.set(code ?? "taken", (verdicts.get(code ?? "taken") ?? 0) + 1);
    if (!taken) continue;
    placed.push({ ...tipOf(raw.subarray(0, 80)), height: parent.height + 1, bits: fields.bits, parent });
  }
  const codes = ["BAD_DIFFBITS", "BAD_VERSION", "HIGH_HASH", "TIME_TOO_NEW", "TIME_TOO_OLD", "taken"];
  expect([...verdicts.keys()].toSorted()).toEqual(codes.toSorted());
  expect(t.chain.stats().reorgs).toBeGreaterThan(10);
}
