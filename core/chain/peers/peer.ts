import { type Clock, type Random, type Timer, TokenBucket } from "../../base/mod.ts";
import {
  encodeNonce,
  encodeVersion,
  PROTOCOL_VERSION,
  SERVICES,
  type VersionMessage,
  type WireMessage,
} from "../../bitcoin/mod.ts";
import { addressAllowance } from "./address_pool.ts";
import type { DropReason } from "./drop_reason.ts";
import { type Duplex, endpointText, type PeerEndpoint } from "./duplex.ts";
import type { BitcoinPeerView, PeerHandle } from "./peer_types.ts";
import type { Traffic } from "./traffic.ts";
import { WireLink } from "./wire_link.ts";

/** `sendheaders` (BIP130): what is older cannot keep up with the tip. */
const MIN_VERSION = 70_012;
const HANDSHAKE_MS = 30_000;
const PING_MS = 60_000;
/** Also the longest that one message may take to come: the answer comes behind it. */
const PONG_MS = 90_000;
/** Pings that others may send. */
const PINGS = { perSecond: 1, burst: 30 };
const MAX_HEIGHT = 0x7fff_ffff;
const MAX_AGENT_LENGTH = 128;
const NO_COMMANDS: ReadonlySet<string> = new Set();
const UNGREETED: ReadonlySet<string> = new Set(["headers", "block"]);
const ADDRESS_COMMANDS: ReadonlySet<string> = new Set(["addr", "addrv2"]);

export interface PeerComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly traffic: Traffic;
}

export interface PeerInit {
  readonly endpoint: PeerEndpoint;
  readonly origin: BitcoinPeerView["origin"];
  readonly duplex: Duplex;
  readonly magic: Uint8Array;
  readonly userAgent: string;
  /** Height that this node tells. */
  readonly height: number;
  /** Nonces of this node's own open handshakes. */
  readonly ownNonces: Set<bigint>;
  /** Whether addresses of other nodes are asked for. */
  readonly wantsAddresses: boolean;
  readonly hooks: PeerHooks;
}

/** What a peer tells its owner. */
export interface PeerHooks {
  /** The handshake is done. */
  ready(peer: Peer): void;
  /** A message of a ready peer that the peer does not deal with itself. */
  message(peer: Peer, message: WireMessage): void;
  /** Whether a block may come from it. */
  expectsBlock(peer: Peer): boolean;
  /** The connection ended; called once. */
  closed(peer: Peer, end: { readonly reason: DropReason; readonly detail: string | undefined }): void;
}

/** One connection to a Bitcoin node, from `version` to its end: handshake, pings, deadlines. */
export class Peer implements PeerHandle {
  readonly source: string;
  readonly endpoint: PeerEndpoint;
  readonly origin: BitcoinPeerView["origin"];
  /** What this peer may tell of other nodes. */
  readonly allowance: TokenBucket;
  readonly #components: PeerComponents;
  readonly #init: PeerInit;
  readonly #link: WireLink;
  readonly #pings: TokenBucket;
  readonly #nonce: bigint;
  readonly #since: number;
  #version: VersionMessage | undefined;
  #ready = false;
  /** The one timer: end of the handshake, then of what comes next, a ping or its answer. */
  #timer: Timer;
  #ping: { readonly nonce: bigint; readonly at: number } | undefined;
  #pingMs: number | undefined;

  constructor(components: PeerComponents, init: PeerInit) {
    this.#components = components;
    this.#init = init;
    this.endpoint = init.endpoint;
    this.origin = init.origin;
    this.source = `bitcoin-p2p ${endpointText(init.endpoint)}`;
    const { clock, random, traffic } = components;
    this.allowance = addressAllowance(clock);
    this.#pings = new TokenBucket({ clock, ...PINGS });
    this.#nonce = randomNonce(random);
    this.#since = clock.monotonic();
    this.#link = new WireLink({ duplex: init.duplex, clock, traffic }, {
      magic: init.magic,
      skip: init.wantsAddresses ? NO_COMMANDS : ADDRESS_COMMANDS,
      expectsBlock: () => init.hooks.expectsBlock(this),
      message: (message) => this.#receive(message),
      closed: (reason, detail) => this.#closed(reason, detail),
    });
    this.#timer = clock.after(HANDSHAKE_MS, () => this.drop("handshake_timeout"));
  }

  /** Says `version` and begins to listen. */
  start(): void {
    const { height, userAgent, ownNonces } = this.#init;
    ownNonces.add(this.#nonce);
    this.#link.start();
    this.send(
      "version",
      encodeVersion({
        version: PROTOCOL_VERSION,
        services: 0n, // honest: nobody can connect to this node, and it keeps no blocks
        time: BigInt(Math.floor(this.#components.clock.now() / 1000)),
        nonce: this.#nonce,
        userAgent,
        startHeight: height,
        relay: false,
      }),
    );
  }

  get ready(): boolean {
    return this.#ready;
  }

  get services(): bigint {
    return this.#version?.services ?? 0n;
  }

  get claimedHeight(): number {
    return Math.max(0, Math.min(this.#version?.startHeight ?? 0, MAX_HEIGHT));
  }

  get received(): number {
    return this.#link.bytesIn;
  }

  /** Milliseconds since the connection began. */
  get age(): number {
    return this.#components.clock.monotonic() - this.#since;
  }

  send(command: string, payload?: Uint8Array): void {
    this.#link.send(command, payload);
  }

  drop(reason: DropReason, detail?: string): void {
    this.#link.close(reason, detail);
  }

  /** Resolves when nothing of the connection runs any more. */
  async ended(): Promise<void> {
    await this.#link.ended();
  }

  view(syncing: boolean): BitcoinPeerView {
    return {
      address: endpointText(this.endpoint),
      origin: this.origin,
      state: this.#ready ? "ready" : "handshake",
      ...(this.#version && {
        version: this.#version.version,
        userAgent: cleanAgent(this.#version.userAgent),
        services: this.#version.services.toString(16),
        claimedHeight: this.claimedHeight,
      }),
      ...(this.#pingMs !== undefined && { pingMs: Math.round(this.#pingMs) }),
      connectedSeconds: Math.floor(this.age / 1000),
      bytesIn: this.#link.bytesIn,
      bytesOut: this.#link.bytesOut,
      syncing,
    };
  }

  #receive(message: WireMessage): void {
    if (message.command === "version") return this.#greeted(message.version);
    if (this.#version === undefined) return this.drop("protocol", `${message.command} before version`);
    if (message.command === "verack") return this.#ready ? undefined : this.#begin();
    if (!this.#ready) {
      // What may come in between is of no use here; of headers and blocks nobody would count how many come.
      return UNGREETED.has(message.command)
        ? this.drop("protocol", `${message.command} before verack`)
        : undefined;
    }
    switch (message.command) {
      case "ping":
        if (!this.#pings.take()) return this.drop("flood", "ping");
        return this.send("pong", encodeNonce(message.nonce));
      case "pong":
        return this.#ponged(message.nonce);
      default:
        this.#init.hooks.message(this, message);
    }
  }

  #greeted(version: VersionMessage): void {
    if (this.#version !== undefined) return this.drop("protocol", "version again");
    this.#version = version;
    if (this.#init.ownNonces.has(version.nonce)) return this.drop("self");
    if (version.version < MIN_VERSION) return this.drop("old_version", String(version.version));
    const serves = SERVICES.network | SERVICES.networkLimited;
    if (this.origin === "found" && (version.services & serves) === 0n) return this.drop("useless");
    if (this.#init.wantsAddresses) this.send("sendaddrv2");
    this.send("verack");
  }

  #begin(): void {
    this.#ready = true;
    this.send("sendheaders");
    if (this.#init.wantsAddresses) this.send("getaddr");
    this.#timer[Symbol.dispose]();
    this.#sendPing();
    if (!this.#link.closed) this.#init.hooks.ready(this);
  }

  #sendPing(): void {
    const { clock, random } = this.#components;
    this.#ping = { nonce: randomNonce(random), at: clock.monotonic() };
    this.#timer = clock.after(PONG_MS, () => this.drop("ping_timeout"));
    this.send("ping", encodeNonce(this.#ping.nonce));
  }

  #ponged(nonce: bigint): void {
    if (this.#ping?.nonce !== nonce) return; // an old one, or nonsense: the deadline stays
    const { clock } = this.#components;
    this.#pingMs = clock.monotonic() - this.#ping.at;
    this.#ping = undefined;
    this.#timer[Symbol.dispose]();
    this.#timer = clock.after(PING_MS, () => this.#sendPing());
  }

  #closed(reason: DropReason, detail: string | undefined): void {
    this.#timer[Symbol.dispose]();
    this.#init.ownNonces.delete(this.#nonce);
    this.#init.hooks.closed(this, { reason, detail });
  }
}

function randomNonce(random: Random): bigint {
  return new DataView(random.bytes(8).buffer).getBigUint64(0);
}

/** What a stranger calls its program, fit to be shown. */
function cleanAgent(text: string): string {
  return text.replace(/[^\x20-\x7e]|[<>"`]/g, "?").slice(0, MAX_AGENT_LENGTH);
}
