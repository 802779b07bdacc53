import type { CheckContext, OwnFields, TopicCodec } from "./codec.ts";
import { CLIENT_NAME, HASH, optional, PEER_ID, type Shape, shapeFault, shown, shownText } from "./fields.ts";
import { NOT_THE_AUTHOR, type Verdict } from "./verdict.ts";

/** A transaction that a node did not take, as it stands on the wire; key case matters. */
export interface RejectedTxMessage {
  readonly PeerID: string;
  /** Nodes of the first generations have none. */
  readonly ClientName?: string;
  readonly TxID: string;
  readonly Reason: string;
}

const MAX_REASON = 1024;
const SHAPE: Shape = {
  PeerID: PEER_ID,
  ClientName: optional(CLIENT_NAME),
  TxID: HASH,
  Reason: shownText(MAX_REASON),
};

/** `rejected_tx`: someone's validator refused a transaction. Somebody's word, so it is shown and nothing is done. */
export const rejectedTxCodec: TopicCodec = {
  topic: "rejected_tx",
  maxBytes: 16 * 1024,
  publishIn: ["full"],
  shape: SHAPE,
  limits: { author: { perSecond: 10, burst: 100 }, source: { perSecond: 100, burst: 1_000 } },
  check: checkRejectedTx,
  complete: completeRejectedTx,
};

function checkRejectedTx(message: Readonly<Record<string, unknown>>, context: CheckContext): Verdict {
  const fault = shapeFault(message, SHAPE);
  if (fault !== undefined) return fault;
  const said = message as unknown as RejectedTxMessage; // shapeFault has looked at every field
  if (said.PeerID !== context.author) return NOT_THE_AUTHOR;
  return {
    result: "accept",
    delivery: {
      repeatKey: `${said.TxID} ${said.PeerID}`, // proves nothing, so one author's must not stand in for another's
      notification: (timestamp) => ({
        type: "rejected_tx",
        timestamp,
        hash: said.TxID,
        reason: shown(said.Reason, MAX_REASON),
        peer_id: said.PeerID,
        client_name: shown(said.ClientName ?? ""),
      }),
    },
  };
}

function completeRejectedTx(
  message: Readonly<Record<string, unknown>>,
  own: OwnFields,
): Record<string, unknown> {
  return {
    ...message,
    PeerID: message["PeerID"] ?? own.peerId,
    ClientName: message["ClientName"] ?? own.clientName,
  };
}
