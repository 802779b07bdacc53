import { expect } from "expect";
import { type BitcoinNetwork, targetFromBits } from "../base/mod.ts";
import { HeaderCursor } from "./header_cursor.ts";
import { chainParams, RETARGET_INTERVAL, TARGET_TIMESPAN } from "./params.ts";
import { RecentTimes } from "./recent_times.ts";
import { RECORD_WORDS, WORD } from "./record.ts";
import { isPossibleRetarget, retargetBits } from "./retarget.ts";
import { Targets } from "./targets.ts";

const LIMIT = 0x1d00ffff;
const HARD = 0x1c00ffff;
const START = 1_700_000_000;

interface Header {
  readonly time: number;
  readonly bits: number;
  readonly version?: number;
}

/** A record whose hash is 0: its work is always enough. */
function recordOf({ time, bits, version = 4 }: Header): Uint32Array {
  const words = new Uint32Array(RECORD_WORDS);
  words[WORD.time] = time;
  words[WORD.bits] = bits;
  words[WORD.version] = version;
  return words;
}

/** Stands on the first header of the period that begins at `height`. */
function cursorOn(network: BitcoinNetwork, { height, bits = HARD }: { height: number; bits?: number }) {
  const cursor = new HeaderCursor({
    params: chainParams(network),
    targets: new Targets(),
    height,
    time: START,
    bits,
    work: 1_000n,
    recent: new RecentTimes([START], height),
    periodStart: { time: START, bits },
    regularBits: bits,
  });
  cursor.latestTime = START + 10 * TARGET_TIMESPAN;
  return cursor;
}

function push(cursor: HeaderCursor, header: Header): void {
  const record = recordOf(header);
  expect([cursor.height, cursor.fault(record, 0)]).toEqual([cursor.height, undefined]);
  cursor.push(record, 0);
}

/** Moves to the last header of the period: 2,015 steps, the last one at `lastTime`. */
function fillPeriod(cursor: HeaderCursor, { bits, lastTime }: { bits: number; lastTime: number }): void {
  for (let i = 1; i < RETARGET_INTERVAL - 1; i++) push(cursor, { time: START + i * 600, bits });
  push(cursor, { time: lastTime, bits });
}

function faultOf(cursor: HeaderCursor, header: Header): string | undefined {
  return cursor.fault(recordOf(header), 0);
}

Deno.test("retargetBits() keeps within a quarter and four times", async (t) => {
  const rows: [name: string, span: number, bits: number][] = [
    ["as planned", TARGET_TIMESPAN, 0x1c00ffff],
    ["half the time", TARGET_TIMESPAN / 2, 0x1b7fff80],
    ["no time", 0, 0x1b3fffc0],
    ["less than none", -5_000, 0x1b3fffc0],
    ["a quarter", TARGET_TIMESPAN / 4, 0x1b3fffc0],
    ["twice", TARGET_TIMESPAN * 2, 0x1c01fffe],
    ["four times", TARGET_TIMESPAN * 4, 0x1c03fffc],
    ["forty times", TARGET_TIMESPAN * 40, 0x1c03fffc],
  ];
  for (const [name, span, bits] of rows) {
    await t.step(name, () => {
      const input = { bits: HARD, firstTime: START, lastTime: START + span, powLimitBits: LIMIT };
      expect(retargetBits(input).toString(16)).toBe(bits.toString(16));
      expect(isPossibleRetarget(bits, { bits: HARD, powLimitBits: LIMIT })).toBe(true);
    });
  }
  await t.step("never easier than the limit", () => {
    const input = {
      bits: LIMIT,
      firstTime: START,
      lastTime: START + TARGET_TIMESPAN * 4,
      powLimitBits: LIMIT,
    };
    expect(retargetBits(input)).toBe(LIMIT);
    for (const network of ["mainnet", "testnet", "testnet4", "signet"] as const) {
      const bits = chainParams(network).powLimitBits;
      expect(retargetBits({ ...input, bits, powLimitBits: bits })).toBe(bits);
      // signet's is the nearest: here Bitcoin Core's numbers would begin anew at 0
      expect((targetFromBits(bits) ?? 0n) * BigInt(TARGET_TIMESPAN * 4) < 1n << 256n).toBe(true);
    }
  });
});

Deno.test("retargetBits() rounds as Bitcoin Core does", () => {
  // Bitcoin Core's pow_tests: blocks 32255, 2015, 68543 and 46367 of mainnet
  expect(retargetBits({ bits: 0x1d00ffff, firstTime: 1261130161, lastTime: 1262152739, powLimitBits: LIMIT }))
    .toBe(0x1d00d86a);
  expect(retargetBits({ bits: 0x1d00ffff, firstTime: 1231006505, lastTime: 1233061996, powLimitBits: LIMIT }))
    .toBe(0x1d00ffff);
  expect(retargetBits({ bits: 0x1c05a3f4, firstTime: 1279008237, lastTime: 1279297671, powLimitBits: LIMIT }))
    .toBe(0x1c0168fd);
  expect(retargetBits({ bits: 0x1c387f6f, firstTime: 1263163443, lastTime: 1269211443, powLimitBits: LIMIT }))
    .toBe(0x1d00e1fd);
});

Deno.test("isPossibleRetarget() refuses what no times lead to", () => {
  const options = { bits: HARD, powLimitBits: LIMIT };
  for (const bits of [0x1b3fffbf, 0x1c03fffd, 0x1d00ffff, 0, 0x1c80ffff]) {
    expect([bits, isPossibleRetarget(bits, options)]).toEqual([bits, false]);
  }
});

Deno.test("HeaderCursor measures a period from its first to its last header", () => {
  const cursor = cursorOn("mainnet", { height: 2016 * 300 });
  const lastTime = START + TARGET_TIMESPAN / 2;
  for (let i = 1; i < RETARGET_INTERVAL - 1; i++) push(cursor, { time: START + i, bits: HARD });
  expect(faultOf(cursor, { time: lastTime, bits: 0x1b7fff80 })).toBe("BAD_DIFFBITS"); // one too early
  push(cursor, { time: lastTime, bits: HARD });
  expect(faultOf(cursor, { time: lastTime + 1, bits: HARD })).toBe("BAD_DIFFBITS");
  push(cursor, { time: lastTime + 1, bits: 0x1b7fff80 });
  expect(faultOf(cursor, { time: lastTime + 2, bits: HARD })).toBe("BAD_DIFFBITS");
  push(cursor, { time: lastTime + 2, bits: 0x1b7fff80 });
});

Deno.test("HeaderCursor knows testnet's 20 minutes and the way back from them", () => {
  const cursor = cursorOn("testnet", { height: 2016 * 300 });
  push(cursor, { time: START + 600, bits: HARD });
  expect(faultOf(cursor, { time: START + 600 + 1200, bits: LIMIT })).toBe("BAD_DIFFBITS"); // not more than 20 minutes
  expect(faultOf(cursor, { time: START + 600 + 1201, bits: HARD })).toBe("BAD_DIFFBITS"); // the exception is a must
  push(cursor, { time: START + 600 + 1201, bits: LIMIT });
  push(cursor, { time: START + 600 + 2402, bits: LIMIT });
  expect(faultOf(cursor, { time: START + 600 + 2403, bits: LIMIT })).toBe("BAD_DIFFBITS");
  push(cursor, { time: START + 600 + 2403, bits: HARD });
});

Deno.test("HeaderCursor at testnet's retarget starts from the last bits, on testnet4 from the first", async (t) => {
  for (const [network, base] of [["testnet", LIMIT], ["testnet4", HARD]] as const) {
    await t.step(network, () => {
      const cursor = cursorOn(network, { height: 2016 * 300 });
      for (let i = 1; i < RETARGET_INTERVAL - 1; i++) push(cursor, { time: START + i * 600, bits: HARD });
      const lastTime = START + TARGET_TIMESPAN + 1_200;
      push(cursor, { time: lastTime, bits: LIMIT }); // more than 20 minutes late
      const bits = retargetBits({ bits: base, firstTime: START, lastTime, powLimitBits: LIMIT });
      expect(faultOf(cursor, { time: lastTime + 5_000, bits: network === "testnet" ? HARD : LIMIT })).toBe(
        "BAD_DIFFBITS",
      );
      push(cursor, { time: lastTime + 5_000, bits });
    });
  }
});

Deno.test("HeaderCursor lets no period of testnet4 begin far before the end of the last one", () => {
  const lastTime = START + TARGET_TIMESPAN + 100_000;
  for (const [network, warped] of [["testnet4", "TIME_WARP"], ["mainnet", undefined]] as const) {
    const cursor = cursorOn(network, { height: 2016 * 300, bits: LIMIT });
    fillPeriod(cursor, { bits: LIMIT, lastTime });
    const header = (time: number) => ({ time, bits: LIMIT });
    expect(faultOf(cursor, header(lastTime - 601))).toBe(warped);
    expect(faultOf(cursor, header(lastTime - 600))).toBeUndefined();
    push(cursor, header(lastTime));
    expect(faultOf(cursor, header(lastTime - 2_000))).toBeUndefined(); // only the first of a period
  }
});

Deno.test("HeaderCursor wants times after the median of eleven and within two hours", () => {
  const cursor = cursorOn("regtest", { height: 0, bits: 0x207fffff });
  const bits = 0x207fffff;
  expect(faultOf(cursor, { time: START, bits })).toBe("TIME_TOO_OLD");
  for (let i = 1; i <= 10; i++) push(cursor, { time: START + i * 10, bits });
  expect(cursor.medianTime).toBe(START + 50);
  expect(faultOf(cursor, { time: START + 50, bits })).toBe("TIME_TOO_OLD");
  push(cursor, { time: START + 51, bits });
  expect(cursor.medianTime).toBe(START + 51); // 10, 20, … 50, 51, 60, …
  cursor.latestTime = START + 200;
  expect(faultOf(cursor, { time: START + 201, bits })).toBe("TIME_TOO_NEW");
  push(cursor, { time: START + 200, bits });
});

Deno.test("RecentTimes has the median of few headers, also where some are not known", () => {
  expect(new RecentTimes([5], 0).median()).toBe(5);
  expect(new RecentTimes([5, 7], 1).median()).toBe(7);
  expect(new RecentTimes([5, 7, 6], 2).median()).toBe(6);
  const anchored = new RecentTimes([100], 5_000);
  expect([anchored.isAfterMedian(1), anchored.median()]).toEqual([true, 0]);
  for (let i = 1; i <= 4; i++) anchored.push(100 + i);
  expect(anchored.isAfterMedian(1)).toBe(true); // five of eleven are known
  anchored.push(105);
  expect([anchored.isAfterMedian(100), anchored.isAfterMedian(101)]).toEqual([false, true]);
});

Deno.test("HeaderCursor gives old versions up at their heights", async (t) => {
  const rows: [network: BitcoinNetwork, height: number, refused: number, taken: number | undefined][] = [
    ["mainnet", 227_930, -1, undefined],
    ["mainnet", 227_931, 1, 2],
    ["mainnet", 363_725, 2, 3],
    ["mainnet", 388_381, 3, 4],
    ["mainnet", 800_000, -5, 0x20000000],
    ["testnet", 21_111, 1, 2],
    ["testnet", 330_776, 2, 3],
    ["testnet", 581_885, 3, 4],
    ["signet", 1, 3, 4],
    ["testnet4", 1, 3, 4],
  ];
  for (const [network, height, refused, taken] of rows) {
    await t.step(`${network} ${height}`, () => {
      const cursor = new HeaderCursor({
        params: chainParams(network),
        targets: new Targets(),
        height: height - 1,
        time: START,
        bits: HARD,
        work: 0n,
        recent: new RecentTimes([START], 0),
        periodStart: { time: START, bits: HARD },
        regularBits: HARD,
      });
      cursor.latestTime = START + 9_999;
      const fault = (version: number) => faultOf(cursor, { time: START + 1, bits: HARD, version });
      expect(fault(refused)).toBe(taken === undefined ? undefined : "BAD_VERSION");
      if (taken !== undefined) expect(fault(taken)).toBeUndefined();
    });
  }
});

Deno.test("HeaderCursor compares hashes with targets as numbers", () => {
  const cursor = cursorOn("mainnet", { height: 2016 * 300 });
  const target = targetFromBits(HARD) ?? 0n;
  const withHash = (hash: bigint) => {
    const record = recordOf({ time: START + 1, bits: HARD });
    for (let i = 0; i < 8; i++) record[i] = Number((hash >> BigInt(32 * i)) & 0xffff_ffffn);
    return cursor.fault(record, 0);
  };
  expect(withHash(target)).toBeUndefined();
  expect(withHash(target + 1n)).toBe("HIGH_HASH");
  expect(withHash(target - 1n)).toBeUndefined();
  expect(withHash((1n << 256n) - 1n)).toBe("HIGH_HASH");
  expect(withHash(1n << 255n)).toBe("HIGH_HASH");
});
