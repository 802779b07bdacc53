import type { Clock } from "../base/mod.ts";

/** How a call of a module into the node ended. */
export const CALL_OUTCOMES = ["ok", "denied", "limited", "failed"] as const;
export type CallOutcome = typeof CALL_OUTCOMES[number];

/** One call in the audit trail. */
export interface AuditRecord {
  readonly method: string;
  readonly outcome: CallOutcome;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Sums since the module was first started. */
export interface CallCounts {
  readonly total: number;
  readonly denied: number;
  readonly limited: number;
  readonly failed: number;
}

const CAPACITY = 1_000;
const OK = 0, DENIED = 1, LIMITED = 2, FAILED = 3;

/**
 * The last 1,000 calls of one module, refusals included. One trail per module, so that a chatty module cannot push out
 * what another one did. Preallocated columns: recording allocates nothing.
 */
export class AuditTrail {
  readonly #clock: Clock;
  readonly #methods: string[] = new Array<string>(CAPACITY).fill("");
  readonly #outcomes = new Uint8Array(CAPACITY);
  readonly #times = new Float64Array(CAPACITY);
  readonly #sums = new Float64Array(CALL_OUTCOMES.length);
  #next = 0;
  #size = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `method` must be a name of the method table: a fixed set, never text from a module. */
  ok(method: string): void {
    this.#record(method, OK);
  }

  denied(method: string): void {
    this.#record(method, DENIED);
  }

  limited(method: string): void {
    this.#record(method, LIMITED);
  }

  failed(method: string): void {
    this.#record(method, FAILED);
  }

  get counts(): CallCounts {
    const [ok = 0, denied = 0, limited = 0, failed = 0] = this.#sums;
    return { total: ok + denied + limited + failed, denied, limited, failed };
  }

  /** Newest last; at most `limit`. */
  recent(limit = CAPACITY): AuditRecord[] {
    const count = Math.min(Math.max(0, limit), this.#size);
    return Array.from({ length: count }, (_, i) => {
      const slot = (this.#next - count + i + CAPACITY) % CAPACITY;
      return {
        method: this.#methods[slot] ?? "",
        outcome: CALL_OUTCOMES[this.#outcomes[slot] ?? OK] ?? "ok",
        at: this.#times[slot] ?? 0,
      };
    });
  }

  #record(method: string, outcome: number): void {
    const slot = this.#next;
    this.#methods[slot] = method;
    this.#outcomes[slot] = outcome;
    this.#times[slot] = this.#clock.now();
    this.#sums[outcome] = (this.#sums[outcome] ?? 0) + 1;
    this.#next = slot + 1 === CAPACITY ? 0 : slot + 1;
    if (this.#size < CAPACITY) this.#size++;
  }
}
