import { type Clock, TokenBucket } from "../base/mod.ts";
import type { LogFields, Logger } from "../telemetry/mod.ts";

/** Lines in the long run and at once: strangers choose how much is refused, and must not fill a disk with it. */
const RATE = { perSecond: 5, burst: 50 } as const;

/** Says on debug level why something was refused, so often and no more; the next line tells how many were left out. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #bucket: TokenBucket;
  #suppressed = 0;

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#logger = logger;
    this.#bucket = new TokenBucket({ clock, ...RATE });
  }

  /** True when a line may be written now; to be asked before its fields are put together. */
  ready(): boolean {
    if (this.#bucket.take()) return true;
    this.#suppressed++;
    return false;
  }

  /** Writes one line, after {@linkcode ready}. */
  write(message: string, fields: LogFields): void {
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    this.#logger.debug(message, suppressed === 0 ? fields : { ...fields, suppressed });
  }
}
