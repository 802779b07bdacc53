/**
 * Why a connection ended.
 * - `stopped`: this node stops; `closed`: the other side, or the network, ended it; `unreachable`: it never began
 * - `handshake_timeout`, `write_timeout`, `ping_timeout`: too slow in what takes no time
 * - `stalled_headers`, `stalled_block`: did not send what was asked for in time
 * - `send_queue`: does not read what is sent to it
 * - `self`: it is this node; `old_version`: speaks a protocol that is too old; `useless`: found by itself and serves nothing
 * - `changed_chain`: sent another chain than the one it had begun with
 * - `protocol`: broke the format or the order of messages; `flood`: sends more than anybody needs
 * - `invalid_headers`: a header broke a rule; `unconnecting_headers`: its headers never connect
 * - `unrequested_block`: sent a block that nobody asked it for; `bad_block`: put other things behind the block's header
 * - `internal`: a fault of this node
 */
export type DropReason =
  | "stopped"
  | "closed"
  | "unreachable"
  | "handshake_timeout"
  | "write_timeout"
  | "ping_timeout"
  | "stalled_headers"
  | "stalled_block"
  | "send_queue"
  | "self"
  | "old_version"
  | "useless"
  | "changed_chain"
  | "protocol"
  | "flood"
  | "invalid_headers"
  | "unconnecting_headers"
  | "unrequested_block"
  | "bad_block"
  | "internal";

const MISBEHAVIOUR: ReadonlySet<DropReason> = new Set([
  "self",
  "old_version",
  "protocol",
  "flood",
  "invalid_headers",
  "unconnecting_headers",
  "unrequested_block",
  "bad_block",
]);

/** True for what an honest node does not do, or will not change soon: it is left alone for longer. */
export function isMisbehaviour(reason: DropReason): boolean {
  return MISBEHAVIOUR.has(reason);
}
