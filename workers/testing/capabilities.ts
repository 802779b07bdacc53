/** Capability → the methods that need it; `""` needs none. `tests/conformance/sdk_test.ts` holds it to the node's table. */
const METHODS: Readonly<Record<string, string>> = {
  "": "node.info cli.register http.register governance.getProposals governance.getResults",
  subscribe_events: "events.subscribe events.unsubscribe",
  publish_events: "events.publish",
  register_module_api: "api.expose api.unexpose",
  register_rpc_endpoint:
    "rpc.register rpc.unregister rpc.registerCoreRpcOverride rpc.unregisterCoreRpcOverride",
  discover_modules: "modules.list modules.info modules.available",
  call_module: "modules.call",
  report_metrics: "health.report metrics.reportModuleHealth metrics.reportMetric",
  read_metrics:
    "metrics.getModuleMetrics metrics.getAllMetrics metrics.getModuleHealth metrics.getAllModuleHealth",
  read_storage: "storage.get storage.list storage.usage",
  write_storage: "storage.set storage.delete storage.atomic",
  manage_storage: "storage.clear",
  read_filesystem: "fs.readFile fs.listDirectory fs.getFileMetadata",
  write_filesystem: "fs.writeFile fs.renameFile",
  manage_filesystem: "fs.deleteFile fs.createDirectory",
  read_blockchain:
    "chain.getBlock chain.getBlockHeader chain.getTransaction chain.hasTransaction chain.getBlockByHeight " +
    "mining.getBlockTemplate",
  read_chain_state: "chain.getChainTip chain.getBlockHeight chain.getChainInfo chain.getSyncStatus",
  read_utxo: "chain.getUtxo",
  read_mempool: "mempool.getMempoolTransactions mempool.getMempoolTransaction mempool.getMempoolSize " +
    "mempool.checkTransactionInMempool mempool.getFeeEstimate",
  read_network: "network.getNetworkStats network.getNetworkPeers network.getBlockServeDenylistSnapshot " +
    "network.getTxServeDenylistSnapshot",
  network_access:
    "network.mergeBlockServeDenylist network.clearBlockServeDenylist network.replaceBlockServeDenylist " +
    "network.mergeTxServeDenylist network.clearTxServeDenylist network.replaceTxServeDenylist " +
    "network.setBlockServeMaintenanceMode network.banPeer network.sendMeshPacketToPeer " +
    "network.sendPeerTransportPayload",
  send_transactions: "mempool.sendTransaction",
  submit_block: "mining.submitBlock",
  queue_inbound_block: "mining.queueReceivedBlockBytes",
  read_payment: "payments.getPaymentState",
  read_lightning: "lightning.getLightningNodeUrl lightning.getLightningInfo",
  mesh:
    "mesh.sendPacket mesh.pollReceived mesh.discoverRoute mesh.quoteRoute mesh.requestHopInvoice mesh.stats",
  governance_vote: "governance.castVote",
};

/** Method of the node API → the capability that it needs, "" for none. */
export const METHOD_CAPABILITIES: ReadonlyMap<string, string> = new Map(
  Object.entries(METHODS).flatMap(([capability, methods]) =>
    methods.split(" ").map((method): [string, string] => [method, capability])
  ),
);
