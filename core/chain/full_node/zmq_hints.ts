import { type Clock, errorText, sleep, type Timer } from "../../base/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { type Connect, type Duplex, parseEndpoint, tcpConnect } from "../peers/duplex.ts";
import { sourceFault } from "./rpc_errors.ts";
import { PublisherReader, subscriberHello } from "./zmtp.ts";

const TOPICS = ["hashblock", "hashtx"] as const;
type Topic = typeof TOPICS[number];

const HANDSHAKE_MS = 10_000;
/** A connection that says nothing for so long may be dead; a new one costs nothing. */
const SILENCE_MS = 30 * 60_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** Hints of one kind within so long are one. */
const GATHER_MS = 200;

export interface ZmqHintsComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: by TCP. */
  readonly connect?: Connect | undefined;
}

export interface ZmqHintsInit {
  /** `tcp://host:port` of the node's `zmqpubhashblock` and `zmqpubhashtx`. */
  readonly url: string;
  /** There may be a new block. */
  onBlock(): void;
  /** There may be a new transaction. */
  onTransaction(): void;
}

/** A subscription that comes again after each break. */
export interface ZmqHints {
  readonly connected: boolean;
  /** Idempotent. */
  stop(): Promise<void>;
}

/**
 * Listens to a full node's ZeroMQ notifications, as hints only: what they say is not read, it is asked for over JSON-RPC.
 * So nothing depends on them, and a false one costs a question. Permission: `net` for the host.
 */
export function startZmqHints(components: ZmqHintsComponents, init: ZmqHintsInit): ZmqHints {
  return new Hints(components, init);
}

class Hints implements ZmqHints {
  readonly #components: ZmqHintsComponents;
  readonly #init: ZmqHintsInit;
  readonly #stop = new AbortController();
  readonly #gathering = new Map<Topic, Timer>();
  readonly #work: Promise<void>;
  #retryMs = FIRST_RETRY_MS;
  #connected = false;
  /** The log tells of changes, not of tries. */
  #told: "connected" | "away" | undefined;

  constructor(components: ZmqHintsComponents, init: ZmqHintsInit) {
    this.#components = components;
    this.#init = init;
    this.#work = this.#run();
  }

  get connected(): boolean {
    return this.#connected;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new DOMException("the hints are stopping", "AbortError"));
    for (const timer of this.#gathering.values()) timer[Symbol.dispose]();
    await this.#work;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#listen();
      } catch (error) {
        if (signal.aborted) return;
        this.#noteAway(error);
      } finally {
        this.#connected = false;
      }
      const ms = this.#retryMs;
      this.#retryMs = Math.min(MAX_RETRY_MS, ms * 2);
      await sleep(this.#components.clock, ms, { signal }).catch(() => {}); // the loop looks at the signal
    }
  }

  /** One connection, until it ends; always rejects. */
  async #listen(): Promise<never> {
    const { clock, connect = tcpConnect } = this.#components;
    const late = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, late.signal]);
    const endpoint = parseEndpoint(this.#init.url.replace(/^tcp:\/\//, ""));
    const giveUp = (words: string) => () => late.abort(sourceFault(words));
    let timer = clock.after(HANDSHAKE_MS, giveUp("no handshake in time"));
    let connection: Duplex | undefined;
    const close = () => {
      connection?.close();
      connection = undefined;
    };
    try {
      const open = connection = await connect(endpoint, { signal });
      signal.throwIfAborted();
      signal.addEventListener("abort", close, { once: true });
      const reader = new PublisherReader((parts) => this.#hear(parts));
      await writeAll(open, subscriberHello(TOPICS));
      const chunk = new Uint8Array(4_096);
      for (;;) {
        const count = await open.read(chunk);
        if (count === null) throw sourceFault("the connection was closed");
        reader.push(chunk.subarray(0, count));
        if (!reader.ready) continue;
        this.#noteConnected();
        timer[Symbol.dispose]();
        timer = clock.after(SILENCE_MS, giveUp("silence"));
      }
    } catch (error) {
      signal.throwIfAborted(); // closed by us: the reason says why
      throw error;
    } finally {
      timer[Symbol.dispose]();
      signal.removeEventListener("abort", close);
      close();
    }
  }

  #hear([topic]: readonly Uint8Array[]): void {
    const name = new TextDecoder("latin1").decode(topic);
    const known = TOPICS.find((topic) => topic === name);
    if (known === undefined || this.#gathering.get(known)?.active || this.#stop.signal.aborted) return;
    const hint = known === "hashblock" ? () => this.#init.onBlock() : () => this.#init.onTransaction();
    this.#gathering.set(known, this.#components.clock.after(GATHER_MS, hint));
  }

  #noteConnected(): void {
    this.#connected = true;
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#told !== "connected") {
      this.#components.logger.info("the full node notifies of blocks by ZeroMQ");
    }
    this.#told = "connected";
  }

  #noteAway(error: unknown): void {
    const fields = { error: errorText(error).slice(0, 300) };
    if (this.#told !== "away") this.#components.logger.warn("the full node's ZeroMQ is not there", fields);
    this.#told = "away";
  }
}

async function writeAll(connection: Duplex, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
}
