import { CommonsError } from "../base/mod.ts";
import type { HubUrls } from "./hub_urls.ts";
import { addressReach } from "./private_hosts.ts";

/** Resolves a host name to its IPv4 and IPv6 addresses. */
export type ResolveHost = (
  hostname: string,
  options: { readonly signal?: AbortSignal },
) => Promise<readonly string[]>;

export interface HubAddressesOptions {
  readonly hubs: HubUrls;
  /** As in `HubUrlsInit`. */
  readonly allowPrivate: boolean;
  readonly resolve: ResolveHost;
  readonly signal?: AbortSignal;
}

const MAX_ADDRESSES = 16;

/**
 * Addresses under which a peer's URL may be called now. To be asked right before each request, for the target of every
 * redirect too, and the request to be made to one of these: a name may resolve to something else the next moment.
 *
 * @throws {CommonsError} `BAD_URL`, `PRIVATE_URL` (also when only one of its addresses is private), `BLOCKED_URL`,
 * `UNRESOLVED_HOST`; whatever `resolve` rejects with is its cause
 */
export async function hubAddresses(text: string, options: HubAddressesOptions): Promise<readonly string[]> {
  const { hubs, allowPrivate, resolve, signal } = options;
  const verdict = hubs.judge(text);
  if (verdict.state !== "good" || verdict.url === "") throw refused(verdict.state);
  const { hostname } = new URL(verdict.url);
  const literal = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  if (addressReach(literal) !== "none") return [literal]; // judged with the URL
  const addresses = await resolved(hostname, { resolve, ...(signal === undefined ? {} : { signal }) });
  for (const address of addresses) {
    const reach = addressReach(address);
    if (reach === "none" || reach === "private" && !allowPrivate) throw refused("private");
  }
  return addresses;
}

async function resolved(
  hostname: string,
  { resolve, signal }: Pick<HubAddressesOptions, "resolve" | "signal">,
): Promise<readonly string[]> {
  signal?.throwIfAborted();
  let addresses: readonly string[];
  try {
    addresses = await resolve(hostname, signal === undefined ? {} : { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw unresolved(cause);
  }
  if (addresses.length === 0) throw unresolved();
  return addresses.slice(0, MAX_ADDRESSES);
}

function unresolved(cause?: unknown): CommonsError {
  return new CommonsError("UNRESOLVED_HOST", "Cannot call a peer's URL: its host has no address", { cause });
}

function refused(state: "good" | "malformed" | "private" | "blocked"): CommonsError {
  switch (state) {
    case "private":
      return new CommonsError("PRIVATE_URL", "Cannot call a peer's URL: it points into a private network");
    case "blocked":
      return new CommonsError("BLOCKED_URL", "Cannot call a peer's URL: the operator does not want its host");
    default:
      return new CommonsError("BAD_URL", "Cannot call a peer's URL: it is not a plain http or https URL");
  }
}
