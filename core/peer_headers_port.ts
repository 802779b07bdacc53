import { CommonsError } from "./base/mod.ts";
import { type HeadersPort, PEER_HEADERS_LIMITS, type PeerHeaders } from "./chain/mod.ts";
import type { Requests } from "./p2p/mod.ts";

/** Peers as the chain asks them; `requests` answers `undefined` until there is a network. */
export function headersPort(requests: () => Requests | undefined): HeadersPort {
  const { protocol } = PEER_HEADERS_LIMITS;
  return {
    speakers: () => requests()?.speakers(protocol) ?? [],
    request(peerId, question, options) {
      const network = requests();
      if (network !== undefined) return network.request(peerId, protocol, question, options);
      return Promise.reject(
        new CommonsError("NOT_CONNECTED", "Cannot ask the peer: there is no network yet"),
      );
    },
  };
}

/** Answers peers that ask for headers. */
export function serveHeaders(requests: Requests, headers: Pick<PeerHeaders, "answer">): Disposable {
  const { protocol, ...limits } = PEER_HEADERS_LIMITS;
  return requests.handle(protocol, { ...limits, answer: (question) => headers.answer(question) });
}
