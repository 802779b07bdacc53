import { CommonsError } from "./errors.ts";

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Name of a module: `[a-z0-9][a-z0-9-_]{0,63}`. */
export type ModuleName = Brand<string, "ModuleName">;
/** libp2p peer id as text, `12D3KooW…` for this node's own kind. */
export type PeerIdText = Brand<string, "PeerIdText">;
/** Block or transaction hash: 64 lower-case hex digits in display order. */
export type HashHex = Brand<string, "HashHex">;

const MODULE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const PEER_ID = /^[1-9A-HJ-NP-Za-km-z]{46,64}$/;
const HASH = /^[0-9a-f]{64}$/;

/** `text` as a module name, or `undefined`. */
export function tryModuleName(text: unknown): ModuleName | undefined {
  return typeof text === "string" && MODULE_NAME.test(text) ? text as ModuleName : undefined;
}

/** @throws {CommonsError} `INVALID_MODULE_NAME` */
export function parseModuleName(text: unknown): ModuleName {
  const name = tryModuleName(text);
  if (name === undefined) {
    const shown = typeof text === "string"
      ? JSON.stringify(text.slice(0, 80))
      : `a value of type ${typeof text}`;
    throw new CommonsError(
      "INVALID_MODULE_NAME",
      `Cannot use ${shown} as a module name: need 1 to 64 of a-z, 0-9, - and _, the first a letter or digit`,
    );
  }
  return name;
}

/** `text` as a peer id by its form (base58, 46 to 64 characters), or `undefined`. Not a check of the key inside. */
export function tryPeerIdText(text: unknown): PeerIdText | undefined {
  return typeof text === "string" && PEER_ID.test(text) ? text as PeerIdText : undefined;
}

/** `text` as a hash (64 lower-case hex digits), or `undefined`. */
export function tryHashHex(text: unknown): HashHex | undefined {
  return typeof text === "string" && HASH.test(text) ? text as HashHex : undefined;
}
