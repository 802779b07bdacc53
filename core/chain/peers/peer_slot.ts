import { type Clock, jitter, type Random, type Timer } from "../../base/mod.ts";
import { type DropReason, isMisbehaviour } from "./drop_reason.ts";
import { endpointText, type PeerEndpoint } from "./duplex.ts";
import type { Peer } from "./peer.ts";
import type { BitcoinPeerView, PeerState } from "./peer_types.ts";

const FIRST_MS = 2_000;
const LIMIT_MS = 10 * 60_000;
/** After misbehaviour. */
const OFFENCE_FIRST_MS = 10 * 60_000;
const OFFENCE_LIMIT_MS = 24 * 3_600_000;
const JITTER = 0.25;
/** A connection that lasted so long was a good one. */
const GOOD_MS = 60_000;
/** One that lasted so long makes up for misbehaviour. */
const FORGIVEN_MS = 3_600_000;

/** A place for one connection: to one address, again and again, with longer waits the less it is worth. */
export class PeerSlot {
  readonly endpoint: PeerEndpoint;
  readonly origin: BitcoinPeerView["origin"];
  readonly #components: { readonly clock: Clock; readonly random: Random };
  #state: PeerState = "waiting";
  #peer: Peer | undefined;
  #timer: Timer | undefined;
  #due = 0;
  #failures = 0;
  #offences = 0;
  #lastReason: DropReason | undefined;

  constructor(
    components: { readonly clock: Clock; readonly random: Random },
    { endpoint, origin }: Pick<BitcoinPeerView, "origin"> & { readonly endpoint: PeerEndpoint },
  ) {
    this.#components = components;
    this.endpoint = endpoint;
    this.origin = origin;
  }

  get peer(): Peer | undefined {
    return this.#peer;
  }

  get state(): PeerState {
    return this.#peer?.ready === true ? "ready" : this.#state;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  connecting(): void {
    this.#state = "connecting";
  }

  connected(peer: Peer): void {
    this.#state = "handshake";
    this.#peer = peer;
  }

  /** The connection ended or did not come about. */
  ended(reason: DropReason): void {
    const age = this.#peer?.ready === true ? this.#peer.age : 0;
    if (age >= GOOD_MS) this.#failures = 0;
    if (age >= FORGIVEN_MS) this.#offences = 0;
    this.#failures++;
    if (isMisbehaviour(reason)) this.#offences++;
    this.#lastReason = reason;
    this.#peer = undefined;
    this.#state = "waiting";
  }

  /** Calls `dial` when it is time to try again. `reason`: why the last try ended. */
  later(reason: DropReason, dial: () => void): void {
    const { clock, random } = this.#components;
    const wait = isMisbehaviour(reason)
      ? Math.min(OFFENCE_LIMIT_MS, OFFENCE_FIRST_MS * 2 ** (this.#offences - 1))
      : Math.min(LIMIT_MS, FIRST_MS * 2 ** (this.#failures - 1));
    const ms = jitter(random, wait, JITTER);
    this.#due = clock.monotonic() + ms;
    this.#timer = clock.after(ms, dial);
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
  }

  view(isSyncing: (peer: Peer) => boolean): BitcoinPeerView {
    const lastReason = this.#lastReason === undefined ? {} : { lastReason: this.#lastReason };
    if (this.#peer !== undefined) return { ...this.#peer.view(isSyncing(this.#peer)), ...lastReason };
    const retry = this.#due - this.#components.clock.monotonic();
    return {
      address: endpointText(this.endpoint),
      origin: this.origin,
      state: this.#state,
      syncing: false,
      ...(this.#state === "waiting" && retry > 0 && { retrySeconds: Math.ceil(retry / 1000) }),
      ...lastReason,
    };
  }
}
