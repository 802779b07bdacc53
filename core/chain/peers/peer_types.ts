import type { DropReason } from "./drop_reason.ts";

/** What header sync and block fetching need of a connected peer. */
export interface PeerHandle {
  /** Its name to the desk of sources: `bitcoin-p2p host:port`. */
  readonly source: string;
  /** Services that it says to offer, as bits. */
  readonly services: bigint;
  /** Height that it claimed when it connected. */
  readonly claimedHeight: number;
  /** Bytes that came from it so far. */
  readonly received: number;
  send(command: string, payload?: Uint8Array): void;
  /** Ends the connection. */
  drop(reason: DropReason, detail?: string): void;
}

/** Where a connection stands. `waiting`: it is tried again later. */
export type PeerState = "waiting" | "connecting" | "handshake" | "ready";

/** One Bitcoin node as people see it. */
export interface BitcoinPeerView {
  /** `host:port`. */
  readonly address: string;
  /** How it was found: named in the configuration, or by DNS seeds and other nodes. */
  readonly origin: "config" | "found";
  readonly state: PeerState;
  /** What it says of itself; absent until it did. The agent's text is cleaned. */
  readonly version?: number;
  readonly userAgent?: string;
  /** Service bits as hex. */
  readonly services?: string;
  readonly claimedHeight?: number;
  /** Round trip of the last ping in milliseconds. */
  readonly pingMs?: number;
  readonly connectedSeconds?: number;
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  /** True for the one that sends many headers now. */
  readonly syncing: boolean;
  /** Seconds until it is tried again. */
  readonly retrySeconds?: number;
  /** Why the last connection ended. */
  readonly lastReason?: DropReason;
}
