import type { BenchEntry } from "./bench.ts";

/** Every bench, in the order of contract section 6. */
export const BENCHES: readonly BenchEntry[] = [
  { name: "rpc_rtt", load: async () => (await import("./rpc.ts")).rpcRtt },
  { name: "rpc_pipelined", load: async () => (await import("./rpc.ts")).rpcPipelined },
  { name: "event_fanout", load: async () => (await import("./event_fanout.ts")).eventFanout },
  { name: "cell_start", load: async () => (await import("./cell_cost.ts")).cellStart },
  { name: "cell_start_cold", load: async () => (await import("./cell_cost.ts")).cellStartCold },
  { name: "cell_memory", load: async () => (await import("./cell_cost.ts")).cellMemory },
  { name: "gossip_deliver", load: async () => (await import("./gossip_deliver.ts")).gossipDeliver },
  { name: "store_commit", load: async () => (await import("./store_commit.ts")).storeCommit },
  { name: "http_health", load: async () => (await import("./http_health.ts")).httpHealth },
  { name: "http_api", load: async () => (await import("./http_api.ts")).httpApi },
  { name: "headers_validate", load: async () => (await import("./headers_validate.ts")).headersValidate },
  { name: "node_start", load: async () => (await import("./node_start.ts")).nodeStart },
];
