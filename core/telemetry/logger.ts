/** Severity, least first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Structured fields of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured, redacting logger. Messages are constant text; what varies goes into `fields`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines carry `scope` (joined by ":" to this one's). */
  child(scope: string): Logger;
}
