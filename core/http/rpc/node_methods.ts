/**
 * Names of JSON-RPC methods that belong to the node, also those whose service is not there yet: no module can register
 * them, so that none can take the place of a method that a later version answers. `mesh*` and payment methods are left
 * out: the modules that have them register them.
 */
export const NODE_RPC_METHODS: readonly string[] = Object.freeze([
  "clearbanned",
  "getbestblockhash",
  "getblockchaininfo",
  "getblockcount",
  "getblockhash",
  "getblockheader",
  "getchaintips",
  "getdifficulty",
  "getmoduleclispecs",
  "getnetworkinfo",
  "getpeerinfo",
  "getrpcinfo",
  "help",
  "isbanned",
  "listbanned",
  "listmodules",
  "loadmodule",
  "reloadmodule",
  "runmodulecli",
  "setban",
  "submitheader",
  "unloadmodule",
  "uptime",
]);
