import { doubleSha256, POW_LIMIT_BITS } from "../../core/base/mod.ts";

/** Where a mined chain goes on. */
export interface MinedTip {
  /** 32 bytes in wire order. */
  readonly hash: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
}

export interface MineOptions {
  /** Makes branches from one parent differ. */
  readonly tag?: number;
  readonly version?: number;
  readonly bits?: number;
  /** Seconds between two headers; default 600. */
  readonly spacing?: number;
}

export interface MinedChain {
  /** 80 bytes each. */
  readonly headers: Uint8Array<ArrayBuffer>;
  readonly tip: MinedTip;
}

/** Hash and time of a header. */
export function tipOf(header: Uint8Array): MinedTip {
  const time = new DataView(header.buffer, header.byteOffset).getUint32(68, true);
  return { hash: doubleSha256(header), time };
}

/** Mines `count` headers with real proof of work at regtest's difficulty, some two hashes each. */
export function mineHeaders(parent: MinedTip, count: number, options: MineOptions = {}): MinedChain {
  const { spacing = 600 } = options;
  const headers = new Uint8Array(count * 80);
  let tip = parent;
  for (let i = 0; i < count; i++) {
    const header = headers.subarray(i * 80, i * 80 + 80);
    fillHeader(header, tip, { ...options, time: tip.time + spacing, serial: i });
    tip = { hash: mineHeader(header), time: tip.time + spacing };
  }
  return { headers, tip };
}

/** One header with any fields, mined unless its bits are too hard. */
export function mineOne(
  parent: MinedTip,
  options: MineOptions & { readonly time?: number } = {},
): MinedChain {
  const header = new Uint8Array(80);
  const time = options.time ?? parent.time + 600;
  fillHeader(header, parent, { ...options, time, serial: 0 });
  return { headers: header, tip: { hash: mineHeader(header), time } };
}

function fillHeader(
  header: Uint8Array,
  parent: MinedTip,
  options: MineOptions & { readonly time: number; readonly serial: number },
): void {
  const { tag = 0, version = 0x20000000, bits = POW_LIMIT_BITS.regtest, time, serial } = options;
  const view = new DataView(header.buffer, header.byteOffset, 80);
  view.setInt32(0, version, true);
  header.set(parent.hash, 4);
  view.setUint32(36, tag, true);
  view.setUint32(40, serial, true);
  view.setUint32(68, time, true);
  view.setUint32(72, bits, true);
}

/** Tries nonces until the hash is below 2^255, and answers it. */
export function mineHeader(header: Uint8Array): Uint8Array {
  const view = new DataView(header.buffer, header.byteOffset, 80);
  for (let nonce = 0;; nonce++) {
    view.setUint32(76, nonce, true);
    const hash = doubleSha256(header);
    if ((hash[31] ?? 0xff) < 0x7f) return hash;
  }
}
