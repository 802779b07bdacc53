import type { HashHex } from "../base/mod.ts";

/** Services that a node offers, as bits (Bitcoin Core `protocol.h`). */
export const SERVICES = Object.freeze({
  /** All blocks. */
  network: 1n,
  /** Blocks with their witnesses (BIP144). */
  witness: 1n << 3n,
  /** The last 288 blocks (BIP159). */
  networkLimited: 1n << 10n,
});

/** Kinds of inventory. */
export const INVENTORY = Object.freeze({
  transaction: 1,
  block: 2,
  witnessTransaction: 0x4000_0001,
  witnessBlock: 0x4000_0002,
});

export interface InventoryItem {
  /** One of {@linkcode INVENTORY}, or a kind that is not known here. */
  readonly kind: number;
  readonly hash: HashHex;
}

export interface VersionMessage {
  readonly version: number;
  readonly services: bigint;
  /** Unix seconds, as the node claims. */
  readonly time: bigint;
  readonly nonce: bigint;
  /** As it came: it may hold anything. */
  readonly userAgent: string;
  readonly startHeight: number;
  readonly relay: boolean;
}

/** Where a node may be reached: networks that TCP gets to; others are left out. */
export interface WireAddress {
  /** Unix seconds when it was last seen, as the teller claims. */
  readonly time: number;
  readonly services: bigint;
  /** IPv4 or IPv6 as text. */
  readonly host: string;
  readonly port: number;
}

/** A message whose payload was read. */
export type WireMessage =
  | { readonly command: "version"; readonly version: VersionMessage }
  | { readonly command: "verack" | "sendheaders" | "sendaddrv2" | "wtxidrelay" | "getaddr" }
  | { readonly command: "ping" | "pong"; readonly nonce: bigint }
  | { readonly command: "feefilter"; readonly rate: bigint }
  | { readonly command: "getheaders"; readonly locator: readonly HashHex[]; readonly stop: HashHex }
  /** 80 bytes each, without their counts of transactions. */
  | { readonly command: "headers"; readonly headers: Uint8Array<ArrayBuffer> }
  | { readonly command: "inv" | "getdata" | "notfound"; readonly items: readonly InventoryItem[] }
  | { readonly command: "addr" | "addrv2"; readonly addresses: readonly WireAddress[] }
  | { readonly command: "block"; readonly block: Uint8Array<ArrayBuffer> }
  /** Known and of no use here, or not known. */
  | { readonly command: "ignored" };
