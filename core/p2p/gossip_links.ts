import type { Connection, PeerId } from "@libp2p/interface";
import { type Clock, errorText } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { gossipFault, type GossipInside, isOpening, openGossip, reopenGossip } from "./gossip_streams.ts";

const LOOK_MS = 2_500;
/** From a fault to the first attempt to mend it, which doubles from attempt to attempt: what is up to the peer has its time. */
const PATIENCE_MS: Readonly<Record<Fault, number>> = {
  unknown_peer: 2_500,
  nothing_to_send_on: 2_500,
  nothing_to_hear_on: 10_000,
  not_identified: 10_000,
};
const FACTOR = 2;
const MAX_ATTEMPTS = 3;

/** What a peer may lack while it is connected. */
type Fault = "not_identified" | NonNullable<ReturnType<typeof gossipFault>>;

/** As much of the host as is used here. */
export interface LinkedHost {
  getConnections(): Connection[];
  addEventListener(type: "peer:identify", listener: (event: CustomEvent<IdentifiedPeer>) => void): void;
  removeEventListener(type: "peer:identify", listener: (event: CustomEvent<IdentifiedPeer>) => void): void;
  readonly services: { readonly identify: { identify(connection: Connection): Promise<unknown> } };
}

interface IdentifiedPeer {
  readonly peerId: PeerId;
  readonly protocols: readonly string[];
}

export interface GossipLinksComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: LinkedHost;
  /** Absent: only who does not identify itself is looked after. */
  readonly inside?: GossipInside | undefined;
}

interface Link {
  identified: boolean;
  /** Listed a protocol of gossip when it identified itself. */
  speaks: boolean;
  /** Since when something is wrong, in monotonic milliseconds; and how often that was to be mended. */
  wrongSince: number | undefined;
  attempts: number;
}

/**
 * Looks after peers that are connected and yet unheard. The library opens gossip with a peer once, after identify has
 * told that it speaks it. When identify took too long on both sides, when a stream ended while the connection lived on,
 * or when the one of two connections ended that gossip ran over, nobody ever opens it again. Here it is opened again, and
 * a connection over which that fails time and again is closed, so that the peer can be dialled anew.
 */
export class GossipLinks {
  readonly #components: GossipLinksComponents;
  readonly #links = new Map<string, Link>();
  readonly #stack = new DisposableStack();
  #gone: ReadonlySet<string> = new Set();

  constructor(components: GossipLinksComponents) {
    const { clock, host, inside } = this.#components = components;
    const identified = ({ detail }: CustomEvent<IdentifiedPeer>) => {
      const link = this.#linkOf(detail.peerId.toString());
      link.identified = true;
      link.speaks = inside !== undefined && detail.protocols.some((one) => inside.protocols.includes(one));
    };
    host.addEventListener("peer:identify", identified);
    this.#stack.defer(() => host.removeEventListener("peer:identify", identified));
    this.#stack.use(clock.every(LOOK_MS, () => this.#look()));
  }

  /** How many peers are remembered. */
  get size(): number {
    return this.#links.size;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  #linkOf(id: string): Link {
    const known = this.#links.get(id);
    if (known !== undefined) return known;
    const link: Link = { identified: false, speaks: false, wrongSince: undefined, attempts: 0 };
    this.#links.set(id, link);
    return link;
  }

  #look(): void {
    const { host } = this.#components;
    const usable = host.getConnections().filter(({ status, limits }) =>
      status === "open" && limits === undefined
    );
    const byPeer = Map.groupBy(usable, ({ remotePeer }) => remotePeer.toString());
    for (const id of this.#links.keys()) if (!byPeer.has(id)) this.#links.delete(id);
    for (const [id, connections] of byPeer) this.#lookAt(id, connections);
    this.#forgetGone();
  }

  #lookAt(id: string, connections: readonly Connection[]): void {
    const { clock, inside } = this.#components;
    if (inside !== undefined && isOpening(inside, id)) return;
    const now = clock.monotonic();
    const link = this.#linkOf(id);
    const fault = this.#faultOf(id, link);
    if (fault === undefined) {
      link.wrongSince = undefined;
      link.attempts = 0;
      return;
    }
    link.wrongSince ??= now;
    if (now - link.wrongSince < PATIENCE_MS[fault] * FACTOR ** link.attempts) return;
    link.wrongSince = now;
    if (link.attempts < MAX_ATTEMPTS) this.#mend(fault, { connections, attempt: ++link.attempts });
    // who has nothing to tell may hear us all the same: a peer without topics opens no stream in other implementations
    else if (fault !== "nothing_to_hear_on") this.#drop(fault, connections);
  }

  #faultOf(id: string, link: Link): Fault | undefined {
    const { inside } = this.#components;
    if (inside?.peers.has(id) !== true && !link.identified) return "not_identified";
    return inside === undefined || !(link.speaks || inside.peers.has(id))
      ? undefined
      : gossipFault(inside, id);
  }

  #mend(
    fault: Fault,
    { connections, attempt }: { readonly connections: readonly Connection[]; readonly attempt: number },
  ): void {
    const { logger, host, inside } = this.#components;
    const connection = connections.at(-attempt) ?? connections.at(-1); // the youngest first
    if (connection === undefined) return;
    const peerId = connection.remotePeer.toString();
    logger.debug("gossip with a connected peer is opened again", { peerId, fault, attempt });
    if (fault !== "not_identified" && inside !== undefined) {
      // the peer may be about to mend its side: what it has just opened is not ended at once
      const isHalf = attempt === 1 && fault !== "nothing_to_hear_on";
      return isHalf ? openGossip(inside, connection) : reopenGossip(inside, { connection, all: connections });
    }
    host.services.identify.identify(connection).catch((error) => {
      // a peer of another kind, which has other uses
      if (error instanceof Error && error.name === "UnsupportedProtocolError") {
        this.#linkOf(peerId).identified = true;
      }
      logger.debug("peer does not identify itself", { peerId, error: errorText(error) });
    });
  }

  #drop(fault: Fault, connections: readonly Connection[]): void {
    const peerId = connections[0]?.remotePeer.toString();
    this.#components.logger.info("connection closed: gossip cannot be opened", { peerId, fault });
    for (const connection of connections) connection.abort(new Error("gossip cannot be opened"));
  }

  /** Peers that gossip holds on to from look to look although they are gone would keep places in its meshes. */
  #forgetGone(): void {
    const { host, inside } = this.#components;
    if (inside === undefined) return;
    const connected = new Set(host.getConnections().map(({ remotePeer }) => remotePeer.toString()));
    const gone = new Map([...inside.peers].filter(([id]) => !connected.has(id)));
    for (const [id, peerId] of gone) if (this.#gone.has(id)) inside.onPeerDisconnected(peerId);
    this.#gone = new Set(gone.keys());
  }
}
