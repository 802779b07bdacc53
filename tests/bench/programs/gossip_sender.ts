/**
 * The sending side of `gossip_deliver`: `node <address>` publishes through the node's P2P service, `bare <address>`
 * through plain js-libp2p gossipsub. Says its port; `/prepare?count=` makes messages, `/publish?count=` publishes them.
 */
import { multiaddr } from "@multiformats/multiaddr";
import { afterTurn, systemClock, systemRandom } from "../../../core/base/mod.ts";
import { createEventBus } from "../../../core/events/mod.ts";
import { loadIdentity } from "../../../core/identity/mod.ts";
import { minedHeader } from "../../../core/p2p/_fixture.ts";
import { createP2pService } from "../../../core/p2p/mod.ts";
import { createLogger, createMetrics } from "../../../core/telemetry/mod.ts";
import { eventually } from "../../support/eventually.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { GOSSIP_TOPIC, startBareHost } from "./bare_gossip.ts";

/** Published before the event loop gets its turn, so that the sockets are written meanwhile. */
const BURST = 25;
const CLIENT_NAME = "bench";

interface Block {
  readonly Hash: string;
  readonly Height: number;
  readonly Header: string;
}
type Send = () => Promise<unknown>;

/** Answers how to send a block. */
async function startNode(address: string): Promise<(block: Block) => Send> {
  await using dir = await tempDir();
  const clock = systemClock;
  const logger = createLogger({ level: "warn", format: "json", write: console.error, clock });
  const metrics = createMetrics();
  const service = createP2pService(
    {
      identity: await loadIdentity({ dataDir: dir.path }),
      clock,
      random: systemRandom,
      logger,
      metrics,
      events: createEventBus({ clock, logger, metrics }),
    },
    {
      network: "regtest",
      name: CLIENT_NAME,
      version: "0.0.0",
      listen: [],
      announce: [],
      staticPeers: [],
      topicPrefix: "commons/bitcoin/1.0.0",
      envelope: "raw",
      listenMode: "full",
      maxConnections: 8,
      dataHubUrl: "",
      dht: "off",
    },
  );
  await service.start();
  await service.addPeer(address);
  await eventually(
    "the node's subscription",
    () => service.stats().topics.some(({ topic, subscribers }) => topic === "block" && subscribers > 0),
  );
  return (block) => () => service.publish("block", { ...block });
}

/** The same, with bytes that stand ready. */
async function startBare(address: string): Promise<(block: Block) => Send> {
  const { peerId, dial, pubsub } = await startBareHost({ listen: [] });
  await dial(multiaddr(address));
  await eventually("the receiver's subscription", () => pubsub.getSubscribers(GOSSIP_TOPIC).length > 0);
  const own = { PeerID: peerId, ClientName: CLIENT_NAME, DataHubURL: "" };
  return (block) => {
    const bytes = new TextEncoder().encode(JSON.stringify({ ...block, ...own }));
    return () => pubsub.publish(GOSSIP_TOPIC, bytes);
  };
}

const [side, address = ""] = Deno.args;
const toSend = await (side === "node" ? startNode(address) : startBare(address));
let prepared: Send[] = [];
let made = 0;

function prepare(count: number): void {
  prepared = Array.from({ length: count }, () => {
    const { header, hash } = minedHeader(++made);
    return toSend({ Hash: hash, Height: made, Header: header });
  });
}

async function publish(count: number): Promise<void> {
  for (let left = count; left > 0; left -= BURST) {
    for (const send of prepared.splice(0, Math.min(BURST, left))) await send();
    await new Promise<void>((resolve) => afterTurn(resolve));
  }
}

const onListen = ({ port }: Deno.NetAddr) => console.log(`port ${port}`);
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, async (request) => {
  const { pathname, searchParams } = new URL(request.url);
  const count = Number(searchParams.get("count"));
  if (pathname === "/prepare") prepare(count);
  else await publish(count);
  return new Response("done");
});
