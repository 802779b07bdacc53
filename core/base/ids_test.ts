import { expect } from "expect";
import { parseModuleName, tryHashHex, tryModuleName, tryPeerIdText } from "./ids.ts";

Deno.test("tryModuleName() takes the grammar and nothing else", () => {
  for (const name of ["a", "0", "hello", "a-b_c9", "a".repeat(64)]) expect(tryModuleName(name)).toBe(name);
  const bad = ["", "-a", "_a", "A", "a b", "a/b", "..", "a\n", "ä", "a".repeat(65), 1, undefined, null, {}, [
    "a",
  ]];
  for (const name of bad) expect(tryModuleName(name)).toBeUndefined();
});

Deno.test("parseModuleName() says what is wrong, for any value", () => {
  expect(parseModuleName("hello")).toBe("hello");
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of ["Bad Name", "x".repeat(5000), 1n, cycle, undefined, Symbol("s")]) {
    expect(() => parseModuleName(value)).toThrow(expect.objectContaining({ code: "INVALID_MODULE_NAME" }));
  }
  expect(() => parseModuleName("Bad")).toThrow('Cannot use "Bad" as a module name');
});

Deno.test("tryPeerIdText() takes base58 of the right length", () => {
  const peer = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";
  expect(tryPeerIdText(peer)).toBe(peer);
  for (const text of ["", "12D3", peer.replace("K", "0"), peer + "1".repeat(13), 7]) {
    expect(tryPeerIdText(text)).toBeUndefined();
  }
});

Deno.test("tryHashHex() takes 64 lower-case hex digits", () => {
  const hash = "0123456789abcdef".repeat(4);
  expect(tryHashHex(hash)).toBe(hash);
  for (const text of [hash.toUpperCase(), hash.slice(1), hash + "0", "g" + hash.slice(1), hash + "\n", 0]) {
    expect(tryHashHex(text)).toBeUndefined();
  }
});
