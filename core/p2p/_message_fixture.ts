import { FakeClock } from "../base/mod.ts";
import { BLOCK_1 } from "./_fixture.ts";
import type { CheckContext, OwnFields } from "./codec.ts";
import { HubUrls } from "./hub_urls.ts";
import type { TopicName } from "./types.ts";

export const CHAIN = "commons/bitcoin/1.0.0/mainnet";

type Message = Readonly<Record<string, unknown>>;

/** What a message of `author` on mainnet is checked against; it came from the author itself. */
export function testContext(author: string, context: Partial<CheckContext> = {}): CheckContext {
  return {
    author,
    source: author,
    network: "mainnet",
    chain: CHAIN,
    clock: new FakeClock(),
    hubs: new HubUrls({ allowPrivate: true }),
    believable: (height) => height,
    noNews: () => undefined,
    ...context,
  };
}

export function testOwn(own: Partial<OwnFields> = {}): OwnFields {
  return {
    peerId: "12D3KooW",
    clientName: "me",
    dataHubUrl: "http://hub",
    userAgent: "commons-node/0.0.0-test",
    services: 0,
    chain: CHAIN,
    tip: () => undefined,
    status: () => ({}),
    ...own,
  };
}

const HASH = BLOCK_1.hash;
const HUB = "https://node.example/api/v1";

/** A good message of each kind with every field that must be there. */
export function goodMessages(author: string): Readonly<Record<TopicName, Message>> {
  return {
    block: {
      PeerID: author,
      DataHubURL: HUB,
      Hash: HASH,
      Height: 1,
      Header: BLOCK_1.header,
    },
    subtree: { PeerID: author, DataHubURL: HUB, Hash: HASH },
    miningon: {
      Hash: HASH,
      PreviousHash: "0".repeat(64),
      DataHubURL: HUB,
      PeerID: author,
      Height: 1,
      Miner: "a miner",
      SizeInBytes: 215,
      TxCount: 1,
    },
    rejected_tx: { PeerID: author, TxID: HASH, Reason: "fee too low" },
    handshake: {
      type: "version",
      peerID: author,
      bestHeight: 1,
      bestHash: HASH,
      dataHubURL: HUB,
      userAgent: "teranode/bitcoin/v1.2.3",
      services: 0,
      topicPrefix: CHAIN,
    },
    bestblock: { PeerID: author },
    node_status: {
      type: "node_status",
      base_url: HUB,
      peer_id: author,
      version: "v1.2.3",
      commit_hash: "abc123",
      best_block_hash: HASH,
      best_height: 1,
      fsm_state: "RUNNING",
      start_time: 1_700_000_000,
      uptime: 12.5,
      client_name: "a node",
      miner_name: "a miner",
      listen_mode: "full",
      chain_work: "02".padStart(64, "0"),
    },
  };
}

/** Good values of the fields that may be absent. */
export const OPTIONAL_FIELDS: Readonly<Record<TopicName, Message>> = {
  block: { ClientName: "a node", Coinbase: "00ff" },
  subtree: { ClientName: "a node" },
  miningon: {},
  rejected_tx: { ClientName: "a node" },
  handshake: {},
  bestblock: { Height: 1, Hash: HASH },
  node_status: {
    block_assembly_details: { txCount: 3, blockAssemblyState: "running", subtrees: [HASH], other: { a: 1 } },
    tx_count: 3,
    subtree_count: 1,
    sync_peer_id: "12D3KooWpeer",
    sync_peer_height: 5,
    sync_peer_block_hash: HASH,
    sync_connected_at: 1_700_000_000,
    propagation_url: HUB,
    min_mining_tx_fee: 0.00000001,
    fee_policy: { miningFee: { satoshis: 1, bytes: 1000 }, maxtxsizepolicy: 10_000_000 },
    connected_peers_count: 7,
    legacy_connected_peers_count: 0,
    storage: "pruned",
    services: 536870912,
  },
};
