import { type Clock, CommonsError, sleep, TokenBucket } from "../base/mod.ts";
import { RecentMap } from "./recent_map.ts";

/** Questions of one peer: a node that has just come asks some forty, and then a few in half a minute. */
const OF_A_PEER = { perSecond: 20, burst: 64 } as const;
/** Those of all: each takes one to two milliseconds of this node's only thread (measured). */
const OF_ALL = { perSecond: 200, burst: 256 } as const;
const MAX_PEERS = 4_096;
/** Questions that wait for their turn: at the rate of all some three seconds. */
const MAX_WAITING = 512;

type Handle = (...args: readonly unknown[]) => unknown;

/**
 * Answers others' questions to the DHT no faster than a node can afford. The library answers as fast as they come, from
 * records that it reads anew each time: one peer that asks without end would have the whole node, block announcements
 * included, wait. What comes too fast waits; when too many wait, the stream ends.
 */
export class DhtAnswers {
  readonly #clock: Clock;
  readonly #peers = new RecentMap<string, TokenBucket>(MAX_PEERS);
  readonly #all: TokenBucket;
  readonly #abort = new AbortController();
  #waiting = 0;

  constructor(components: { readonly clock: Clock }) {
    this.#clock = components.clock;
    this.#all = new TokenBucket({ clock: this.#clock, ...OF_ALL });
  }

  /** Whether it could: the published type of the DHT has no such field, so a later version may have it elsewhere. */
  watch(dht: object): boolean {
    const rpc: unknown = "rpc" in dht ? dht.rpc : undefined;
    if (typeof rpc !== "object" || rpc === null || !("handleMessage" in rpc)) return false;
    const { handleMessage } = rpc;
    if (typeof handleMessage !== "function") return false;
    const handle: Handle = handleMessage.bind(rpc);
    rpc.handleMessage = async (...args: readonly unknown[]) => {
      await this.#turn(String(args[0]));
      return await handle(...args);
    };
    return true;
  }

  /** Ends what waits. */
  stop(): void {
    this.#abort.abort(new CommonsError("UNAVAILABLE", "Cannot answer: the DHT is stopping"));
  }

  async #turn(peerId: string): Promise<void> {
    if (this.#waiting >= MAX_WAITING) {
      throw new CommonsError("RATE_LIMITED", "Cannot answer: too many questions wait");
    }
    this.#waiting++;
    try {
      await this.#wait(this.#bucketOf(peerId));
      await this.#wait(this.#all);
    } finally {
      this.#waiting--;
    }
  }

  async #wait(bucket: TokenBucket): Promise<void> {
    const ms = bucket.spend(1);
    if (ms > 0) await sleep(this.#clock, ms, { signal: this.#abort.signal });
  }

  #bucketOf(peerId: string): TokenBucket {
    const known = this.#peers.get(peerId);
    if (known !== undefined) return known;
    const bucket = new TokenBucket({ clock: this.#clock, ...OF_A_PEER });
    this.#peers.set(peerId, bucket);
    return bucket;
  }
}
