import { serialize } from "node:v8";
import { expect } from "expect";
import { sizeValue } from "./value_size.ts";

const VALUES: readonly { name: string; value: unknown }[] = [
  { name: "number", value: 1.5 },
  { name: "null", value: null },
  { name: "text", value: "hello" },
  { name: "wide text", value: "\u4e00\u4e8c".repeat(50) },
  { name: "bigint", value: -(2n ** 300n) },
  { name: "record", value: { height: 1, hash: "ab".repeat(32), ok: true, none: null } },
  { name: "nested", value: [[1, 2], { a: [{ b: "c" }] }] },
  { name: "bytes inside", value: { sig: new Uint8Array(64) } },
  { name: "map and set", value: new Map([["a", new Set([1, 2, 3])]]) },
  { name: "date", value: { at: new Date(0) } },
];

Deno.test("sizeValue() estimates small values a little too high", async (t) => {
  for (const { name, value } of VALUES) {
    await t.step(name, () => {
      const exact = serialize(value).length;
      const { bytes } = sizeValue(value);
      expect(bytes).toBeGreaterThanOrEqual(exact);
      expect(bytes).toBeLessThanOrEqual(exact * 2 + 40);
    });
  }
});

Deno.test("sizeValue() is exact near the limit, and for what it does not know", () => {
  const cyclic: Record<string, unknown> = { a: 1 };
  cyclic.self = cyclic;
  for (const value of ["x".repeat(65_000), Array(10_000).fill(1), cyclic, /x/g, new Error("e")]) {
    expect(sizeValue(value).bytes).toBe(serialize(value).length);
  }
  expect(sizeValue(new Uint8Array(65_536)).bytes).toBe(65_536);
});

Deno.test("sizeValue() copies a value only when a view shows part of its buffer", () => {
  const whole = { a: new Uint8Array(8) };
  expect(sizeValue(whole).value).toBe(whole);
  const part = {
    "a": new Uint8Array(8).subarray(2),
    ["__proto__"]: 1,
    d: new DataView(new ArrayBuffer(8), 4),
  };
  const { value } = sizeValue(part);
  expect(value).not.toBe(part);
  expect(value).toEqual(part);
  expect((value as typeof part).a.buffer.byteLength).toBe(6);
  expect((value as typeof part).d.buffer.byteLength).toBe(4);
});
