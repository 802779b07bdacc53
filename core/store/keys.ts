import type { ModuleName } from "../base/mod.ts";
import type { KeyPart, StoreKey } from "./port.ts";

/**
 * The key table: every first part of a key, and what lives below it. A service that needs another one adds it here, so
 * that no two can collide. Names are never reused for something else (a migration removes what lies below an old one).
 */
export const KEY_TABLE = Object.freeze({
  meta: "about the store itself: schema version",
  node: "facts of the node that outlive a restart",
  module: "a module's own data and its usage, by module name",
  grant: "what the operator approved, by module name",
  module_state: "what the module host remembers, by module name",
  ban: "bans, by target",
  peer: "peers that were added while running, known addresses",
  chain: "header chain: headers, heights, tip, anchor",
  gossip: "what the gossip services remember",
  event: "events kept for clients that resume",
  governance: "governance messages, nodes, proposals, outbox, log",
  mesh: "mesh routes, ledger, payment proofs, replay guard",
  blob: "values over 64 KiB, in chunks",
});

/** A first part of a key. */
export type KeyArea = keyof typeof KEY_TABLE;

/** A key in an area: `storeKey("chain", "tip")`. */
export function storeKey(area: KeyArea, ...rest: KeyPart[]): StoreKey {
  return [area, ...rest];
}

/** Keys that more than one place uses. Services build those of their own area with {@linkcode storeKey}. */
export const keys = Object.freeze({
  schema: (): StoreKey => storeKey("meta", "schema"),
  /** Prefix for {@linkcode namespacedStore}. */
  module: (name: ModuleName): StoreKey => storeKey("module", name),
  grant: (name: ModuleName): StoreKey => storeKey("grant", name),
  grants: (): StoreKey => storeKey("grant"),
  moduleState: (name: ModuleName): StoreKey => storeKey("module_state", name),
  ban: (target: string): StoreKey => storeKey("ban", target),
  bans: (): StoreKey => storeKey("ban"),
});
