import { type Clock, TokenBucket } from "../../base/mod.ts";
import {
  encodeHeaders,
  encodeInventory,
  INVENTORY,
  type InventoryItem,
  type WireMessage,
} from "../../bitcoin/mod.ts";
import type { HeaderChain } from "../types.ts";
import type { AddressPool } from "./address_pool.ts";
import type { BlockFetcher } from "./block_fetcher.ts";
import type { HeaderSync } from "./header_sync.ts";
import type { Peer } from "./peer.ts";
import { headersFor } from "./serve_headers.ts";

/** Answers to `getheaders`, 162 KB each at most: more often nobody needs them. */
const SERVED = { perSecond: 0.5, burst: 10 };

export interface PeerDeskComponents {
  readonly chain: HeaderChain;
  readonly clock: Clock;
  readonly sync: HeaderSync;
  readonly blocks: BlockFetcher;
  readonly pool: AddressPool;
}

/** Hands what ready peers say to whom it concerns, and answers what they ask. */
export class PeerDesk {
  readonly #components: PeerDeskComponents;
  readonly #served = new WeakMap<Peer, TokenBucket>();

  constructor(components: PeerDeskComponents) {
    this.#components = components;
  }

  take(peer: Peer, message: WireMessage): void {
    const { sync, blocks, pool } = this.#components;
    switch (message.command) {
      case "headers":
        return sync.headers(peer, message.headers);
      case "inv":
        return this.#announced(peer, message.items);
      case "block":
        return blocks.received(peer, message.block);
      case "notfound":
        return blocks.notFound(peer, message.items);
      case "getheaders":
        return this.#serve(peer, message);
      case "getdata":
        return peer.send("notfound", encodeInventory(message.items)); // nothing is kept here, and it is told
      case "addr":
      case "addrv2":
        return pool.addTold(message.addresses, peer.allowance);
    }
  }

  /** Only the last block counts: whoever has it has those before it. */
  #announced(peer: Peer, items: readonly InventoryItem[]): void {
    const last = items.findLast(({ kind }) => kind === INVENTORY.block || kind === INVENTORY.witnessBlock);
    if (last !== undefined) this.#components.sync.announced(peer, last.hash);
  }

  #serve(peer: Peer, question: Extract<WireMessage, { readonly command: "getheaders" }>): void {
    const { chain, clock } = this.#components;
    const bucket = this.#served.get(peer) ?? new TokenBucket({ clock, ...SERVED });
    this.#served.set(peer, bucket);
    if (!bucket.take()) return;
    const headers = headersFor(chain, question);
    if (headers !== undefined) peer.send("headers", encodeHeaders(headers));
  }
}
