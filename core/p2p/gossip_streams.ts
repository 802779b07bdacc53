import type { GossipSub } from "@libp2p/gossipsub";
import type { Connection, PeerId, Stream } from "@libp2p/interface";

// As in `gossip_internals.ts`: what the library's class does beyond its published type is looked at before it is used.

type Streams = ReadonlyMap<string, unknown>;

/** What of gossipsub's inside opens, holds and forgets streams. */
export interface GossipInside {
  readonly protocols: readonly string[];
  readonly peers: ReadonlyMap<string, PeerId>;
  readonly streamsOutbound: Streams;
  readonly streamsInbound: Streams;
  outboundInflightQueue: { push(wanted: Wanted): unknown; end(): unknown };
  createOutboundStream(peerId: PeerId, connection: Connection): Promise<void>;
  onPeerConnected(peerId: PeerId, connection: Connection): void;
  onPeerDisconnected(peerId: PeerId): void;
  handlePeerReadStreamError(error: Error, peerId: PeerId): void;
}

/** A peer that gossipsub wants a stream to. */
interface Wanted {
  readonly peerId: PeerId;
  readonly connection: Connection;
}

/** What the streams that are ended here say. */
const BEGINS_ANEW = new Error("gossip with this peer begins anew");

const FUNCTIONS = [
  "createOutboundStream",
  "onPeerConnected",
  "onPeerDisconnected",
  "handlePeerReadStreamError",
] as const;

/** gossipsub's inside, `undefined` where a later version has changed. */
export function gossipInside(pubsub: GossipSub): GossipInside | undefined {
  const inside: unknown = pubsub;
  return isInside(inside) ? inside : undefined;
}

function isInside(value: unknown): value is GossipInside {
  if (typeof value !== "object" || value === null) return false;
  const part = (name: string): unknown => Reflect.get(value, name);
  return FUNCTIONS.every((name) => typeof part(name) === "function") &&
    [part("peers"), part("streamsOutbound"), part("streamsInbound")].every((map) => map instanceof Map) &&
    Array.isArray(part("protocols")) && hasPush(part("outboundInflightQueue"));
}

function hasPush(value: unknown): boolean {
  return typeof value === "object" && value !== null && "push" in value && "end" in value;
}

/** What {@linkcode openStreamsApart} is at, by peer, with what was asked for meanwhile. */
const underWay = new WeakMap<GossipInside, ReadonlyMap<string, Wanted | undefined>>();

/** Mends what two peers may do to a third in a started gossipsub: see the two functions. */
export function steadyGossip(pubsub: GossipSub): void {
  const inside = gossipInside(pubsub);
  if (inside === undefined) return;
  openStreamsApart(inside);
  ignoreReplacedStreams(inside);
}

/**
 * Has gossipsub open its streams to different peers independently of each other. The library opens one after the other:
 * a peer that never answers holds up all the others for ten seconds each time, as often as it likes.
 */
export function openStreamsApart(inside: GossipInside): void {
  const opening = new Map<string, Wanted | undefined>();
  underWay.set(inside, opening);
  const open = async (wanted: Wanted) => {
    const id = wanted.peerId.toString();
    for (let next: Wanted | undefined = wanted; next !== undefined; next = opening.get(id)) {
      opening.set(id, undefined);
      await inside.createOutboundStream(next.peerId, next.connection).catch(() => {}); // it logs what went wrong
    }
    opening.delete(id);
  };
  const library = inside.outboundInflightQueue;
  inside.outboundInflightQueue = {
    push(wanted) {
      const id = wanted.peerId.toString();
      if (opening.has(id)) opening.set(id, wanted);
      else void open(wanted);
    },
    end: () => opening.clear(),
  };
  library.end(); // what it holds already is still opened
}

/**
 * Has gossipsub forget a peer only over the stream that it reads from. The library does so over any that fails, also one
 * that was replaced: when the remains of an old connection end, the peer that came back long ago would be unheard.
 */
export function ignoreReplacedStreams(inside: GossipInside): void {
  const handle = inside.handlePeerReadStreamError.bind(inside);
  inside.handlePeerReadStreamError = (error, peerId) => {
    const id = peerId.toString();
    if (!inside.streamsInbound.has(id)) return; // it was forgotten over something else
    if (isAlive(inside.streamsInbound, id) && !isBadFrame(error)) return;
    handle(error, peerId);
  };
}

/** What is wrong with the bytes, not with the stream; the stream itself stays open then. */
function isBadFrame({ name }: Error): boolean {
  return /^Invalid.*LengthError$|^UnexpectedEOFError$/.test(name);
}

/** What is wrong between gossipsub and a connected peer that speaks it. */
export type GossipFault = "unknown_peer" | "nothing_to_send_on" | "nothing_to_hear_on";

/** @returns `undefined` when both directions are open */
export function gossipFault(inside: GossipInside, id: string): GossipFault | undefined {
  if (!inside.peers.has(id)) return "unknown_peer";
  if (!isAlive(inside.streamsOutbound, id)) return "nothing_to_send_on";
  return isAlive(inside.streamsInbound, id) ? undefined : "nothing_to_hear_on";
}

/** True while a stream to a peer is being opened, which may take as long as the library waits. */
export function isOpening(inside: GossipInside, id: string): boolean {
  return underWay.get(inside)?.has(id) === true;
}

/** Whether a peer's stream is open at both ends: who lets go of a stream that it only reads closes its half of it. */
function isAlive(streams: Streams, id: string): boolean {
  const raw = rawStream(streams.get(id));
  return raw === undefined ? streams.has(id) : raw.status === "open" && raw.remoteWriteStatus === "writable";
}

/** The stream below one of gossipsub's own. */
function rawStream(of: unknown): Stream | undefined {
  const raw: unknown = typeof of === "object" && of !== null ? Reflect.get(of, "rawStream") : undefined;
  return isStream(raw) ? raw : undefined;
}

function isStream(value: unknown): value is Stream {
  return typeof value === "object" && value !== null && "status" in value && "remoteWriteStatus" in value &&
    "abort" in value && typeof value.abort === "function";
}

/** Opens what gossipsub has not open to a peer, and leaves alone what it has. */
export function openGossip(inside: GossipInside, connection: Connection): void {
  const id = connection.remotePeer.toString();
  if (!isAlive(inside.streamsOutbound, id)) rawStream(inside.streamsOutbound.get(id))?.abort(BEGINS_ANEW);
  inside.onPeerConnected(connection.remotePeer, connection);
}

/** Ends all that gossipsub has with a peer and begins anew over one of its connections. */
export function reopenGossip(
  inside: GossipInside,
  { connection, all }: { readonly connection: Connection; readonly all: readonly Connection[] },
): void {
  const { remotePeer } = connection;
  // before gossipsub closes them: an end in good order is not told to the other side's gossipsub, a reset is
  for (const stream of all.flatMap(({ streams }) => [...streams])) {
    if (inside.protocols.includes(stream.protocol)) stream.abort(BEGINS_ANEW);
  }
  inside.onPeerDisconnected(remotePeer);
  inside.onPeerConnected(remotePeer, connection);
}
