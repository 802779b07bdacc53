import { expect } from "expect";
import { jitter, seededRandom, systemRandom } from "./random.ts";

Deno.test("seededRandom() repeats itself, and differs by seed", () => {
  expect(seededRandom(7).bytes(32)).toEqual(seededRandom(7).bytes(32));
  expect(seededRandom(7).bytes(32)).not.toEqual(seededRandom(8).bytes(32));
  expect(seededRandom(0).bytes(8)).not.toEqual(new Uint8Array(8));
});

Deno.test("seededRandom() numbers lie in [0, 1)", () => {
  const random = seededRandom(1);
  const numbers = Array.from({ length: 1000 }, () => random.number());
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  expect(new Set(numbers).size).toBeGreaterThan(990);
});

Deno.test("systemRandom gives the length asked for", () => {
  expect(systemRandom.bytes(0).length).toBe(0);
  expect(systemRandom.bytes(33).length).toBe(33);
  expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32));
});

Deno.test("jitter() stays within its ratio", () => {
  const at = (number: number) => jitter({ bytes: systemRandom.bytes, number: () => number }, 1000, 0.2);
  expect(at(0)).toBeCloseTo(800);
  expect(at(0.5)).toBeCloseTo(1000);
  expect(at(1)).toBeCloseTo(1200);
});
