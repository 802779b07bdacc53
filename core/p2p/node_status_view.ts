import type { CheckContext } from "./codec.ts";
import { isRecord, shown } from "./fields.ts";
import type { NodeStatusMessage } from "./node_status_codec.ts";
import type { Notification } from "./types.ts";

/** What of a node's block assembly is shown; whatever else stands there is its own business. */
const ASSEMBLY_FIELDS = [
  "blockAssemblyState",
  "subtreeProcessorState",
  "subtreeCount",
  "txCount",
  "queueCount",
  "currentHeight",
  "currentHash",
  "removeMapCount",
  "tx_count",
  "subtree_count",
] as const;
const FEE_FIELDS = [
  "satoshis",
  "bytes",
  "maxscriptsizepolicy",
  "maxtxsizepolicy",
  "maxtxsigopscountspolicy",
] as const;

/** A status as people may be shown it. */
export function statusNotification(
  said: NodeStatusMessage,
  { timestamp, context }: { readonly timestamp: string; readonly context: CheckContext },
): Notification {
  const { hubs } = context;
  return {
    type: "node_status",
    timestamp,
    base_url: hubs.usable(said.base_url),
    peer_id: said.peer_id,
    version: shown(said.version),
    commit_hash: shown(said.commit_hash),
    best_block_hash: said.best_block_hash,
    best_height: context.believable(said.best_height),
    block_assembly_details: plainFields(said.block_assembly_details, ASSEMBLY_FIELDS),
    fsm_state: said.fsm_state,
    start_time: said.start_time,
    uptime: said.uptime,
    client_name: shown(said.client_name),
    miner_name: shown(said.miner_name),
    listen_mode: said.listen_mode,
    chain_work: said.chain_work,
    ...present({
      tx_count: said.tx_count,
      subtree_count: said.subtree_count,
      sync_peer_id: said.sync_peer_id === undefined ? undefined : shown(said.sync_peer_id),
      sync_peer_height: said.sync_peer_height === undefined
        ? undefined
        : context.believable(said.sync_peer_height),
      sync_peer_block_hash: said.sync_peer_block_hash,
      sync_connected_at: said.sync_connected_at,
      propagation_url: said.propagation_url === undefined ? undefined : hubs.usable(said.propagation_url),
      min_mining_tx_fee: said.min_mining_tx_fee ?? undefined,
      fee_policy: feePolicy(said.fee_policy),
      connected_peers_count: said.connected_peers_count,
      legacy_connected_peers_count: said.legacy_connected_peers_count,
      storage: said.storage,
      services: said.services,
    }),
  };
}

function feePolicy(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const policy = plainFields(value, FEE_FIELDS);
  if (policy === null || !isRecord(value)) return undefined;
  const miningFee = plainFields(value["miningFee"], FEE_FIELDS);
  return miningFee === null ? policy : { miningFee, ...policy };
}

/** The named fields that hold numbers or texts, texts as people may be shown them; `null` when it is no object. */
function plainFields(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> | null {
  if (!isRecord(value)) return null;
  const plain: Record<string, number | string> = {};
  for (const name of names) {
    const field = value[name];
    if (typeof field === "number" && Number.isFinite(field)) plain[name] = field;
    else if (typeof field === "string") plain[name] = shown(field);
  }
  return plain;
}

function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
