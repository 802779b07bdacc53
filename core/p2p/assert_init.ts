import { CommonsError, type PeerIdText, tryPeerIdText } from "../base/mod.ts";
import { parseAnnounceAddress, parseListenAddress, unspokenTransport } from "./addresses.ts";
import { isDisplayName } from "./fields.ts";
import { assertSharedKey } from "./host.ts";
import { assertSharedKeyHolds } from "./reachability.ts";
import { MAX_STATIC_PEERS } from "./static_peers.ts";
import type { P2pInit } from "./types.ts";

/** Most peer ids in a list of allowed publishers. */
const MAX_PUBLISHERS = 4_096;

/** @throws {CommonsError} for settings that could only fail later */
export function assertInit(init: P2pInit, self?: PeerIdText): void {
  assertSharedKey(init.sharedKey);
  assertSpoken(init);
  init.listen.forEach(parseListenAddress);
  init.announce.forEach((text) => parseAnnounceAddress(text, self));
  if (!isDisplayName(init.name)) {
    throw new CommonsError(
      "INVALID_NAME",
      "Cannot use the node's name: need up to 64 printable ASCII characters, none of < > & \" ' and back-tick",
    );
  }
  if (init.staticPeers.length > MAX_STATIC_PEERS) {
    throw new CommonsError(
      "TOO_MANY_PEERS",
      `Cannot keep ${init.staticPeers.length} static peers: at most ${MAX_STATIC_PEERS}`,
    );
  }
  assertPublishers(init.allowedPublishers ?? []);
}

/** Addresses of transports that would let strangers into a closed network are worth an error of their own. */
function assertSpoken(init: P2pInit): void {
  const settings = {
    "p2p.listen": init.listen,
    "p2p.announce": init.announce,
    "p2p.bootstrap": init.bootstrap ?? [],
    "p2p.static_peers": init.staticPeers,
  };
  for (const [setting, addresses] of Object.entries(settings)) {
    for (const address of addresses) {
      const transport = unspokenTransport(address);
      if (transport !== undefined) assertSharedKeyHolds(init.sharedKey, { transport, setting, address });
    }
  }
}

function assertPublishers(publishers: readonly string[]): void {
  if (publishers.length > MAX_PUBLISHERS) {
    throw new CommonsError(
      "TOO_MANY_PEERS",
      `Cannot allow ${publishers.length} publishers: at most ${MAX_PUBLISHERS}`,
    );
  }
  const wrong = publishers.find((text) => tryPeerIdText(text) === undefined);
  if (wrong === undefined) return;
  throw new CommonsError(
    "INVALID_PEER_ID",
    `Cannot allow the publisher ${JSON.stringify(wrong.slice(0, 80))}: it is not a peer id`,
  );
}
