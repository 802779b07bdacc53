import type { Connection } from "@libp2p/interface";
import { transportOf } from "./addresses.ts";
import type { Traffic } from "./connection_watch.ts";
import type { PeerView } from "./types.ts";

/** What else is known of a connected peer. */
export interface PeerFacts extends Pick<PeerView, "topics" | "score" | "banScore" | "kept"> {
  readonly told: Pick<PeerView, "userAgent" | "services">;
  readonly traffic: Traffic;
}

/** One connected peer as REST shows it. */
export function peerView(connection: Connection, { told, traffic, ...facts }: PeerFacts): PeerView {
  const { rtt } = connection;
  return {
    id: traffic.number,
    peerId: connection.remotePeer.toString(),
    address: connection.remoteAddr.toString(),
    direction: connection.direction,
    transport: transportOf(connection.remoteAddr),
    ...told,
    connectedAt: new Date(connection.timeline.open).toISOString(),
    ...facts,
    pingMs: rtt === undefined ? null : rtt,
    bytesSent: traffic.bytesSent,
    bytesReceived: traffic.bytesReceived,
    lastSendAt: timeOf(traffic.lastSendAt),
    lastReceivedAt: timeOf(traffic.lastReceivedAt),
  };
}

function timeOf(ms: number): string | null {
  return ms === 0 ? null : new Date(ms).toISOString();
}
