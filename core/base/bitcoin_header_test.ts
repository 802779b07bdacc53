import { expect } from "expect";
import {
  displayHash,
  doubleSha256,
  parseHeader,
  POW_LIMIT_BITS,
  serializeHeader,
  targetFromBits,
  workFault,
} from "./bitcoin_header.ts";
import { fromHex } from "./bytes.ts";

/** Mainnet block 1. */
const BLOCK_1 = "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000" +
  "982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299";
const HASH_1 = "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048";

Deno.test("displayHash() of the double SHA-256 is the block's hash", () => {
  const hash = doubleSha256(fromHex(BLOCK_1));
  expect(hash.constructor).toBe(Uint8Array);
  expect(displayHash(hash)).toBe(HASH_1);
});

Deno.test("parseHeader() reads the fields and serializeHeader() writes them back", () => {
  const bytes = fromHex(BLOCK_1);
  const header = parseHeader(bytes);
  expect(header).toMatchObject({ version: 1, time: 1231469665, bits: 0x1d00ffff, nonce: 2573394689 });
  expect(displayHash(header.previous)).toBe(
    "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
  );
  expect(serializeHeader(header)).toEqual(bytes);
});

Deno.test("parseHeader() copies, also out of a Buffer and a view", async (t) => {
  const { Buffer } = await import("node:buffer");
  const source = fromHex("ff" + BLOCK_1);
  const rows: [string, Uint8Array][] = [
    ["buffer", Buffer.from(BLOCK_1, "hex")],
    ["view", source.subarray(1)],
  ];
  for (const [name, bytes] of rows) {
    await t.step(name, () => {
      const header = parseHeader(bytes);
      const before = displayHash(header.previous);
      bytes.fill(0);
      expect(displayHash(header.previous)).toBe(before);
      expect(before).toBe("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
    });
  }
});

Deno.test("parseHeader() refuses another length", () => {
  for (const length of [0, 79, 81]) {
    expect(() => parseHeader(new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: "HEADER_LENGTH" }),
    );
  }
});

Deno.test("targetFromBits() follows SetCompact", async (t) => {
  const rows: [number, bigint | undefined][] = [
    [0, undefined],
    [0x00123456, undefined],
    [0x01003456, undefined],
    [0x01123456, 0x12n],
    [0x02123456, 0x1234n],
    [0x03123456, 0x123456n],
    [0x04123456, 0x12345600n],
    [0x04923456, undefined],
    [0x05009234, 0x92340000n],
    [0x1d00ffff, 0xffffn << 208n],
    [0x20123456, 0x123456n << 232n],
    [0x21010000, undefined],
    [0x2100ffff, 0xffffn << 240n],
    [0x220000ff, 0xffn << 248n],
    [0x23000001, undefined],
    [0xff123456, undefined],
  ];
  for (const [bits, target] of rows) {
    await t.step(bits.toString(16).padStart(8, "0"), () => {
      expect(targetFromBits(bits)).toBe(target);
    });
  }
});

Deno.test("workFault() tells the fault apart", () => {
  const hash = doubleSha256(fromHex(BLOCK_1));
  expect(workFault(hash, 0x1d00ffff, "mainnet")).toBeUndefined();
  expect(workFault(hash, 0x1d00ffff, "regtest")).toBeUndefined();
  expect(workFault(hash, 0x207fffff, "mainnet")).toBe("BITS_TOO_EASY");
  expect(workFault(hash, 0x1c00ffff, "mainnet")).toBe("HASH_ABOVE_TARGET");
  expect(workFault(hash, 0x1d80ffff, "mainnet")).toBe("BAD_BITS");
  expect(workFault(hash, 0, "mainnet")).toBe("BAD_BITS");
  const flipped = fromHex(BLOCK_1);
  flipped[79] = (flipped[79] ?? 0) ^ 1;
  expect(workFault(doubleSha256(flipped), 0x1d00ffff, "mainnet")).toBe("HASH_ABOVE_TARGET");
});

Deno.test("POW_LIMIT_BITS are targets", () => {
  for (const bits of Object.values(POW_LIMIT_BITS)) expect(targetFromBits(bits)).toBeGreaterThan(0n);
});
