import { expect } from "expect";
import { doubleSha256, type HashHex, reversed } from "../base/mod.ts";
import {
  bitcoinJson,
  bitcoinVector,
  type Boundary,
  VECTOR_FILE,
  VECTOR_HEIGHT,
} from "../../tests/support/bitcoin_vectors.ts";
import { codesOf, testChain } from "./_fixture.ts";
import { chainParams } from "./params.ts";
import { workHex, workOfBits } from "./compact.ts";
import { recordOf } from "./anchor.ts";
import { WORD } from "./record.ts";
import { retargetBits } from "./retarget.ts";

const vector = await bitcoinVector(VECTOR_FILE);
const boundaries = await bitcoinJson<readonly Boundary[]>("retarget-boundaries-mainnet.json");
const stale = await bitcoinJson<readonly { height: number; header: string }[]>("stale-headers-mainnet.json");
const skipped = vector && boundaries && stale ? "" : " (skipped: no test vectors)";
const headers = vector ?? new Uint8Array(0);
const COUNT = headers.length / 80;
/** Made up: the vectors do not say it. */
const ANCHOR_WORK = 0x60000000000000000000000000n;

function headerOf(height: number): Uint8Array<ArrayBuffer> {
  const start = (height - VECTOR_HEIGHT) * 80;
  return headers.slice(start, start + 80);
}

function hashOf(height: number): string {
  return doubleSha256(headerOf(height)).toReversed().toHex();
}

function bitsOf(header: Uint8Array): number {
  return new DataView(header.buffer, header.byteOffset).getUint32(72, true);
}

function anchoredAt(height: number) {
  return testChain({
    network: "mainnet",
    anchor: { height, header: headerOf(height), chainwork: ANCHOR_WORK },
  });
}

/** The chain stands on the header before `height`; everything from the file's start is known. */
async function chainBefore(height: number) {
  const t = await anchoredAt(VECTOR_HEIGHT);
  if (height > VECTOR_HEIGHT + 1) {
    await t.chain.accept(headers.subarray(80, (height - VECTOR_HEIGHT) * 80), { lowWork: "store" });
  }
  return t;
}

Deno.test({
  name: `accept() takes 4,033 real headers from an anchor, both retargets in them${skipped}`,
  ignore: skipped !== "",
  async fn() {
    await using t = await anchoredAt(VECTOR_HEIGHT);
    const result = await t.chain.accept(headers, { lowWork: "store" });
    expect(result).toMatchObject({ accepted: COUNT - 1, duplicate: 1, rejected: [] });
    expect(result.tip).toMatchObject({ height: 826_560, hash: hashOf(826_560) });
    let work = ANCHOR_WORK;
    for (let height = VECTOR_HEIGHT + 1; height <= 826_560; height++) {
      work += workOfBits(bitsOf(headerOf(height)));
    }
    expect(result.tip.chainwork).toBe(workHex(work));
    const adjusted = t.events.filter(({ type }) => type === "DifficultyAdjusted").map(({ payload }) =>
      payload
    );
    expect(adjusted).toEqual([824_544, 826_560].map((height) => ({
      old_difficulty: bitsOf(headerOf(height - 1)),
      new_difficulty: bitsOf(headerOf(height)),
      height,
    })));
    expect(t.chain.range(VECTOR_HEIGHT, 5_000)).toEqual(headers);
    const view = t.chain.headerAt(824_544);
    expect(view).toMatchObject({
      confirmations: 2017,
      nextHash: hashOf(824_545),
      previousHash: hashOf(824_543),
    });
    expect(view?.raw).toEqual(headerOf(824_544));
    expect(t.chain.header(hashOf(824_544) as HashHex)).toEqual(view);
  },
});

Deno.test({
  name: `accept() takes the same headers one by one, and again in larger pieces${skipped}`,
  ignore: skipped !== "",
  async fn() {
    await using t = await anchoredAt(VECTOR_HEIGHT);
    for (let height = VECTOR_HEIGHT + 1; height < VECTOR_HEIGHT + 30; height++) {
      expect((await t.chain.accept(headerOf(height), { lowWork: "store" })).accepted).toBe(1);
    }
    const again = await t.chain.accept(headers.subarray(0, 80 * 40), { lowWork: "store" });
    expect(again).toMatchObject({ accepted: 10, duplicate: 30, rejected: [] });
  },
});

Deno.test({
  name: `accept() without the period's start takes only a possible retarget${skipped}`,
  ignore: skipped !== "",
  async fn() {
    await using t = await anchoredAt(824_500);
    const from = (824_501 - VECTOR_HEIGHT) * 80;
    const result = await t.chain.accept(headers.subarray(from), { lowWork: "store" });
    expect(result).toMatchObject({ accepted: 826_560 - 824_500, rejected: [] });
  },
});

Deno.test({
  name: `accept() refuses every header with a flipped bit${skipped}`,
  ignore: skipped !== "",
  async fn(t) {
    // right before, at and behind both retargets, the first, the last, and some between
    const heights = [822_529, 822_541, 823_226, 824_543, 824_544, 824_545, 826_559, 826_560];
    for (const height of heights) {
      await t.step(String(height), async () => {
        await using test = await chainBefore(height);
        const before = test.chain.tip();
        const twins = new Uint8Array(640 * 80);
        for (let bit = 0; bit < 640; bit++) {
          const twin = headerOf(height);
          twin[bit >> 3] = (twin[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          twins.set(twin, bit * 80);
        }
        const result = await test.chain.accept(twins, { lowWork: "store", keepOrphans: true });
        expect(result).toMatchObject({ accepted: 0, duplicate: 0, tip: before });
        const codes = codesOf(result);
        for (let bit = 0; bit < 640; bit++) expect([bit, codes[bit]]).toEqual([bit, codeOfFlip(bit)]);
        expect(test.chain.stats()).toMatchObject({ orphans: 0, stale: 0 });
        expect((await test.chain.accept(headerOf(height), { lowWork: "store" })).accepted).toBe(1);
      });
    }
  },
});

Deno.test({
  name: `accept() refuses a flipped bit of any header, wherever in the chain it is${skipped}`,
  ignore: skipped !== "",
  async fn() {
    await using t = await chainBefore(826_561);
    const before = t.chain.stats();
    const tip = t.chain.tip();
    const STEP = 29; // every header has 22 of its bits flipped, and every bit has its turn
    for (let height = VECTOR_HEIGHT + 1; height <= 826_560; height++) {
      const bits = Array.from({ length: 22 }, (_, i) => (height + i * STEP) % 640);
      const twins = new Uint8Array(bits.length * 80);
      bits.forEach((bit, i) => {
        twins.set(headerOf(height), i * 80);
        const at = i * 80 + (bit >> 3);
        twins[at] = (twins[at] ?? 0) ^ (1 << (bit & 7));
      });
      const codes = codesOf(await t.chain.accept(twins, { lowWork: "store", keepOrphans: true }));
      expect([height, codes]).toEqual([
        height,
        Object.fromEntries(bits.map((bit, i) => [i, codeOfFlip(bit)])),
      ]);
    }
    expect(t.chain.stats()).toEqual(before);
    expect(t.chain.tip()).toEqual(tip);
  },
});

/** By the field that the bit is in: parent, bits, or anything else. */
function codeOfFlip(bit: number): string {
  const byte = bit >> 3;
  if (byte >= 4 && byte < 36) return "UNKNOWN_PARENT";
  return byte >= 72 && byte < 76 ? "BAD_DIFFBITS" : "HIGH_HASH";
}

Deno.test({
  name: `accept() tracks stale headers and never chooses them${skipped}`,
  ignore: skipped !== "",
  async fn() {
    // The second of them is behind the file's last header: nothing is known of its parent.
    const all = (stale ?? []).map(({ height, header }) => ({ height, bytes: Uint8Array.fromHex(header) }));
    const staleHeaders = all.filter(({ height }) => height <= 826_560);
    const beyond = all.filter(({ height }) => height > 826_560);
    expect([staleHeaders.length, beyond.length]).toEqual([1, 1]);
    for (const first of ["stale", "main"]) {
      await using t = await anchoredAt(VECTOR_HEIGHT);
      let done = VECTOR_HEIGHT + 1;
      const main = async (to: number) => {
        await t.chain.accept(headers.subarray((done - VECTOR_HEIGHT) * 80, (to + 1 - VECTOR_HEIGHT) * 80), {
          lowWork: "store",
        });
        done = to + 1;
      };
      for (const { height, bytes } of staleHeaders) {
        await main(first === "main" ? height : height - 1);
        expect((await t.chain.accept(bytes, { lowWork: "store" })).accepted).toBe(1);
      }
      await main(826_560);
      expect(t.chain.tip()).toMatchObject({ height: 826_560, hash: hashOf(826_560) });
      const tips = staleHeaders.map(({ height, bytes }) => ({
        hash: doubleSha256(bytes).toReversed().toHex(),
        height,
        branchLength: 1,
      }));
      expect(t.chain.staleTips()).toMatchObject(tips.reverse());
      expect(t.chain.header(tips[0]?.hash as HashHex)?.confirmations).toBe(-1);
      expect(t.chain.stats()).toMatchObject({ reorgs: first === "stale" ? 1 : 0, stale: 1 });
      for (const { bytes } of beyond) {
        const result = await t.chain.accept(bytes, { lowWork: "store", keepOrphans: true });
        expect(codesOf(result)).toEqual({ 0: "UNKNOWN_PARENT" });
        expect(t.chain.stats().orphans).toBe(1);
      }
      expect(t.chain.range(VECTOR_HEIGHT, 5_000)).toEqual(headers);
    }
  },
});

Deno.test({
  name: `all retarget boundaries of mainnet can be recomputed, bits and work${skipped}`,
  ignore: skipped !== "",
  fn() {
    const rows = (boundaries ?? []).map(({ height, header, chainwork }) => {
      const { words } = recordOf(Uint8Array.fromHex(header));
      return {
        height,
        time: words[WORD.time] ?? 0,
        bits: words[WORD.bits] ?? 0,
        work: BigInt("0x" + chainwork),
      };
    });
    expect(rows.length).toBe(413);
    const { powLimitBits } = chainParams("mainnet");
    let retargets = 0;
    rows.forEach((row, i) => {
      const before = rows[i - 1];
      const start = rows[i - 2];
      if (before === undefined) return expect(row.work).toBe(workOfBits(row.bits));
      // from the first of a period to its last, and from there to the next first, the bits are those of the period
      const periodBits = row.height % 2016 === 0 ? row.bits : before.bits;
      expect(row.work).toBe(before.work + workOfBits(periodBits) * BigInt(row.height - before.height));
      if (row.height % 2016 !== 0 || start === undefined) return expect(row.bits).toBe(before.bits);
      retargets++;
      const input = { bits: before.bits, firstTime: start.time, lastTime: before.time, powLimitBits };
      expect([row.height, row.bits]).toEqual([row.height, retargetBits(input)]);
    });
    expect(retargets).toBe(206);
  },
});

Deno.test({
  name: `an anchor at any boundary has the work that was given${skipped}`,
  ignore: skipped !== "",
  async fn() {
    const [row, next] = [boundaries?.at(-2), boundaries?.at(-1)];
    if (!row || !next) throw new Error("Cannot test: no rows");
    await using t = await testChain({ network: "mainnet" });
    const anchor = {
      height: row.height,
      header: Uint8Array.fromHex(row.header),
      chainwork: BigInt("0x" + row.chainwork),
    };
    expect((await t.chain.setAnchor(anchor)).chainwork).toBe(row.chainwork);
    const result = await t.chain.accept(Uint8Array.fromHex(next.header), { lowWork: "store" });
    expect([result.accepted, result.tip.chainwork]).toEqual(
      next.height === row.height + 1 ? [1, next.chainwork] : [0, row.chainwork],
    );
    expect(reversed(doubleSha256(anchor.header)).toHex()).toBe(t.chain.base().hash);
  },
});
