import { CommonsError } from "../base/mod.ts";
import { parseAnnounceAddress, parseListenAddress } from "./addresses.ts";
import { isDisplayName } from "./fields.ts";
import { assertSharedKey } from "./host.ts";
import { MAX_STATIC_PEERS } from "./static_peers.ts";
import type { P2pInit } from "./types.ts";

/** @throws {CommonsError} for settings that could only fail later */
export function assertInit(init: P2pInit): void {
  init.listen.forEach(parseListenAddress);
  init.announce.forEach(parseAnnounceAddress);
  assertSharedKey(init.sharedKey);
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
}
