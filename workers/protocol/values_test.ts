import { expect } from "expect";
import { decodeValue, encodeValue, MAX_DEPTH } from "./values.ts";

function overTheWall(value: unknown): unknown {
  const encoded = encodeValue(value);
  const crossed = JSON.parse(JSON.stringify(encoded.value) ?? "null");
  return encoded.tagged ? decodeValue(crossed) : crossed;
}

Deno.test("encodeValue() and decodeValue() keep a value", async (t) => {
  const cases: Record<string, unknown> = {
    null: null,
    text: "ü😀",
    numbers: [0, -1, 1.5, 2 ** 53],
    nested: { a: [{ b: { c: [true, false, null] } }] },
    bytes: new Uint8Array([0, 255, 7]),
    "no bytes": new Uint8Array(0),
    "bytes deep inside": { list: [{ body: new Uint8Array([1]) }] },
    "large integers": { value: 2n ** 200n, negative: -5n, zero: 0n },
    "an object that looks tagged": { $b: "AAAA" },
    "one that looks wrapped": { $o: { $n: "1" } },
    "a dollar key among others": { $b: "x", other: 1 },
    "a dollar key beside bytes": { $b: "x", other: new Uint8Array([1]) },
    "a tagged look-alike beside bytes": [{ $n: "12" }, new Uint8Array([1])],
    "a key named __proto__": JSON.parse('{"__proto__": {"admin": true}}'),
    "a __proto__ key beside bytes": [JSON.parse('{"__proto__": {"admin": true}}'), new Uint8Array([1])],
  };
  for (const [name, value] of Object.entries(cases)) {
    await t.step(name, () => {
      const crossed = overTheWall(value);
      expect(crossed).toEqual(value);
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
    });
  }
});

Deno.test("encodeValue() marks only what needs it", () => {
  expect(encodeValue({ a: [1, "b", null] }).tagged).toBe(false);
  expect(encodeValue({ a: 1n }).tagged).toBe(true);
  expect(encodeValue({ $x: 1 }).tagged).toBe(true);
});

Deno.test("encodeValue() refuses what is not data", async (t) => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  let deep: unknown = 1;
  for (let i = 0; i <= MAX_DEPTH; i++) deep = [deep];
  const cases: Record<string, unknown> = {
    "a function": () => 1,
    "a function inside": { a: [() => 1] },
    "a symbol": Symbol("x"),
    "a map": new Map([[1, 2]]),
    "a set inside": { a: new Set([1]) },
    "a cycle": cycle,
    "nested too deep": deep,
  };
  for (const [name, value] of Object.entries(cases)) {
    await t.step(name, () => expect(() => encodeValue(value)).toThrow(TypeError));
  }
});

Deno.test("decodeValue() refuses broken tagged forms", async (t) => {
  let deep: unknown = 1;
  for (let i = 0; i <= 3 * MAX_DEPTH; i++) deep = [deep];
  const cases: Record<string, unknown> = {
    "bytes that are not base64": { $b: "***" },
    "bytes that are a number": { $b: 1 },
    "an integer with a letter": { $n: "12x" },
    "an integer of a thousand digits": { $n: "1".repeat(1_000) },
    "a wrapper of a list": { $o: [1] },
    "an unknown tag": { $z: 1 },
    "nested too deep": deep,
  };
  for (const [name, value] of Object.entries(cases)) {
    await t.step(name, () => expect(() => decodeValue(value)).toThrow(TypeError));
  }
});
