import { expect } from "expect";
import { satPerVbyte, satsOf } from "./amounts.ts";

Deno.test("satsOf() is exact for every amount that there can be", () => {
  const rows: [string, bigint][] = [
    ["0", 0n],
    ["0.00000001", 1n],
    ["1e-8", 1n],
    ["0.1", 10_000_000n],
    ["0.29", 29_000_000n], // 0.29 * 1e8 is 28999999.999999996
    ["1.13", 113_000_000n],
    ["20999999.97690000", 2_099_999_997_690_000n],
    ["20999999.99999999", 2_099_999_999_999_999n],
    ["21000000", 2_100_000_000_000_000n],
  ];
  for (const [text, sats] of rows) expect(satsOf(JSON.parse(text), "x")).toBe(sats);
  let seed = 12_345n;
  for (let i = 0; i < 20_000; i++) {
    seed = (seed * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
    const sats = seed % 2_100_000_000_000_001n;
    const digits = sats.toString().padStart(9, "0");
    expect(satsOf(JSON.parse(`${digits.slice(0, -8)}.${digits.slice(-8)}`), "x")).toBe(sats);
  }
});

Deno.test("satsOf() refuses what is no amount", async (t) => {
  const rows = [
    -1,
    -1e-8,
    21_000_000.1,
    0.000000001,
    0.1 + 0.2,
    NaN,
    Infinity,
    "1",
    null,
    undefined,
    {},
    true,
  ];
  for (const value of rows) {
    await t.step(String(value), () => {
      expect(() => satsOf(value, "a fee")).toThrow(/^Cannot use the full node's answer: a fee is not /);
    });
  }
});

Deno.test("satPerVbyte() reads rates and nothing else", () => {
  expect(satPerVbyte(0.00012345)).toBe(12.345);
  expect(satPerVbyte(0.00001)).toBe(1);
  for (const value of [-1, 0, NaN, Infinity, 1e12, "1", null, undefined]) {
    expect(satPerVbyte(value)).toBeUndefined();
  }
});
