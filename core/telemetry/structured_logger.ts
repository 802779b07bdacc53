import type { Clock } from "../base/mod.ts";
import { formatLine, type LogFormat } from "./log_format.ts";
import type { LogFields, Logger, LogLevel } from "./logger.ts";
import { LOG_LIMITS, REDACTED, sanitize } from "./sanitize.ts";

/** Options of {@linkcode createLogger}. */
export interface LoggerOptions {
  /** Least severity that is written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes one line without its end. A throw (a closed pipe) is ignored: there is nowhere left to say so. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
}

/** The first logger of the node, which also knows its secrets. */
export interface RootLogger extends Logger {
  /**
   * Replaces `secret` from now on wherever it occurs in a line, also in children's lines. Texts under 6 characters are
   * ignored: replacing them would destroy the log and hide little.
   */
  addSecret(secret: string): void;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const MIN_SECRET = 6;
/** Secrets come from configuration and key files: a node has a handful. */
const MAX_SECRETS = 1000;
const MAX_MESSAGE = 500;
const BEARER = /\b(bearer\s+)[\w.~+/=-]+/gi;
const USER_INFO = /(\/\/)[^\s/@]+@/g;

class Core {
  readonly #options: LoggerOptions;
  readonly #threshold: number;
  #secrets: string[] = [];

  constructor(options: LoggerOptions) {
    this.#options = options;
    this.#threshold = SEVERITY[options.level];
  }

  addSecret(secret: string): void {
    if (secret.length < MIN_SECRET || this.#secrets.includes(secret)) return;
    // Longest first, so that a secret that contains another is replaced whole.
    this.#secrets = [...this.#secrets.slice(-MAX_SECRETS + 1), secret].sort((a, b) => b.length - a.length);
  }

  write(level: LogLevel, scope: string, message: string, fields: LogFields | undefined): void {
    if (SEVERITY[level] < this.#threshold) return;
    const { clock, format, write } = this.#options;
    try {
      const text = String(message);
      const clean = this.#scrub(text.slice(0, LOG_LIMITS.text));
      const record = {
        time: clock.now(),
        level,
        scope,
        message: clean.length > MAX_MESSAGE ? clean.slice(0, MAX_MESSAGE) + "…" : clean,
        fields: fields === undefined
          ? []
          : sanitize(fields, { scrub: this.#scrub, stacks: this.#threshold === 0 }),
      };
      write(formatLine(format, record));
    } catch {
      // Logging must never break what it reports on.
    }
  }

  readonly #scrub = (text: string): string => {
    let clean = text;
    for (const secret of this.#secrets) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, REDACTED);
    }
    if (clean.includes("earer ")) clean = clean.replace(BEARER, `$1${REDACTED}`);
    if (clean.includes("@")) clean = clean.replace(USER_INFO, `$1${REDACTED}@`);
    return clean;
  };
}

class ScopedLogger implements RootLogger {
  readonly #core: Core;
  readonly #scope: string;

  constructor(core: Core, scope: string) {
    this.#core = core;
    this.#scope = scope;
  }

  debug(message: string, fields?: LogFields): void {
    this.#core.write("debug", this.#scope, message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#core.write("info", this.#scope, message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#core.write("warn", this.#scope, message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#core.write("error", this.#scope, message, fields);
  }

  child(scope: string): Logger {
    return new ScopedLogger(this.#core, this.#scope === "" ? scope : `${this.#scope}:${scope}`);
  }

  addSecret(secret: string): void {
    this.#core.addSecret(secret);
  }
}

/**
 * Makes the node's logger. Values of fields whose name says secret, and registered secrets anywhere, are replaced at any
 * depth; each record is one line with its control characters escaped; depth, sizes and lengths are bounded; nothing that
 * is logged can make logging throw. Errors show code, message and cause, and their stack only when the level is debug.
 */
export function createLogger(options: LoggerOptions): RootLogger {
  return new ScopedLogger(new Core(options), "");
}

/** A `write` for {@linkcode createLogger} that appends lines to standard error. Needs no Deno permission. */
export function stderrLines(): (line: string) => void {
  const write = stderrText();
  return (line) => write(line + "\n");
}

/** Writes text to standard error as it is. Needs no Deno permission. */
export function stderrText(): (text: string) => void {
  const encoder = new TextEncoder();
  return (text) => {
    let rest = encoder.encode(text);
    while (rest.length > 0) rest = rest.subarray(Deno.stderr.writeSync(rest));
  };
}
