import { type BitcoinNetwork, doubleSha256, type HashHex } from "../../core/base/mod.ts";
import {
  decodeMessage,
  EMPTY_PAYLOAD,
  encodeFrame,
  encodeHeaders,
  encodeInventory,
  encodeNonce,
  encodeVersion,
  FrameReader,
  INVENTORY,
  MAX_HEADERS,
  PROTOCOL_VERSION,
  SERVICES,
  type VersionMessage,
  type WireMessage,
  wireNetwork,
} from "../../core/bitcoin/mod.ts";
import { chainParams } from "../../core/chain/mod.ts";
import type { Duplex } from "../../core/chain/peers/duplex.ts";
import { duplexPair, type MemoryDuplex } from "./memory_duplex.ts";

/** How a fake peer behaves; what is not said is as an honest full node has it. */
export interface FakePeerInit {
  /** Default `regtest`. */
  readonly network?: BitcoinNetwork;
  /** Its chain behind the genesis header, 80 bytes each; not copied. */
  readonly headers?: Uint8Array<ArrayBuffer>;
  /** Blocks by hash. */
  readonly blocks?: ReadonlyMap<string, Uint8Array>;
  /** What differs in its `version`. */
  readonly version?: Partial<VersionMessage>;
  /** Says nothing at all when a connection comes. */
  readonly silent?: boolean;
  /** Sees every message first; true when it has dealt with it. */
  readonly on?: (message: WireMessage, session: FakeSession) => boolean | void;
}

/** One connection to a fake peer. */
export interface FakeSession {
  /** Messages that came, in order. */
  readonly received: WireMessage[];
  readonly closed: boolean;
  /** Sends a message of any kind. */
  send(command: string, payload?: Uint8Array): void;
  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): void;
  close(): void;
}

/**
 * A Bitcoin node that serves a chain of headers, and blocks, to whoever connects: in memory or by TCP. It checks nothing
 * and can be told to misbehave.
 */
export class FakeBitcoinPeer {
  readonly init: FakePeerInit;
  readonly sessions: Session[] = [];
  readonly #chain: HeaderFile;

  constructor(init: FakePeerInit = {}) {
    this.init = init;
    this.#chain = new HeaderFile(init.headers ?? new Uint8Array(0), init.network ?? "regtest");
  }

  get height(): number {
    return this.#chain.count;
  }

  /** The connection that came last. */
  get session(): FakeSession {
    const last = this.sessions.at(-1);
    if (last === undefined) throw new Error("Cannot tell the session: nobody has connected");
    return last;
  }

  /** Connections that are open. */
  get open(): number {
    return this.sessions.filter(({ closed }) => !closed).length;
  }

  /** The other end of a new connection in memory. */
  connect(): MemoryDuplex {
    const [own, theirs] = duplexPair();
    this.serve(own);
    return theirs;
  }

  /** Listens on loopback. Needs `--allow-net` for it. */
  listen(): { readonly port: number } & AsyncDisposable {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      for await (const connection of listener) this.serve(connection);
    })();
    return {
      port: listener.addr.port,
      [Symbol.asyncDispose]: async () => {
        listener.close();
        await serving;
        for (const session of this.sessions) session.close();
        await Promise.all(this.sessions.map(({ done }) => done));
      },
    };
  }

  serve(duplex: Duplex): void {
    this.sessions.push(new Session(duplex, { init: this.init, chain: this.#chain }));
  }

  /** Puts another chain in place of its own, without a word. */
  replace(headers: Uint8Array<ArrayBuffer>): void {
    this.#chain.headers = headers;
  }

  /** Puts another chain in place of its own, and tells the last `count` headers of it to all. */
  announce(headers: Uint8Array<ArrayBuffer>, count = 1): void {
    this.replace(headers);
    const payload = encodeHeaders(headers.subarray(headers.length - count * 80));
    for (const session of this.sessions) session.send("headers", payload);
  }

  /** Tells everybody of a block by its hash only; by default its best. */
  announceHash(hash: HashHex = this.#chain.tipHash()): void {
    const payload = encodeInventory([{ kind: INVENTORY.block, hash }]);
    for (const session of this.sessions) session.send("inv", payload);
  }
}

/** Headers one behind the other; found by walking over them, so that a million of them needs no index. */
class HeaderFile {
  readonly #genesis: Uint8Array;
  #headers: Uint8Array<ArrayBuffer>;
  #next = 0;

  constructor(headers: Uint8Array<ArrayBuffer>, network: BitcoinNetwork) {
    this.#headers = headers;
    this.#genesis = doubleSha256(Uint8Array.fromHex(chainParams(network).genesis));
  }

  get count(): number {
    return this.#headers.length / 80;
  }

  set headers(headers: Uint8Array<ArrayBuffer>) {
    this.#headers = headers;
    this.#next = 0;
  }

  tipHash(): HashHex {
    return this.#tip().toReversed().toHex() as HashHex;
  }

  /** The headers behind the first of `locator` that is known, at most 2,000. */
  after(locator: readonly HashHex[]): Uint8Array {
    const found = locator.map((hash) => this.#indexAfter(Uint8Array.fromHex(hash).reverse()))
      .find((at) => at !== -1) ?? 0;
    this.#next = Math.min(this.count, found + MAX_HEADERS);
    return this.#headers.subarray(found * 80, this.#next * 80);
  }

  #tip(): Uint8Array {
    return this.count === 0 ? this.#genesis : doubleSha256(this.#headers.subarray(-80));
  }

  /** Index of the header whose parent is `hash`. */
  #indexAfter(hash: Uint8Array): number {
    if (this.#isParent(this.#next, hash)) return this.#next; // whoever syncs asks one batch after the other
    if (this.#tip().every((byte, i) => byte === hash[i])) return this.count;
    for (let at = 0; at < this.count; at++) if (this.#isParent(at, hash)) return at;
    return -1;
  }

  #isParent(at: number, hash: Uint8Array): boolean {
    const start = at * 80 + 4;
    if (at >= this.count || this.#headers[start] !== hash[0]) return false;
    for (let i = 1; i < 32; i++) if (this.#headers[start + i] !== hash[i]) return false;
    return true;
  }
}

class Session implements FakeSession {
  readonly received: WireMessage[] = [];
  readonly done: Promise<void>;
  readonly #duplex: Duplex;
  readonly #init: FakePeerInit;
  readonly #chain: HeaderFile;
  readonly #magic: Uint8Array;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(duplex: Duplex, { init, chain }: { readonly init: FakePeerInit; readonly chain: HeaderFile }) {
    this.#duplex = duplex;
    this.#init = init;
    this.#chain = chain;
    this.#magic = wireNetwork(init.network ?? "regtest").magic;
    this.done = this.#read();
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(command: string, payload: Uint8Array = EMPTY_PAYLOAD): void {
    this.raw(encodeFrame(this.#magic, { command, payload }));
  }

  raw(bytes: Uint8Array): void {
    this.#writing = this.#writing.then(async () => {
      for (let sent = 0; sent < bytes.length && !this.#closed;) {
        sent += await this.#duplex.write(bytes.subarray(sent));
      }
    }).catch(() => this.close());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#duplex.close();
  }

  async #read(): Promise<void> {
    const reader = new FrameReader({ magic: this.#magic });
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const count = await this.#duplex.read(buffer);
        if (count === null) break;
        reader.push(buffer.subarray(0, count), (frame) => this.#take(decodeMessage(frame)));
      }
    } catch {
      // closed in the middle: that is how these connections end
    }
    this.close();
    await this.#writing;
  }

  #take(message: WireMessage): void {
    this.received.push(message);
    if (this.#init.silent === true || this.#init.on?.(message, this) === true) return;
    switch (message.command) {
      case "version":
        this.send("version", encodeVersion({ ...this.#ownVersion(), ...this.#init.version }));
        return this.send("verack");
      case "ping":
        return this.send("pong", encodeNonce(message.nonce));
      case "getheaders":
        return this.send("headers", encodeHeaders(this.#chain.after(message.locator)));
      case "getdata":
        for (const { hash } of message.items) this.#sendBlock(hash);
    }
  }

  #sendBlock(hash: HashHex): void {
    const block = this.#init.blocks?.get(hash);
    if (block !== undefined) return this.send("block", block);
    this.send("notfound", encodeInventory([{ kind: INVENTORY.witnessBlock, hash }]));
  }

  #ownVersion(): VersionMessage {
    return {
      version: PROTOCOL_VERSION,
      services: SERVICES.network | SERVICES.witness,
      time: 1_700_000_000n,
      nonce: 1n,
      userAgent: "/fake:0.1/",
      startHeight: this.#chain.count,
      relay: true,
    };
  }
}
