import type { HashHex } from "../../base/mod.ts";
import type { HeaderChain } from "../types.ts";

/** Those of one message. */
const MAX_HEADERS = 2_000;

/**
 * The headers that answer a `getheaders`: up to 2,000 of the best chain behind the first hash of the locator that is on
 * it, up to `stop` when that is one of them. `undefined` (no answer at all) when none of the locator is on it, or while
 * the chain has less work than the network is known to have: nobody should follow it.
 */
export function headersFor(
  chain: HeaderChain,
  { locator, stop }: { readonly locator: readonly HashHex[]; readonly stop: HashHex },
): Uint8Array<ArrayBuffer> | undefined {
  const fork = chain.forkHeight(locator);
  const hash = chain.hashAt(fork);
  if (hash === undefined || !locator.includes(hash)) return undefined;
  if (BigInt(`0x${chain.tip().chainwork}`) < chain.params.minimumChainWork) return undefined;
  const last = chain.header(stop);
  const wanted = last !== undefined && last.confirmations > 0 ? last.height - fork : MAX_HEADERS;
  return chain.range(fork + 1, Math.max(0, Math.min(wanted, MAX_HEADERS)));
}
