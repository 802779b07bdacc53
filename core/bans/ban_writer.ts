import { errorText } from "../base/mod.ts";
import { keys, type Mutation, type Store } from "../store/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { BanIndex, HeldBan } from "./ban_index.ts";
import type { BanRecord } from "./record.ts";

/** Mutations of one commit; the store takes 500. */
const CHUNK = 400;
/** Targets that may wait for another try. Beyond them a removal may be forgotten: the ban is then read again at the next start. */
const MAX_UNWRITTEN = 100_000;

/**
 * Writes the bans as they are when it is asked to: a target that is held is stored, any other removed. What could not be
 * written is tried again, so that a full disk or a busy store delays a ban's write and does not lose it.
 */
export class BanWriter {
  readonly #store: Store;
  readonly #index: BanIndex;
  readonly #logger: Logger;
  readonly #unwritten = new Set<string>();

  constructor(parts: { readonly store: Store; readonly index: BanIndex; readonly logger: Logger }) {
    this.#store = parts.store;
    this.#index = parts.index;
    this.#logger = parts.logger;
  }

  /** Writes these targets; resolves when they are on disk. @throws {CommonsError} of the store */
  async save(targets: readonly string[]): Promise<void> {
    const chunks: string[][] = [];
    for (let i = 0; i < targets.length; i += CHUNK) chunks.push(targets.slice(i, i + CHUNK));
    await Promise.all(chunks.map((chunk) => this.#commit(chunk)));
  }

  /** As `save`, for those whom nobody waits for: a failure is logged. */
  async saveLater(targets: readonly string[]): Promise<void> {
    try {
      await this.save(targets);
    } catch (error) {
      this.#logger.error("bans are not on disk yet, will try again", {
        targets: targets.length,
        error: errorText(error),
      });
    }
  }

  /** Writes what could not be written before. */
  async retry(): Promise<void> {
    if (this.#unwritten.size > 0) await this.saveLater([...this.#unwritten]);
  }

  async #commit(targets: readonly string[]): Promise<void> {
    const mutations = targets.map((target) => mutationOf(target, this.#index.get(target)));
    try {
      await this.#store.commit(mutations);
      for (const target of targets) this.#unwritten.delete(target);
    } catch (error) {
      // commits settle in the order in which they were asked for, so a later one that succeeds takes these out again
      for (const target of targets) if (this.#unwritten.size < MAX_UNWRITTEN) this.#unwritten.add(target);
      throw error;
    }
  }
}

function mutationOf(target: string, held: HeldBan | undefined): Mutation {
  const key = keys.ban(target);
  if (held === undefined) return { type: "delete", key };
  const value: BanRecord = { ...held.record, hits: held.hits };
  return { type: "set", key, value };
}
