import { CommonsError, type HashHex } from "../../core/base/mod.ts";
import {
  CompactWriter,
  decodeMessage,
  EMPTY_PAYLOAD,
  encodeFrame,
  encodeGetHeaders,
  encodeHeaders,
  encodeInventory,
  encodeNonce,
  encodeVersion,
  FrameReader,
  INVENTORY,
  payloadLimit,
  type WireFrame,
  type WireMessage,
  wireNetwork,
} from "../../core/bitcoin/mod.ts";
import type { FramedTarget } from "./fuzz.ts";

const HASH = "00".repeat(31) + "7f" as HashHex;
const { magic } = wireNetwork("mainnet");

function addrV2(): Uint8Array {
  const writer = new CompactWriter().compactSize(3);
  const one = (network: number, bytes: number) => {
    writer.uint32(7).compactSize(1033).uint8(network).varBytes(new Uint8Array(bytes).fill(9)).uint16be(8333);
  };
  one(1, 4);
  one(2, 16);
  one(4, 32);
  return writer.finish();
}

/** A good payload for each command. */
const PAYLOADS: readonly (readonly [string, Uint8Array])[] = [
  [
    "version",
    encodeVersion({
      version: 70_016,
      services: 1033n,
      time: 1n,
      nonce: 2n,
      userAgent: "/Satoshi:27.0.0/",
      startHeight: 3,
      relay: true,
    }),
  ],
  ["verack", EMPTY_PAYLOAD],
  ["ping", encodeNonce(1n)],
  ["getheaders", encodeGetHeaders([HASH, HASH])],
  ["headers", encodeHeaders(new Uint8Array(240))],
  ["inv", encodeInventory([{ kind: INVENTORY.block, hash: HASH }])],
  ["notfound", encodeInventory([])],
  ["addr", new CompactWriter().compactSize(1).bytes(new Uint8Array(30)).finish()],
  ["addrv2", addrV2()],
  ["feefilter", encodeNonce(1000n)],
  ["block", new Uint8Array(90)],
];

/** What every message must be like that was read. */
function assertMessage(message: WireMessage): void {
  if (message.command === "headers" && message.headers.length % 80 !== 0) throw new Error("half a header");
  if ("items" in message && message.items.length > 2_000) throw new Error("too many items");
  if ("addresses" in message && message.addresses.length > 1_000) throw new Error("too many addresses");
}

/** Code of what a reader throws; anything but our errors is a failure. */
function outcomeOf(read: () => void): string {
  try {
    read();
    return "OK";
  } catch (error) {
    if (!(error instanceof CommonsError)) throw error;
    return error.code;
  }
}

/** A byte that chooses the command, then its payload. */
function payloadTarget(): FramedTarget {
  return {
    name: "bitcoin payload",
    seeds: [],
    frames: PAYLOADS.map(([, payload], i) => new Uint8Array([i, ...payload])),
    maxBytes: 4_096,
    run: (frame) =>
      outcomeOf(() => {
        const [command] = PAYLOADS[(frame[0] ?? 0) % PAYLOADS.length] ?? ["ping"];
        assertMessage(decodeMessage({ command, payload: new Uint8Array(frame.subarray(1)) }));
      }),
  };
}

/** A stream of messages, in two pieces. */
function streamTarget(): FramedTarget {
  const streams = PAYLOADS.map(([command, payload]) =>
    new Uint8Array([
      ...encodeFrame(magic, { command, payload }),
      ...encodeFrame(magic, { command: "verack", payload: EMPTY_PAYLOAD }),
    ])
  );
  return {
    name: "bitcoin stream",
    seeds: [],
    frames: streams,
    maxBytes: 4_096,
    run: (frame) =>
      outcomeOf(() => {
        const reader = new FrameReader({ magic });
        const take = (message: WireFrame) => {
          if (message.payload.length > payloadLimit(message.command)) throw new Error("beyond the limit");
          assertMessage(decodeMessage(message));
        };
        const middle = (frame[frame.length - 1] ?? 0) % (frame.length + 1);
        reader.push(frame.subarray(0, middle), take);
        reader.push(frame.subarray(middle), take);
      }),
  };
}

/** Readers of what Bitcoin nodes send. */
export function wireTargets(): readonly FramedTarget[] {
  return [payloadTarget(), streamTarget()];
}
