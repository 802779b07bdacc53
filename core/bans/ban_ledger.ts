import { CommonsError, errorText, type Timer } from "../base/mod.ts";
import { keys } from "../store/mod.ts";
import { type BanIndex, entryOf, type HeldBan } from "./ban_index.ts";
import type { BanTelemetry } from "./ban_telemetry.ts";
import { BanWriter } from "./ban_writer.ts";
import { type BanRecord, readRecord } from "./record.ts";
import type { BanTarget } from "./target.ts";
import type { BanComponents, BanEntry } from "./types.ts";

const MINUTE_MS = 60_000;
/** The wall clock and the monotonic one may drift apart by as much before the wall clock counts as set. */
const CLOCK_TOLERANCE_MS = 10_000;

type LedgerParts = BanComponents & {
  readonly index: BanIndex;
  readonly telemetry: BanTelemetry;
  /** Called when a ban is over, whatever the reason. */
  readonly onEnd: (target: BanTarget) => void;
};

/**
 * Keeps the bans: in force at once, written, ended in time, at most so many.
 *
 * Time: while the node runs a ban's rest is measured by the monotonic clock, so that no setting of the wall clock ends or
 * lengthens it; when the wall clock was set, the ends (and beginnings) of all bans are moved along with it and written
 * again. Over a restart only the wall clock can tell how long the node was down; a ban never has more left than its
 * whole length.
 */
export class BanLedger {
  readonly #parts: LedgerParts;
  readonly #maxEntries: number;
  readonly #writer: BanWriter;
  readonly #listeners = new Set<(entry: BanEntry) => void>();
  #minute: Timer | undefined;
  #expiry: Timer | undefined;
  /** Monotonic milliseconds for which the expiry timer is set. */
  #expiryAt = Infinity;
  /** Wall clock minus monotonic clock, as last seen. */
  #offset: number;
  /** Bans that were made in what is the future now; see `#load`. */
  #early: string[] = [];

  constructor(parts: LedgerParts, options: { readonly maxEntries: number }) {
    this.#parts = parts;
    this.#maxEntries = options.maxEntries;
    this.#writer = new BanWriter(parts);
    this.#offset = this.#clockOffset();
  }

  async start(): Promise<void> {
    this.#offset = this.#clockOffset();
    const removed: string[] = [];
    for await (const { key, value } of this.#parts.store.list({ prefix: keys.bans() })) {
      const text = key[1];
      if (key.length === 2 && typeof text === "string" && !this.#load(text, value)) removed.push(text);
    }
    removed.push(...this.#shrink());
    await this.#writer.saveLater(removed);
    this.#minute = this.#parts.clock.every(MINUTE_MS, () => this.#everyMinute());
    this.#planExpiry();
    this.#parts.logger.info("bans loaded", { bans: this.#parts.index.size, removed: removed.length });
  }

  async stop(): Promise<void> {
    if (this.#minute === undefined) return;
    this.#minute[Symbol.dispose]();
    this.#expiry?.[Symbol.dispose]();
    this.#minute = this.#expiry = undefined;
    this.#followClock();
    await this.#writer.retry();
    await this.#writer.saveLater(this.#targets((held) => held.hits !== held.record.hits));
  }

  onBan(listener: (entry: BanEntry) => void): Disposable {
    const own = (entry: BanEntry) => listener(entry); // the same function may be added twice
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  /**
   * Puts a ban in force, in place of one of the same target, and tells everybody; when there is no room the ban that
   * ends first makes it, operators' bans aside. Answers the entry and its write.
   * @throws {CommonsError} `BANS_FULL` when all that are held are operators'
   */
  put(target: BanTarget, record: BanRecord): { readonly entry: BanEntry; readonly written: Promise<void> } {
    const { index, clock, telemetry } = this.#parts;
    const before = index.get(target.text);
    const changed = [target.text];
    if (before === undefined && index.size >= this.#maxEntries) changed.push(this.#evict());
    else if (before !== undefined) index.delete(before);
    const left = record.until === null ? Infinity : record.until - clock.now();
    const held: HeldBan = { target, record, hits: record.hits, deadline: clock.monotonic() + left };
    index.set(held);
    if (held.deadline < this.#expiryAt) this.#planExpiry(held.deadline);
    const entry = entryOf(held);
    telemetry.banned(entry, left);
    for (const listener of this.#listeners) this.#tell(listener, entry);
    return { entry, written: this.#writer.save(changed) };
  }

  /** Ends a ban before its time. */
  async lift(held: HeldBan): Promise<void> {
    this.#end(held, "lifted");
    await this.#writer.save([held.target.text]);
  }

  async clear(): Promise<number> {
    const all = [...this.#parts.index.all()];
    for (const held of all) this.#end(held, "lifted");
    await this.#writer.save(all.map(({ target }) => target.text));
    return all.length;
  }

  /** For writes that nobody waits for. */
  background(written: Promise<void>): void {
    written.catch((error) => {
      this.#parts.logger.error("a ban is not on disk yet, will try again", { error: errorText(error) });
    });
  }

  /** False for what is over or not a ban. */
  #load(text: string, value: unknown): boolean {
    const { clock, logger, index } = this.#parts;
    const read = readRecord(text, value);
    if (read === undefined) {
      logger.warn("a stored ban cannot be read and is removed", { target: text.slice(0, 128) });
      return false;
    }
    const { target } = read;
    const record = this.#inPresent(read.record);
    const left = record.until === null ? Infinity : record.until - clock.now();
    if (left <= 0) return false;
    if (record !== read.record) this.#early.push(target.text);
    index.set({ target, record, hits: record.hits, deadline: clock.monotonic() + left });
    return true;
  }

  /**
   * A ban that was made in the future, for the clock was set back since, begins now. Machines without a clock of their own
   * start in the past until they have asked somebody, so this is written a minute later, when that is over.
   */
  #inPresent(record: BanRecord): BanRecord {
    const now = this.#parts.clock.now();
    if (record.until === null || record.created <= now) return record;
    return { ...record, created: now, until: now + record.until - record.created };
  }

  /** Removes what is over `maxEntries`, as when the setting was lowered; operators' bans stay all the same. */
  #shrink(): string[] {
    const { index, logger } = this.#parts;
    const excess = index.size - this.#maxEntries;
    if (excess <= 0) return [];
    const victims = [...index.all()]
      .filter(({ record }) => record.source !== "operator")
      .sort((a, b) => a.deadline - b.deadline)
      .slice(0, excess);
    for (const held of victims) index.delete(held);
    if (victims.length < excess) {
      logger.warn("more operators' bans than bans.max_entries: all are kept", { bans: index.size });
    }
    return victims.map(({ target }) => target.text);
  }

  #evict(): string {
    let victim: HeldBan | undefined;
    for (const held of this.#parts.index.all()) {
      if (held.record.source === "operator") continue;
      if (victim === undefined || held.deadline < victim.deadline) victim = held;
    }
    if (victim === undefined) {
      throw new CommonsError(
        "BANS_FULL",
        `Cannot ban: all ${this.#maxEntries} bans that may be kept (bans.max_entries) are operators'`,
      );
    }
    this.#end(victim, "evicted");
    return victim.target.text;
  }

  #end(held: HeldBan, how: "lifted" | "expired" | "evicted"): void {
    this.#parts.index.delete(held);
    this.#parts.telemetry.unbanned(entryOf(held), how);
    this.#parts.onEnd(held.target);
  }

  #tell(listener: (entry: BanEntry) => void, entry: BanEntry): void {
    try {
      listener(entry);
    } catch (error) {
      this.#parts.logger.error("ban listener failed", { error: errorText(error) });
    }
  }

  #everyMinute(): void {
    this.#followClock();
    void this.#writer.saveLater(this.#early.splice(0));
    void this.#writer.retry();
  }

  /** Ends what is over, writes that, and plans the next time. */
  #expire(): void {
    const now = this.#parts.clock.monotonic();
    const over = [...this.#parts.index.all()].filter(({ deadline }) => deadline <= now);
    for (const held of over) this.#end(held, "expired");
    void this.#writer.saveLater(over.map(({ target }) => target.text));
    this.#planExpiry();
  }

  #planExpiry(at = this.#soonest()): void {
    const { clock } = this.#parts;
    this.#expiry?.[Symbol.dispose]();
    this.#expiry = undefined;
    this.#expiryAt = at;
    if (at === Infinity || this.#minute === undefined) return;
    this.#expiry = clock.after(Math.max(0, Math.ceil(at - clock.monotonic())), () => this.#expire());
  }

  #soonest(): number {
    let soonest = Infinity;
    for (const { deadline } of this.#parts.index.all()) soonest = Math.min(soonest, deadline);
    return soonest;
  }

  /** Moves all bans along when the wall clock was set, so that they have as much left as before. */
  #followClock(): void {
    const { clock, index, logger } = this.#parts;
    const offset = this.#clockOffset();
    const moved = Math.round(offset - this.#offset);
    if (Math.abs(moved) < CLOCK_TOLERANCE_MS) return;
    this.#offset = offset;
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    for (const held of index.all()) {
      const { record, deadline } = held;
      if (record.until === null) continue;
      const until = Math.round(now + deadline - monotonic);
      held.record = { ...record, until, created: record.created + until - record.until };
    }
    logger.warn("the clock was set: bans keep the time that they had left", { movedMs: moved });
    void this.#writer.saveLater(this.#targets(({ record }) => record.until !== null));
  }

  #targets(wanted: (held: HeldBan) => boolean): string[] {
    return [...this.#parts.index.all()].filter(wanted).map(({ target }) => target.text);
  }

  #clockOffset(): number {
    return this.#parts.clock.now() - this.#parts.clock.monotonic();
  }
}
