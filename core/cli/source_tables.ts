import { field, listAt, showBytes, showDuration } from "./fields.ts";
import { type Column, renderDetails, renderTable } from "./table.ts";

const SOURCE_COLUMNS: readonly Column[] = [
  { title: "SOURCE", value: (source) => field(source, "name") },
  { title: "STATE", value: sourceState },
  { title: "HEIGHT", value: (source) => field(source, "tip.height") },
  { title: "SEEN", value: (source) => showAgo(field(source, "seenSecondsAgo")) },
  { title: "REFUSED", value: refusedCount },
];

const PEER_COLUMNS: readonly Column[] = [
  { title: "BITCOIN PEER", value: (peer) => field(peer, "address") },
  { title: "STATE", value: peerState },
  { title: "AGENT", value: (peer) => field(peer, "userAgent") },
  { title: "HEIGHT", value: (peer) => field(peer, "claimedHeight") },
  { title: "PING", value: (peer) => showMs(field(peer, "pingMs")) },
  { title: "CONNECTED", value: (peer) => showSeconds(field(peer, "connectedSeconds")) },
  { title: "RECEIVED", value: (peer) => showBytes(field(peer, "bytesIn")) },
  { title: "LAST END", value: (peer) => field(peer, "lastReason") },
];

/** `GET /chain/sources`: who says what, then the Bitcoin peers and the full node where there are some. */
export function renderSources(answer: unknown, color: boolean): string {
  const parts = [renderTable(SOURCE_COLUMNS, listAt(answer, "sources"), { color })];
  if (field(answer, "bitcoinPeers") !== undefined) {
    parts.push(renderTable(PEER_COLUMNS, listAt(answer, "bitcoinPeers"), { color }));
  }
  const node = field(answer, "fullNode");
  if (node !== undefined) parts.push(renderDetails(nodeDetails(node)));
  return parts.join("\n");
}

function sourceState(source: unknown): string {
  if (field(source, "syncing") === true) return "sending headers";
  const state = String(field(source, "state") ?? "none");
  const astray = field(source, "disagreesForSeconds");
  return typeof astray === "number" ? `${state} for ${showDuration(astray * 1000)}` : state;
}

function refusedCount(source: unknown): number {
  const refused = field(source, "refused");
  const counts = typeof refused === "object" && refused !== null ? Object.values(refused) : [];
  return counts.reduce<number>((sum, count) => sum + (typeof count === "number" ? count : 0), 0);
}

function peerState(peer: unknown): string {
  if (field(peer, "syncing") === true) return "sending headers";
  const state = String(field(peer, "state") ?? "waiting");
  const retry = field(peer, "retrySeconds");
  return typeof retry === "number" ? `${state}, again in ${showDuration(retry * 1000)}` : state;
}

/** Words for the states of the full node. */
const NODE_STATES: Readonly<Record<string, string>> = {
  unknown: "not asked yet",
  up: "answers",
  down: "does not answer",
  foreign: "of another network, not used",
};

function nodeDetails(node: unknown): readonly (readonly [name: string, value: unknown])[] {
  const state = String(field(node, "state"));
  const traits = [
    ...(field(node, "info.pruned") === true ? ["pruned"] : []),
    ...(field(node, "info.initialDownload") === true ? ["still loading blocks"] : []),
  ];
  return [
    ["full node", [NODE_STATES[state] ?? state, ...traits].join(", ")],
    ...(field(node, "why") === undefined ? [] : [["why", field(node, "why")] as const]),
    ["chain", field(node, "info.chain")],
    ["blocks", field(node, "info.blocks")],
    ["headers", field(node, "info.headers")],
  ];
}

function showAgo(seconds: unknown): string {
  return typeof seconds === "number" ? `${showSeconds(seconds)} ago` : "-";
}

function showSeconds(seconds: unknown): string {
  return typeof seconds === "number" ? showDuration(seconds * 1000) : "-";
}

function showMs(ms: unknown): string {
  return typeof ms === "number" ? `${Math.round(ms)} ms` : "-";
}
