import type { NodeMethodTable } from "./node_api_types.ts";

interface Group {
  readonly group: string;
  /** Why the group's methods do not answer yet. */
  readonly reason: string;
  /** Capability → methods, separated by blanks; `""` needs none. */
  readonly methods: Readonly<Record<string, string>>;
}

const NO_BLOCKS = "no source of blocks is configured: chain.bitcoin_peers or chain.rpc_url";
const NO_FULL_NODE = "no full node is configured: chain.rpc_url";
const NO_SERVING = "this version serves no blocks or transactions to Bitcoin peers";
const NO_MESH = "this version has no mesh";

/** Names that modules may count on, so that they fail by a clear reason until the service behind them is there. */
const GROUPS: readonly Group[] = [
  {
    group: "chain",
    reason: NO_BLOCKS,
    methods: {
      read_blockchain: "getBlock getTransaction hasTransaction getBlockByHeight",
      read_utxo: "getUtxo",
    },
  },
  {
    group: "chain",
    reason: "this node keeps no header chain",
    methods: {
      read_blockchain: "getBlockHeader",
      read_chain_state: "getChainTip getBlockHeight getChainInfo getSyncStatus",
    },
  },
  {
    group: "mempool",
    reason: NO_FULL_NODE,
    methods: {
      read_mempool:
        "getMempoolTransactions getMempoolTransaction getMempoolSize checkTransactionInMempool getFeeEstimate",
      send_transactions: "sendTransaction",
    },
  },
  {
    group: "network",
    reason: NO_SERVING,
    methods: {
      read_network: "getBlockServeDenylistSnapshot getTxServeDenylistSnapshot",
      network_access: "mergeBlockServeDenylist clearBlockServeDenylist replaceBlockServeDenylist " +
        "mergeTxServeDenylist clearTxServeDenylist replaceTxServeDenylist setBlockServeMaintenanceMode",
    },
  },
  {
    group: "network",
    reason: "this node takes part in no network",
    methods: { read_network: "getNetworkStats getNetworkPeers", network_access: "banPeer" },
  },
  {
    group: "network",
    reason: NO_MESH,
    methods: { network_access: "sendMeshPacketToPeer sendPeerTransportPayload" },
  },
  {
    group: "mining",
    reason: NO_FULL_NODE,
    methods: {
      read_blockchain: "getBlockTemplate",
      submit_block: "submitBlock",
    },
  },
  {
    group: "mining",
    reason: "this node keeps no header chain",
    methods: { queue_inbound_block: "queueReceivedBlockBytes" },
  },
  {
    group: "payments",
    reason: "this version has no payments",
    methods: { read_payment: "getPaymentState" },
  },
  {
    group: "lightning",
    reason: "no Lightning backend is configured",
    methods: { read_lightning: "getLightningNodeUrl getLightningInfo" },
  },
  {
    group: "mesh",
    reason: NO_MESH,
    methods: { mesh: "sendPacket pollReceived discoverRoute quoteRoute requestHopInvoice stats" },
  },
  {
    group: "governance",
    reason: "this version has no governance",
    methods: { governance_vote: "castVote", "": "getProposals getResults" },
  },
];

/** Methods that are known but do not work in this version. */
export const unavailableMethods: NodeMethodTable = Object.fromEntries(
  GROUPS.flatMap(({ group, reason, methods }) =>
    Object.entries(methods).flatMap(([capability, names]) =>
      names.split(" ").map((name) => [
        `${group}.${name}`,
        { capability: capability === "" ? null : capability, unavailable: reason, run: () => undefined },
      ])
    )
  ),
);
