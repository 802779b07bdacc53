import {
  type AskedPeer,
  createPeerHeaders,
  type HeaderChain,
  type SourceDesk,
  startGossipSource,
} from "./chain/mod.ts";
import type { Requests } from "./p2p/mod.ts";
import { headersPort, serveHeaders } from "./peer_headers_port.ts";
import type { ChainParts } from "./start_chain.ts";

export interface HeaderExchangeParts extends Pick<ChainParts, "events" | "clock" | "logger" | "metrics"> {
  readonly chain: HeaderChain;
  readonly desk: SourceDesk;
}

/** Headers from other nodes of this kind, and for them. */
export interface HeaderExchange {
  /** From now on peers are asked for headers, and answered. Disposing ends the answers. */
  join(requests: Requests, onAsked: (asked: AskedPeer) => void): Disposable;
  stop(): Promise<void>;
}

/** Listens to gossip, where that is wanted, and follows up what is missing as soon as there is a network. */
export function startHeaderExchange(
  { chain, desk, events, clock, logger, metrics }: HeaderExchangeParts,
  { gossip }: { readonly gossip: boolean },
): HeaderExchange {
  let network: Requests | undefined;
  let judge: ((asked: AskedPeer) => void) | undefined;
  const headers = createPeerHeaders({
    chain,
    desk,
    clock,
    logger,
    metrics,
    port: headersPort(() => network),
    onAsked: (asked) => judge?.(asked),
  });
  const source = gossip
    ? startGossipSource({ chain, events, logger, metrics, missing: (header) => headers.missing(header) })
    : undefined;
  return {
    join(requests, onAsked) {
      network = requests;
      judge = onAsked;
      return serveHeaders(requests, headers);
    },
    async stop() {
      await source?.stop();
      await headers.stop();
    },
  };
}
