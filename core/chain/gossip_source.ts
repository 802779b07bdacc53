import { afterTurn, concatBytes, errorText, HEADER_BYTES, isCommonsError, tryHashHex } from "../base/mod.ts";
import type { EventBus, NodeEvent } from "../events/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import type { MissingParent } from "./peer_headers_types.ts";
import type { HeaderChain } from "./types.ts";

/** Most headers that wait for their turn; what comes on top is dropped and counted, others will say it again. */
const MAX_WAITING_HEADERS = 2_000;

export interface GossipSourceComponents {
  readonly chain: Pick<HeaderChain, "accept">;
  /** Where `BlockAnnounced` comes from: its header has been checked for its own proof of work. */
  readonly events: Pick<EventBus, "listen">;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  /** Told of headers whose parents are not known; must be quick and not throw. */
  missing?(header: MissingParent): void;
}

/** Headers heard on gossip, on their way into the chain. */
export interface GossipSource {
  /** Takes no more, and resolves when what was offered is judged. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Offers the chain every header that is announced: those of one turn of the event loop together, and one batch at a time,
 * so that a busy network costs one commit for many. Headers whose parent is not known wait in the chain, within its
 * bounds; chains with too little work are refused like any stranger's, without a word in the log (the chain counts them).
 */
export function startGossipSource(components: GossipSourceComponents): GossipSource {
  return new Source(components);
}

interface Heard {
  /** As hex. */
  readonly header: string;
  readonly from: MissingParent;
}

class Source implements GossipSource {
  readonly #chain: GossipSourceComponents["chain"];
  readonly #logger: Logger;
  readonly #missing: (header: MissingParent) => void;
  readonly #listening: Disposable;
  /** By hash, in order of arrival. */
  #waiting = new Map<string, Heard>();
  /** The batch that is due or under way. */
  #work: Promise<void> | undefined;
  #heard = 0;
  #dropped = 0;

  constructor(components: GossipSourceComponents) {
    const { chain, events, logger, metrics } = components;
    this.#chain = chain;
    this.#missing = (header) => components.missing?.(header);
    this.#logger = logger;
    this.#listening = events.listen({ name: "chain", types: ["BlockAnnounced"] }, (event) => {
      if (isAnnouncement(event)) this.#hear(event.payload);
    });
    metrics?.collect({
      name: "commons_chain_gossip_headers_total",
      help: "Headers heard on gossip: offered to the chain, or dropped because too many waited.",
      labels: ["outcome"],
      kind: "counter",
    }, () => [[this.#heard, { outcome: "offered" }], [this.#dropped, { outcome: "dropped" }]]);
  }

  async stop(): Promise<void> {
    this.#listening[Symbol.dispose]();
    await this.#work;
  }

  #hear({ block_hash, header, peer_id, height }: NodeEvent<"BlockAnnounced">["payload"]): void {
    if (header.length !== 2 * HEADER_BYTES) return; // not this node's own P2P service
    if (this.#waiting.size >= MAX_WAITING_HEADERS) {
      this.#dropped++;
      return;
    }
    const hash = tryHashHex(block_hash);
    if (hash === undefined || this.#waiting.has(hash)) return;
    this.#heard++;
    this.#waiting.set(hash, { header, from: { hash, peerId: peer_id, height } });
    this.#work ??= this.#drain();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.size > 0) {
      await new Promise<void>((resolve) => afterTurn(resolve));
      const headers = [...this.#waiting.values()];
      this.#waiting = new Map();
      await this.#offer(headers);
    }
    this.#work = undefined;
  }

  async #offer(headers: readonly Heard[]): Promise<void> {
    try {
      const bytes = concatBytes(headers.map(({ header }) => Uint8Array.fromHex(header)));
      const { rejected } = await this.#chain.accept(bytes, { keepOrphans: true });
      for (const { index, code } of rejected) {
        const heard = headers[index];
        if (code === "UNKNOWN_PARENT" && heard !== undefined) this.#missing(heard.from);
      }
    } catch (error) {
      // They are lost to this node until someone announces a child.
      const fields = { headers: headers.length, error: errorText(error).slice(0, 300) };
      if (isCommonsError(error) && error.code === "CHAIN_BUSY") {
        this.#logger.debug("headers of gossip were dropped", fields);
      } else this.#logger.warn("headers of gossip were not taken", fields);
    }
  }
}

function isAnnouncement(event: NodeEvent): event is NodeEvent<"BlockAnnounced"> {
  return event.type === "BlockAnnounced";
}
