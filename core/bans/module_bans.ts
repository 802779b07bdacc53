import { CommonsError } from "../base/mod.ts";
import { addressText } from "./address.ts";
import type { BanIndex } from "./ban_index.ts";
import { directAddress, multiaddrParts } from "./multiaddr.ts";
import type { BanRecord } from "./record.ts";
import { type BanTarget, parseBanTarget } from "./target.ts";

/** Part of all bans that modules may hold: they must not push out what the node itself has found. */
const SHARE = 1 / 4;

/**
 * What a module means: an address with or without port, a peer id, or the multiaddr of a peer.
 * @throws {CommonsError} `INVALID_BAN_TARGET`
 */
export function moduleTarget(text: string): BanTarget {
  const target = parseBanTarget(text.startsWith("/") ? ofMultiaddr(text) : text);
  if (target.kind !== "cidr") return target;
  throw new CommonsError("INVALID_BAN_TARGET", `Cannot ban ${target.text}: modules ban single peers`);
}

/** The direct address, else the last peer id, which is the one that the multiaddr leads to. */
function ofMultiaddr(text: string): string {
  const address = directAddress(text);
  return address === undefined ? multiaddrParts(text).peerIds.at(-1) ?? "" : addressText(address);
}

/** Whether a ban that is in force stays when a module asks for one until `until`. */
export function keepsBefore(before: BanRecord, until: number | null): boolean {
  if (before.source === "operator" || before.until === null) return true;
  return until !== null && until <= before.until;
}

/** Whether the target is one of these peers, by its id or by the address that it is connected from. */
export function isAmong(target: BanTarget, multiaddrs: readonly string[]): boolean {
  return multiaddrs.some((text) => {
    if (target.kind === "peer") return multiaddrParts(text).peerIds.at(-1) === target.text;
    const address = directAddress(text);
    return address !== undefined && addressText(address) === target.text;
  });
}

/** @throws {CommonsError} `BANS_FULL` */
export function assertRoom(index: BanIndex, maxEntries: number): void {
  const most = Math.max(1, Math.floor(maxEntries * SHARE));
  let held = 0;
  for (const { record } of index.all()) if (record.source === "module") held++;
  if (held < most) return;
  throw new CommonsError("BANS_FULL", `Cannot ban: modules hold ${most} bans already`);
}
