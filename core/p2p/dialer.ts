import type { Multiaddr } from "@multiformats/multiaddr";
import { CommonsError, errorText } from "../base/mod.ts";
import type { PeerAddress } from "./addresses.ts";
import type { Counter } from "../telemetry/mod.ts";
import type { Host } from "./host.ts";
import type { P2pComponents } from "./types.ts";

/** Weight of static peers when the host has to choose which connections to close. */
const STATIC_TAG = { "commons-static": { value: 100 } };
const MAX_ERROR_LENGTH = 300;

export interface DialerComponents extends Pick<P2pComponents, "events" | "bans" | "metrics"> {
  isStatic(peerId: string): boolean;
}

/** Opens connections, and tells that it tried. */
export class Dialer {
  readonly #components: DialerComponents;
  readonly #dials: Counter;
  readonly #chosen = new Set<string>();
  #host: Host | undefined;

  constructor(components: DialerComponents) {
    this.#components = components;
    this.#dials = components.metrics.counter({
      name: "commons_p2p_dials_total",
      help: "Connections that this node tried to open, by result",
      labels: ["result"],
    });
  }

  /** Uses `host` from now on. */
  attach(host: Host): void {
    this.#host = host;
  }

  /** True while the operator has a peer dialled. */
  isChosen(peerId: string): boolean {
    return this.#chosen.has(peerId);
  }

  /** Like {@linkcode dial} for a peer of the operator's choice: what is asked about its address is up to the operator. */
  async dialChosen(
    { peerId, address }: PeerAddress,
    options: { readonly signal: AbortSignal },
  ): Promise<void> {
    this.#chosen.add(peerId);
    try {
      await this.dial([address], options);
    } finally {
      this.#chosen.delete(peerId);
    }
  }

  /**
   * Connects to one peer by any of its addresses that is not banned.
   * @throws {CommonsError} `UNAVAILABLE` while there is no running host, `PEER_BANNED`, `DIAL_FAILED`
   */
  async dial(addresses: readonly Multiaddr[], options: { readonly signal: AbortSignal }): Promise<void> {
    const { events, bans, isStatic } = this.#components;
    const host = this.#host;
    if (host?.status !== "started") {
      throw new CommonsError("UNAVAILABLE", "Cannot dial: the P2P service is not running");
    }
    const allowed = addresses.filter((address) => bans?.isBannedMultiaddr(address.toString()) !== true);
    const peer_addr = String(allowed[0] ?? addresses[0]);
    if (allowed.length === 0) {
      this.#dials.inc({ result: "banned" });
      throw new CommonsError("PEER_BANNED", `Cannot dial ${peer_addr}: it is banned`);
    }
    try {
      const { remotePeer } = await host.dial(allowed, options);
      if (isStatic(remotePeer.toString())) await host.peerStore.merge(remotePeer, { tags: STATIC_TAG });
    } catch (cause) {
      this.#dials.inc({ result: options.signal.aborted ? "aborted" : "failed" });
      const error = errorText(cause).slice(0, MAX_ERROR_LENGTH);
      events.publish("ConnectionAttempt", { peer_addr, success: false, error });
      throw new CommonsError("DIAL_FAILED", `Cannot reach ${peer_addr}: ${error}`, { cause });
    }
    this.#dials.inc({ result: "connected" });
    events.publish("ConnectionAttempt", { peer_addr, success: true });
  }
}
