import type { ModuleNode } from "../sdk/types.ts";
import type { NodeCalls } from "./node_calls.ts";

/** Node API methods that take their parameters as they are, by group. The names are the wire's: `<group>.<method>`. */
export const GROUPS = Object.freeze({
  fs: [
    "readFile",
    "writeFile",
    "renameFile",
    "deleteFile",
    "listDirectory",
    "createDirectory",
    "getFileMetadata",
  ],
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
    "sendTransaction",
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

type Groups = Pick<ModuleNode, keyof typeof GROUPS>;

/** File operations that wait at the node at a time: it refuses more, so that nobody's data piles up there. */
const FILE_OPERATIONS = 16;

/** Groups of functions that call the node. */
export function groupMethods(calls: NodeCalls): Groups {
  const files = new Gate(FILE_OPERATIONS);
  const entries = Object.entries(GROUPS).map(([group, methods]) => [
    group,
    Object.freeze(Object.fromEntries(methods.map((method) => {
      const name = `${group}.${method}`;
      const call = (...params: unknown[]) => calls.call(name, params);
      return [method, group === "fs" ? (...params: unknown[]) => files.run(() => call(...params)) : call];
    }))),
  ]);
  // The types of the groups name exactly these methods; `sdk_test.ts` holds them to it.
  return Object.fromEntries(entries) as Groups;
}

/** Runs at most so many at a time, the rest in turn. */
class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
