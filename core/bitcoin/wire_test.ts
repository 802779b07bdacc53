import { expect } from "expect";
import { type HashHex, isCommonsError, seededRandom } from "../base/mod.ts";
import { CompactWriter } from "./compact_writer.ts";
import { decodeMessage } from "./wire_decode.ts";
import {
  EMPTY_PAYLOAD,
  encodeGetHeaders,
  encodeHeaders,
  encodeInventory,
  encodeNonce,
  encodeVersion,
} from "./wire_encode.ts";
import { encodeFrame, FrameReader, type WireFrame } from "./wire_frame.ts";
import { isKnownCommand, MAX_HEADERS, payloadLimit } from "./wire_limits.ts";
import { wireNetwork } from "./wire_networks.ts";
import { INVENTORY, type VersionMessage } from "./wire_types.ts";

const { magic } = wireNetwork("mainnet");
const HASH = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f" as HashHex;
const VERSION: VersionMessage = {
  version: 70_016,
  services: 1033n,
  time: 1_700_000_000n,
  nonce: 0xffff_ffff_ffff_fffen,
  userAgent: "/Satoshi:27.0.0/",
  startHeight: 800_000,
  relay: false,
};

/** Code of what a call throws. */
function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isCommonsError(error)) return error.code;
    throw error;
  }
  return "none";
}

function framesOf(chunks: Iterable<Uint8Array>): WireFrame[] {
  const reader = new FrameReader({ magic });
  const frames: WireFrame[] = [];
  for (const chunk of chunks) reader.push(chunk, (frame) => frames.push(frame));
  return frames;
}

Deno.test("encodeFrame() writes the verack that everybody knows", () => {
  expect(encodeFrame(magic, { command: "verack", payload: EMPTY_PAYLOAD }).toHex())
    .toBe("f9beb4d976657261636b000000000000000000005df6e0e2");
});

Deno.test("FrameReader reads the same messages however the stream is cut", async (t) => {
  const random = seededRandom(5);
  const stream = [
    ["ping", encodeNonce(7n)],
    ["verack", EMPTY_PAYLOAD],
    ["block", random.bytes(70_000)],
    ["headers", encodeHeaders(random.bytes(160))],
    ["verack", EMPTY_PAYLOAD],
  ] as const;
  const bytes = stream.flatMap(([command, payload]) => [...encodeFrame(magic, { command, payload })]);
  for (const size of [1, 7, 24, 25, 1_000, 1_000_000]) {
    await t.step(`pieces of ${size}`, () => {
      const chunks = function* () {
        for (let at = 0; at < bytes.length; at += size) yield Uint8Array.from(bytes.slice(at, at + size));
      };
      const frames = framesOf(chunks());
      expect(frames.map(({ command }) => command)).toEqual(stream.map(([command]) => command));
      expect(frames.map(({ payload }) => payload.toHex())).toEqual(stream.map(([, bytes]) => bytes.toHex()));
    });
  }
});

Deno.test("FrameReader refuses what is not a message before it keeps anything of it", async (t) => {
  const good = encodeFrame(magic, { command: "ping", payload: encodeNonce(7n) });
  const changed = (at: number, bytes: readonly number[]) => {
    const copy = good.slice();
    copy.set(bytes, at);
    return copy;
  };
  const announced = (command: string, length: number) => {
    const header = encodeFrame(magic, { command, payload: EMPTY_PAYLOAD });
    new DataView(header.buffer).setUint32(16, length, true);
    return header;
  };
  const rows: readonly (readonly [string, Uint8Array, string])[] = [
    [
      "another network's magic",
      encodeFrame(wireNetwork("testnet").magic, { command: "ping", payload: good }),
      "WRONG_MAGIC",
    ],
    ["one wrong byte at once", Uint8Array.of(0x47), "WRONG_MAGIC"],
    ["a command with a hole", changed(4, [0x70, 0, 0x6e]), "BAD_COMMAND"],
    ["an empty command", changed(4, [0, 0, 0, 0]), "BAD_COMMAND"],
    ["a command with a control character", changed(4, [7]), "BAD_COMMAND"],
    ["a checksum that does not fit", changed(20, [0, 0]), "BAD_CHECKSUM"],
    ["a changed payload", changed(24, [8]), "BAD_CHECKSUM"],
    ["nine bytes of ping", announced("ping", 9), "OVERSIZE"],
    ["a verack with a payload", announced("verack", 1), "OVERSIZE"],
    ["a block of 4 MB and a byte", announced("block", 4_000_001), "OVERSIZE"],
    ["headers, one too many", announced("headers", 162_010), "OVERSIZE"],
    ["an unknown command of 64 KiB and a byte", announced("nobodysidea", 65_537), "OVERSIZE"],
    ["4 GiB", announced("inv", 0xffff_ffff), "OVERSIZE"],
  ];
  for (const [name, bytes, code] of rows) {
    await t.step(name, () => expect(codeOf(() => framesOf([bytes]))).toBe(code));
  }
});

Deno.test("FrameReader takes memory for what came, not for what was announced", () => {
  const reader = new FrameReader({ magic });
  const header = encodeFrame(magic, { command: "block", payload: EMPTY_PAYLOAD });
  new DataView(header.buffer).setUint32(16, 4_000_000, true);
  reader.push(header, () => {});
  expect(reader.partial).toBe(true);
  const own = new FrameReader({ magic, limit: (command) => command === "block" ? 0 : payloadLimit(command) });
  expect(codeOf(() => own.push(header, () => {}))).toBe("OVERSIZE");
});

Deno.test("decodeMessage() reads what was written", () => {
  const frame = (command: string, payload: Uint8Array<ArrayBuffer>) => decodeMessage({ command, payload });
  expect(frame("version", encodeVersion(VERSION))).toEqual({ command: "version", version: VERSION });
  expect(frame("ping", encodeNonce(9n))).toEqual({ command: "ping", nonce: 9n });
  const headers = seededRandom(3).bytes(80 * MAX_HEADERS);
  expect(frame("headers", encodeHeaders(headers))).toEqual({ command: "headers", headers });
  expect(frame("headers", encodeHeaders(new Uint8Array(0)))).toMatchObject({ headers: new Uint8Array(0) });
  expect(frame("getheaders", encodeGetHeaders([HASH, HASH]))).toEqual({
    command: "getheaders",
    locator: [HASH, HASH],
    stop: "00".repeat(32),
  });
  const items = [{ kind: INVENTORY.witnessBlock, hash: HASH }];
  for (const command of ["inv", "getdata", "notfound"]) {
    expect(frame(command, encodeInventory(items))).toEqual({ command, items });
  }
  expect(frame("sendheaders", EMPTY_PAYLOAD)).toEqual({ command: "sendheaders" });
  for (const command of ["reject", "mempool", "cmpctblock", "protoconf"]) {
    expect(frame(command, Uint8Array.of(1, 2, 3))).toEqual({ command: "ignored" });
  }
  expect([isKnownCommand("ping"), isKnownCommand("protoconf")]).toEqual([true, false]);
});

Deno.test("decodeMessage() reads a version as old and as new nodes write it", () => {
  const whole = encodeVersion(VERSION);
  const read = (payload: Uint8Array<ArrayBuffer>) => decodeMessage({ command: "version", payload });
  expect(read(whole.slice(0, -1))).toMatchObject({ version: { relay: true } });
  expect(read(Uint8Array.from([...whole, 1, 2]))).toEqual({ command: "version", version: VERSION });
  expect(codeOf(() => read(whole.slice(0, -2)))).toBe("TRUNCATED");
});

Deno.test("decodeMessage() reads addresses that TCP gets to", () => {
  const rest = (writer: CompactWriter, host: string) => writer.bytes(Uint8Array.fromHex(host)).uint16be(8333);
  const v1 = new CompactWriter().compactSize(2);
  rest(v1.uint32(5).uint64(9n), "00000000000000000000ffff01020304");
  rest(v1.uint32(6).uint64(1n), "20010db8000000000000000000000001");
  expect(decodeMessage({ command: "addr", payload: v1.finish() })).toEqual({
    command: "addr",
    addresses: [
      { time: 5, services: 9n, host: "1.2.3.4", port: 8333 },
      { time: 6, services: 1n, host: "2001:db8:0:0:0:0:0:1", port: 8333 },
    ],
  });
  const v2 = new CompactWriter().compactSize(4);
  const one = (network: number, host: string) => {
    v2.uint32(7).compactSize(1033).uint8(network).varBytes(Uint8Array.fromHex(host)).uint16be(8333);
  };
  one(1, "05060708");
  one(4, "ab".repeat(32)); // Tor
  one(200, "00"); // of a later day
  one(2, "20010db8000000000000000000000002");
  const { addresses } = decodeMessage({ command: "addrv2", payload: v2.finish() }) as { addresses: unknown };
  expect(addresses).toMatchObject([{ host: "5.6.7.8", services: 1033n }, { host: "2001:db8:0:0:0:0:0:2" }]);
  const every = new CompactWriter().compactSize(1).uint32(7).uint8(0xff).uint64(2n ** 64n - 1n).uint8(1);
  every.varBytes(Uint8Array.of(1, 1, 1, 1)).uint16be(1);
  expect(decodeMessage({ command: "addrv2", payload: every.finish() })).toMatchObject({
    addresses: [{ services: 2n ** 64n - 1n }],
  });
});

Deno.test("decodeMessage() refuses what is not written as it must be", async (t) => {
  const hash = "00".repeat(32);
  const rows: readonly (readonly [string, string, string, string])[] = [
    ["ping", "a short nonce", "00", "TRUNCATED"],
    ["ping", "a long nonce", "00".repeat(9), "TRAILING_BYTES"],
    ["verack", "a payload", "00", "TRAILING_BYTES"],
    ["headers", "a transaction count", "01" + "00".repeat(80) + "01", "MALFORMED"],
    ["headers", "more than there are", "02" + "00".repeat(81), "TRUNCATED"],
    ["headers", "2,001 of them", "fdd107", "TOO_LARGE"],
    ["headers", "bytes behind", "00ff", "TRAILING_BYTES"],
    ["headers", "a long count", "fd0100" + "00".repeat(81), "NOT_CANONICAL"],
    ["inv", "a count beyond everything", "ffffffffffffffffff", "TOO_LARGE"],
    ["inv", "too few", "02" + "02000000" + hash, "TRUNCATED"],
    ["inv", "2,001 of them", "fdd107", "TOO_LARGE"],
    ["getheaders", "a locator of 102", "7f110100" + "66" + hash.repeat(103), "TOO_LARGE"],
    ["getheaders", "no stop", "7f110100" + "01" + hash, "TRUNCATED"],
    ["addr", "1,001 of them", "fde903", "TOO_LARGE"],
    [
      "addrv2",
      "IPv4 of five bytes",
      "01" + "00000000" + "00" + "01" + "05" + "0102030405" + "208d",
      "MALFORMED",
    ],
    ["addrv2", "513 bytes", "01" + "00000000" + "00" + "09" + "fd0102" + "00".repeat(515), "TOO_LARGE"],
    ["version", "a user agent of 257 bytes", "00".repeat(80) + "fd0101" + "61".repeat(262), "TOO_LARGE"],
    ["block", "a header and nothing", "00".repeat(80), "TRUNCATED"],
  ];
  for (const [command, name, hex, code] of rows) {
    await t.step(`${command}: ${name}`, () => {
      expect(codeOf(() => decodeMessage({ command, payload: Uint8Array.fromHex(hex) }))).toBe(code);
    });
  }
});
