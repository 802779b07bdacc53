import { hash as digestOf } from "node:crypto";
import { CommonsError, concatBytes, displayHash, type HashHex, HEADER_BYTES } from "../base/mod.ts";
import type { HeaderFault } from "./fault.ts";
import type { HeaderCursor } from "./header_cursor.ts";
import { isChildOf, RECORD_WORDS, roomForWords, type Words, wordsOf, writeRecord } from "./record.ts";

/** Headers between two commitments, and the most that wait for one. */
const COMMITMENT_STEP = 512;
/** A chain cannot have more: six blocks a second since its start, which only the time rules' limits allow. */
const MAX_BLOCKS_PER_SECOND = 6;

export interface PresyncInit {
  /** Stands on the known header that the chain goes on from; nobody else moves it. */
  readonly cursor: HeaderCursor;
  /** That header's hash, 32 bytes in wire order. */
  readonly start: Uint8Array;
  readonly startTime: number;
  /** Work that the chain must have. */
  readonly leastWork: bigint;
  /** Latest time that a header may have now, in Unix seconds. */
  readonly latestTime: () => number;
  /** 32 random bytes that the stranger does not know. */
  readonly salt: Uint8Array;
}

/**
 * - `counting`: send the headers after {@linkcode HeadersPresync.next}; nothing is stored
 * - `fetching`: enough work; send the same headers again from the start, the released ones may be accepted
 * - `done`: all are released
 * - `refused`: the stranger broke a rule (`code`); forget it
 */
export type PresyncState = "counting" | "fetching" | "done" | "refused";

export interface PresyncStep {
  readonly state: PresyncState;
  readonly code?: HeaderFault | "NOT_CONTINUOUS" | "CHANGED_CHAIN" | "TOO_LONG";
  /** Headers to hand to `accept` with `lowWork: "store"`; they are known to lead to enough work. */
  readonly released: Uint8Array<ArrayBuffer>;
}

const NOTHING = new Uint8Array(0);

/**
 * Counts the work of a stranger's chain before anything of it is stored, in little memory (the idea is Bitcoin Core's
 * `HeadersSyncState`). First pass: every rule is checked, and of every 512th header four bytes of a salted hash are kept.
 * Second pass, once the work is enough: the same chain again, held back up to the next kept hash, then released.
 * 900,000 headers need 7 KB, and never more than 512 of them wait.
 */
export class HeadersPresync {
  readonly #init: PresyncInit;
  readonly #maxCount: number;
  readonly #commitments: number[] = [];
  readonly #last: Words = roomForWords(RECORD_WORDS);
  #state: PresyncState = "counting";
  #count = 0;
  /** Headers of the first pass; known in the second. */
  #total = 0;
  #waiting: Uint8Array[] = [];

  constructor(init: PresyncInit) {
    this.#init = init;
    this.#maxCount = MAX_BLOCKS_PER_SECOND * Math.max(0, init.latestTime() - init.startTime) +
      COMMITMENT_STEP;
    this.#rewind();
  }

  get state(): PresyncState {
    return this.#state;
  }

  /** Headers that were counted, or fetched. */
  get count(): number {
    return this.#count;
  }

  /** Hash of the header whose children shall come next. */
  next(): HashHex {
    return displayHash(this.#last.bytes.subarray(0, 32));
  }

  /**
   * Takes the next headers. Those behind the point where the work was reached are ignored in the first pass and released
   * in the second.
   * @throws {CommonsError} `HEADER_LENGTH`
   */
  feed(headers: Uint8Array): PresyncStep {
    if (headers.length % HEADER_BYTES !== 0) {
      throw new CommonsError(
        "HEADER_LENGTH",
        `Cannot read headers: ${headers.length} bytes are not a multiple of 80`,
      );
    }
    const source = wordsOf(headers);
    const count = headers.length / HEADER_BYTES;
    return this.#state === "counting" ? this.#countAll(source, count) : this.#fetchAll(source, count);
  }

  #countAll(source: Words, count: number): PresyncStep {
    const { cursor, leastWork, latestTime } = this.#init;
    cursor.latestTime = latestTime();
    for (let index = 0; index < count; index++) {
      if (!isChildOf(source, index, { words: this.#last.words, at: 0 })) {
        return this.#refuse("NOT_CONTINUOUS");
      }
      if (this.#count >= this.#maxCount) return this.#refuse("TOO_LONG");
      writeRecord(source, index, { ...this.#last, at: 0 });
      const fault = cursor.fault(this.#last.words, 0);
      if (fault !== undefined) return this.#refuse(fault);
      cursor.push(this.#last.words, 0);
      this.#count++;
      if (this.#count % COMMITMENT_STEP === 0) this.#commitments.push(this.#commitment());
    }
    // A big number for each batch, not for each header: the chain ends with a batch.
    if (count > 0 && cursor.work >= leastWork) this.#beginFetching();
    return { state: this.#state, released: NOTHING };
  }

  #beginFetching(): void {
    if (this.#count % COMMITMENT_STEP !== 0) this.#commitments.push(this.#commitment());
    this.#total = this.#count;
    this.#state = "fetching";
    this.#rewind();
  }

  #fetchAll(source: Words, count: number): PresyncStep {
    if (this.#state !== "fetching") return { state: this.#state, released: NOTHING };
    const released: Uint8Array[] = [];
    for (let index = 0; index < count; index++) {
      const header = source.bytes.subarray(index * HEADER_BYTES, (index + 1) * HEADER_BYTES);
      // Also behind what was counted: what is released is stored whatever its work, so it must go on from there.
      if (!isChildOf(source, index, { words: this.#last.words, at: 0 })) {
        return this.#refuse("NOT_CONTINUOUS");
      }
      writeRecord(source, index, { ...this.#last, at: 0 });
      if (this.#count === this.#total) {
        released.push(header);
        continue;
      }
      this.#waiting.push(header);
      this.#count++;
      if (this.#count % COMMITMENT_STEP !== 0 && this.#count !== this.#total) continue;
      if (this.#commitments[Math.ceil(this.#count / COMMITMENT_STEP) - 1] !== this.#commitment()) {
        return this.#refuse("CHANGED_CHAIN");
      }
      released.push(...this.#waiting);
      this.#waiting = [];
    }
    if (this.#count === this.#total) this.#state = "done";
    return { state: this.#state, released: concatBytes(released) };
  }

  #rewind(): void {
    this.#count = 0;
    this.#last.bytes.set(this.#init.start);
  }

  #commitment(): number {
    const digest = digestOf(
      "sha256",
      concatBytes([this.#init.salt, this.#last.bytes.subarray(0, 32)]),
      "buffer",
    );
    return digest.readUInt32LE(0);
  }

  #refuse(code: NonNullable<PresyncStep["code"]>): PresyncStep {
    this.#state = "refused";
    this.#waiting = [];
    this.#commitments.length = 0;
    return { state: "refused", code, released: NOTHING };
  }
}
