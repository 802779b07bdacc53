import type { ApiGroup } from "../sdk/types.ts";
import type { Channel } from "./channel.ts";

/** Node API methods that take their parameters as they are, by group. The names are the wire's: `<group>.<method>`. */
export const GROUPS = Object.freeze({
  fs: ["readFile", "writeFile", "deleteFile", "listDirectory", "createDirectory", "getFileMetadata"],
  metrics: [
    "reportMetric",
    "getModuleMetrics",
    "getAllMetrics",
    "reportModuleHealth",
    "getModuleHealth",
    "getAllModuleHealth",
  ],
  chain: [
    "getBlock",
    "getBlockHeader",
    "getTransaction",
    "hasTransaction",
    "getBlockByHeight",
    "getChainTip",
    "getBlockHeight",
    "getChainInfo",
    "getSyncStatus",
    "getUtxo",
  ],
  mempool: [
    "getMempoolTransactions",
    "getMempoolTransaction",
    "getMempoolSize",
    "checkTransactionInMempool",
    "getFeeEstimate",
  ],
  network: [
    "getNetworkStats",
    "getNetworkPeers",
    "mergeBlockServeDenylist",
    "clearBlockServeDenylist",
    "replaceBlockServeDenylist",
    "getBlockServeDenylistSnapshot",
    "mergeTxServeDenylist",
    "clearTxServeDenylist",
    "replaceTxServeDenylist",
    "getTxServeDenylistSnapshot",
    "setBlockServeMaintenanceMode",
    "banPeer",
    "sendMeshPacketToPeer",
    "sendPeerTransportPayload",
  ],
  mining: ["getBlockTemplate", "submitBlock", "queueReceivedBlockBytes"],
  payments: ["getPaymentState"],
  lightning: ["getLightningNodeUrl", "getLightningInfo"],
  mesh: ["sendPacket", "pollReceived", "discoverRoute", "quoteRoute", "requestHopInvoice", "stats"],
  governance: ["getProposals", "castVote", "getResults"],
});

/** Groups of functions that call the node. */
export function groupMethods(channel: Channel): Readonly<Record<keyof typeof GROUPS, ApiGroup>> {
  const entries = Object.entries(GROUPS).map(([group, methods]) => [
    group,
    Object.freeze(Object.fromEntries(methods.map((method) => [
      method,
      (...params: unknown[]) => channel.call(`${group}.${method}`, params),
    ]))),
  ]);
  return Object.fromEntries(entries);
}
