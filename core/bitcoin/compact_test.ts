import { expect } from "expect";
import { CompactReader } from "./compact_reader.ts";
import { CompactWriter } from "./compact_writer.ts";
import { codeOf } from "./_fixture.ts";

Deno.test("CompactWriter and CompactReader agree", () => {
  const bytes = new CompactWriter(16).uint8(255).uint16(0xfffe).uint16be(8333).int32(-2).uint32(0xffff_fffd)
    .int64(-3n).uint64(2n ** 64n - 1n).varBytes(Uint8Array.of(1, 2, 3)).bytes(Uint8Array.of(9)).finish();
  const reader = new CompactReader(bytes);
  expect(reader.peek()).toBe(255);
  expect(reader.offset).toBe(0);
  expect([reader.uint8(), reader.uint16(), reader.uint16be(), reader.int32(), reader.uint32()]).toEqual(
    [255, 0xfffe, 8333, -2, 0xffff_fffd],
  );
  expect([reader.int64(), reader.uint64()]).toEqual([-3n, 2n ** 64n - 1n]);
  expect(reader.varBytes()).toEqual(Uint8Array.of(1, 2, 3));
  expect(reader.since(reader.offset - 3)).toEqual(Uint8Array.of(1, 2, 3));
  expect(reader.remaining).toBe(1);
  expect(codeOf(() => reader.end())).toBe("TRAILING_BYTES");
  reader.skip(1);
  reader.end();
});

Deno.test("compactSize() has one form for each number", async (t) => {
  const forms: readonly [number, string][] = [
    [0, "00"],
    [0xfc, "fc"],
    [0xfd, "fdfd00"],
    [0xffff, "fdffff"],
    [0x1_0000, "fe00000100"],
    [0xffff_ffff, "feffffffff"],
    [0x1_0000_0000, "ff0000000001000000"],
    [Number.MAX_SAFE_INTEGER, "ffffffffffffff1f00"],
  ];
  for (const [value, hex] of forms) {
    await t.step(`${value}`, () => {
      expect(new CompactWriter().compactSize(value).finish().toHex()).toBe(hex);
      const reader = new CompactReader(Uint8Array.fromHex(hex));
      expect(reader.compactSize()).toBe(value);
      reader.end();
    });
  }
  const broken: readonly [string, string][] = [
    ["fdfc00", "NOT_CANONICAL"],
    ["feffff0000", "NOT_CANONICAL"],
    ["ffffffffff00000000", "NOT_CANONICAL"],
    ["ff00000000000020" + "00", "TOO_LARGE"],
    ["ffffffffffffffffff", "TOO_LARGE"],
    ["", "TRUNCATED"],
    ["fd00", "TRUNCATED"],
    ["fe000000", "TRUNCATED"],
    ["ff00000000000000", "TRUNCATED"],
  ];
  for (const [hex, code] of broken) {
    await t.step(`${hex} is ${code}`, () => {
      expect(codeOf(() => new CompactReader(Uint8Array.fromHex(hex)).compactSize())).toBe(code);
    });
  }
});

Deno.test("count() believes no more than the bytes can hold", () => {
  const read = (hex: string) => new CompactReader(Uint8Array.fromHex(hex));
  expect(read("02aabbccdd").count(2)).toBe(2);
  expect(codeOf(() => read("03aabbccdd").count(2))).toBe("TRUNCATED");
  expect(codeOf(() => read("ffffffffffffff1f00").count(1))).toBe("TRUNCATED");
  expect(codeOf(() => read("02aabb").count(1, 1))).toBe("TOO_LARGE");
  expect(codeOf(() => read("03aabb").varBytes())).toBe("TRUNCATED");
  expect(codeOf(() => read("03aabbcc").varBytes(2))).toBe("TOO_LARGE");
  expect(codeOf(() => read("aabb").take(3))).toBe("TRUNCATED");
});

Deno.test("compactSize() writes whole numbers only", () => {
  for (const value of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    expect(() => new CompactWriter().compactSize(value)).toThrow(RangeError);
  }
});
