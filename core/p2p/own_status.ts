import type { Clock } from "../base/mod.ts";
import { wholeSeconds } from "./listeners.ts";
import { chainStage } from "./publish_gate.ts";
import type { ChainStage, Notification, P2pInit } from "./types.ts";

/** States as nodes of this family name them. */
const FSM_STATES: Readonly<Record<ChainStage, string>> = {
  idle: "IDLE",
  catching_up: "CATCHINGBLOCKS",
  running: "RUNNING",
};

/** What a status is made from. */
export interface OwnStatusInit
  extends Pick<P2pInit, "version" | "name" | "listenMode" | "dataHubUrl" | "services" | "tip" | "stage"> {
  readonly peerId: string;
  readonly connectedPeers: number;
  readonly clock: Clock;
  /** Unix milliseconds and monotonic milliseconds of the start. */
  readonly started: { readonly wall: number; readonly monotonic: number };
}

/** This node's `node_status`. Fields that nothing in the node knows yet have their empty value. */
export function ownStatus(init: OwnStatusInit): Notification {
  const { clock, started } = init;
  const tip = init.tip?.() ?? { hash: "", height: 0, chainwork: "" };
  return {
    type: "node_status",
    timestamp: wholeSeconds(clock.now()),
    base_url: init.listenMode === "full" ? init.dataHubUrl : "", // a node that only listens invites nobody
    peer_id: init.peerId,
    version: init.version,
    commit_hash: "",
    best_block_hash: tip.hash,
    best_height: tip.height,
    block_assembly_details: null,
    fsm_state: FSM_STATES[chainStage(init.stage)],
    start_time: Math.floor(started.wall / 1000),
    uptime: Math.max(0, (clock.monotonic() - started.monotonic) / 1000),
    client_name: init.name,
    miner_name: "",
    listen_mode: init.listenMode,
    chain_work: tip.chainwork,
    connected_peers_count: init.connectedPeers,
    services: init.services ?? 0,
  };
}
