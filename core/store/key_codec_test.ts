import { expect } from "expect";
import { encodeKey, keySize } from "./key_codec.ts";
import type { StoreKey } from "./port.ts";

// The encodings were written to a KV file by Deno 2.9.6 and read from its table.
const VECTORS: readonly { key: StoreKey; hex: string }[] = [
  { key: ["node", "v", 1], hex: "026e6f64650002760021bff0000000000000" },
  { key: ["é\u0000"], hex: "02c3a900ff00" },
  { key: [new Uint8Array([0, 255])], hex: "0100ffff00" },
  { key: [0n], hex: "14" },
  { key: [255n], hex: "15ff" },
  { key: [-255n], hex: "1300" },
  { key: [18446744073709551615n], hex: "1cffffffffffffffff" },
  { key: [18446744073709551616n], hex: "1d09010000000000000000" },
  { key: [-1180591620717411303424n], hex: "0bf6bfffffffffffffffff" },
  { key: [-1.5], hex: "214007ffffffffffff" },
  { key: [-0], hex: "217fffffffffffffff" },
  { key: [NaN], hex: "21fff8000000000000" },
  { key: [true, false], hex: "2726" },
];

const SIZED: readonly StoreKey[] = [
  ["a"],
  ["a", "é", "\u{1f600}", "\0x\0"],
  [0, -1.5, NaN],
  [0n, 1n, 255n, 256n, -1n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 100n)],
  [true, false],
  [new Uint8Array([0, 1, 0]), new Uint8Array()],
];

Deno.test("keySize() is the length of encodeKey()", async (t) => {
  for (const key of SIZED) {
    await t.step(key.map(String).join(" "), () => expect(keySize(key)).toBe(encodeKey(key).length));
  }
});

Deno.test("encodeKey() encodes as Deno KV does", async (t) => {
  for (const { key, hex } of VECTORS) {
    await t.step(hex, () => {
      const bytes = Uint8Array.from(encodeKey(key), (character) => character.charCodeAt(0));
      expect(bytes.toHex()).toBe(hex);
    });
  }
});
