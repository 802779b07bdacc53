import { expect } from "expect";
import { targetFromBits } from "../base/mod.ts";
import { bitsFromTarget, difficultyOfBits, workOfBits } from "./compact.ts";

Deno.test("bitsFromTarget() is the way back of targetFromBits(), as Bitcoin Core has it", async (t) => {
  // rows of Bitcoin Core's arith_uint256 rules: bits in, target, bits out
  const rows: [bits: number, target: bigint | undefined, back: number][] = [
    [0x00000000, undefined, 0],
    [0x00123456, undefined, 0],
    [0x01003456, undefined, 0],
    [0x02000056, undefined, 0],
    [0x03000000, undefined, 0],
    [0x04000000, undefined, 0],
    [0x00923456, undefined, 0],
    [0x01803456, undefined, 0],
    [0x01123456, 0x12n, 0x01120000],
    [0x01fedcba, undefined, 0],
    [0x02123456, 0x1234n, 0x02123400],
    [0x03123456, 0x123456n, 0x03123456],
    [0x04123456, 0x12345600n, 0x04123456],
    [0x04923456, undefined, 0],
    [0x05009234, 0x92340000n, 0x05009234],
    [0x20123456, 0x123456n << 232n, 0x20123456],
    [0xff123456, undefined, 0],
    [0x1d00ffff, 0xffffn << 208n, 0x1d00ffff],
    [0x207fffff, 0x7fffffn << 232n, 0x207fffff],
    [0x2100ffff, 0xffffn << 240n, 0x2100ffff],
    [0x220000ff, 0xffn << 248n, 0x2100ff00],
    [0x22000100, undefined, 0],
    [0x21010000, undefined, 0],
  ];
  for (const [bits, target, back] of rows) {
    await t.step(bits.toString(16), () => {
      expect(targetFromBits(bits)).toBe(target);
      expect(bitsFromTarget(target ?? 0n)).toBe(back);
    });
  }
});

Deno.test("bitsFromTarget() rounds down, and never to a sign", () => {
  expect(bitsFromTarget(0x80n)).toBe(0x02008000);
  expect(bitsFromTarget(0x7fn)).toBe(0x017f0000);
  expect(bitsFromTarget(0x12345678n)).toBe(0x04123456);
  expect(bitsFromTarget((1n << 224n) - 1n)).toBe(0x1d00ffff);
  expect(bitsFromTarget((1n << 256n) - 1n)).toBe(0x2100ffff);
});

Deno.test("workOfBits() counts hashes", () => {
  expect(workOfBits(0x1d00ffff)).toBe(0x100010001n);
  expect(workOfBits(0x207fffff)).toBe(2n);
  expect(workOfBits(0)).toBe(0n);
  expect(workOfBits(0x01800000)).toBe(0n);
});

Deno.test("difficultyOfBits() is Bitcoin Core's number", () => {
  expect(difficultyOfBits(0x1d00ffff)).toBe(1);
  expect(difficultyOfBits(0x1b0404cb)).toBeCloseTo(16_307.420938523983, 8);
  expect(difficultyOfBits(0x207fffff)).toBeCloseTo(4.6565423739069247e-10, 20);
  expect(difficultyOfBits(0)).toBe(0);
});
