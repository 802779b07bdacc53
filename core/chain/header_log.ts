import { CommonsError, fromHex, HEADER_BYTES } from "../base/mod.ts";
import { type Mutation, type Store, storeKey } from "../store/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { ChainBase } from "./chain_state.ts";
import { workHex } from "./compact.ts";
import type { HeaderTable } from "./header_table.ts";
import { CHUNK_HEADERS, decodeChunk, encodeChunk } from "./log_chunk.ts";

const BASE_KEY = storeKey("chain", "base");
const LOG_PREFIX = storeKey("chain", "log");
/** Chunks of one commit: about 645 KB. */
const CHUNKS_PER_COMMIT = 10;
const DELETES_PER_COMMIT = 400;

/** What the store says about where the chain begins. */
interface StoredBase {
  readonly network: string;
  readonly height: number;
  readonly header: string;
  readonly chainwork: string;
}

/**
 * The headers on disk: the table as it is, in the order in which the headers came, in chunks. It only ever grows at its
 * end, each commit is whole or not there, and the best chain follows from the order: a crash at any moment leaves the
 * chain as it was after an earlier header, at the latest the last acknowledged one.
 */
export class HeaderLog {
  readonly #store: Store;
  readonly #logger: Logger;
  /** Slots that are committed. */
  #written = 0;

  constructor(store: Store, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** @throws {CommonsError} `CHAIN_WRONG_NETWORK`, `STORE_CORRUPT` */
  async readBase(network: string): Promise<ChainBase | undefined> {
    const stored = await this.#store.get(BASE_KEY);
    if (stored === undefined) return undefined;
    if (!isStoredBase(stored)) {
      throw new CommonsError("STORE_CORRUPT", "Cannot open the header chain: its beginning cannot be read");
    }
    if (stored.network !== network) {
      throw new CommonsError(
        "CHAIN_WRONG_NETWORK",
        `Cannot open the header chain: the store holds that of ${stored.network}, this node is on ${network}`,
      );
    }
    const header = fromHex(stored.header, { length: HEADER_BYTES, title: "the stored first header" });
    return { height: stored.height, header, work: BigInt("0x" + stored.chainwork) };
  }

  /**
   * Reads everything into an empty table. A chunk that is damaged and what lies behind it are left out and deleted:
   * sources have those headers again. Answers how many chunks were lost.
   */
  async readInto(table: HeaderTable, baseHeight: number): Promise<number> {
    const lost: Mutation[] = [];
    let sound = true;
    let chunks = 0;
    for await (const { key, value } of this.#store.list({ prefix: LOG_PREFIX })) {
      if (sound && (key[2] !== chunks || table.length !== chunks * CHUNK_HEADERS)) sound = false;
      if (sound && decodeChunk(table, value, baseHeight) === undefined) sound = false;
      if (sound) chunks++;
      else lost.push({ type: "delete", key });
    }
    this.#written = table.length;
    if (lost.length > 0) {
      this.#logger.error("stored headers are damaged and will be fetched again", { chunks: lost.length });
      for (let i = 0; i < lost.length; i += DELETES_PER_COMMIT) {
        await this.#store.commit(lost.slice(i, i + DELETES_PER_COMMIT));
      }
    }
    return lost.length;
  }

  /** Writes where the chain begins, and its first header, over an empty chain or one of a base alone. */
  async writeBase(base: ChainBase, options: { network: string; table: HeaderTable }): Promise<void> {
    const stored: StoredBase = {
      network: options.network,
      height: base.height,
      header: base.header.toHex(),
      chainwork: workHex(base.work),
    };
    const chunk = encodeChunk(options.table, { first: 0, end: 1 });
    await this.#store.commit([
      { type: "set", key: BASE_KEY, value: stored },
      { type: "set", key: [...LOG_PREFIX, 0], value: chunk },
    ]);
    this.#written = 1;
  }

  /** Resolves when all slots of the table are committed, also those of an earlier call that failed. */
  async write(table: HeaderTable): Promise<void> {
    while (this.#written < table.length) {
      const mutations: Mutation[] = [];
      let written = this.#written;
      for (let i = 0; i < CHUNKS_PER_COMMIT && written < table.length; i++) {
        const chunk = Math.floor(written / CHUNK_HEADERS);
        const first = chunk * CHUNK_HEADERS;
        written = Math.min(table.length, first + CHUNK_HEADERS);
        mutations.push({
          type: "set",
          key: [...LOG_PREFIX, chunk],
          value: encodeChunk(table, { first, end: written }),
        });
      }
      await this.#store.commit(mutations);
      this.#written = written;
    }
  }
}

function isStoredBase(value: unknown): value is StoredBase {
  return typeof value === "object" && value !== null &&
    "network" in value && typeof value.network === "string" &&
    "height" in value && Number.isSafeInteger(value.height) &&
    "header" in value && typeof value.header === "string" &&
    "chainwork" in value && typeof value.chainwork === "string" && /^[0-9a-f]{64}$/.test(value.chainwork);
}
