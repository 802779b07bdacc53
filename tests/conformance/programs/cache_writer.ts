/** Saves the peer cache without end, each time all of another size: `cache_writer.ts <file> <round>`. */
import type { PeerIdText } from "../../../core/base/mod.ts";
import { PeerCacheFile } from "../../../core/p2p/peer_cache_file.ts";
import type { Logger } from "../../../core/telemetry/mod.ts";

const [path = "", round = "0"] = Deno.args;
const say = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
const logger: Logger = {
  debug() {},
  info() {},
  warn: (message, fields) => say(`warned ${message} ${JSON.stringify(fields)}`),
  error() {},
  child: () => logger,
};
const file = new PeerCacheFile({ logger }, { path });
const loaded = await file.load(Date.now());
say(`loaded ${loaded.length}`);
for (let save = 0;; save++) {
  const now = Date.now();
  const peers = Array.from({ length: 1 + (save * 37) % 100 }, (_, i) => ({
    id: `12D3KooW${String(i).replaceAll("0", "z").padStart(44, "A")}` as PeerIdText, // of the right form
    addresses: [`/ip4/8.8.4.4/tcp/${1 + (save + i) % 60_000}`],
    lastSeen: now,
    lastConnected: now,
    connections: Number(round) + 1,
    failures: 0,
  }));
  await file.save(peers);
  if (save < 3) say("saved");
}
