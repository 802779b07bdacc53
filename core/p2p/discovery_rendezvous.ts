import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { sha256 } from "multiformats/hashes/sha2";

/** Key under which nodes of a topic announce themselves in the DHT: go-libp2p's routing discovery makes the same. */
export async function rendezvousKey(topic: string): Promise<CID> {
  return CID.createV1(raw.code, await sha256.digest(new TextEncoder().encode(topic)));
}
