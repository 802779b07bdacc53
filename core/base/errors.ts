/** Stable machine-readable error code, SCREAMING_SNAKE_CASE; part of the public contract once shipped. */
export type ErrorCode = Uppercase<string>;

/** Options of {@linkcode CommonsError}. `detail` is shown to callers: never put a secret in it. */
export interface CommonsErrorOptions {
  readonly cause?: unknown;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * The one error class of the node. Callers branch on `code`, people read `message`
 * (grammar: "Cannot <action>: <state>", no final period).
 */
export class CommonsError extends Error {
  override readonly name = "CommonsError";
  readonly code: ErrorCode;
  readonly detail: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: CommonsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
  }
}

/** True when `error` is a {@linkcode CommonsError}, with that code when one is given. */
export function isCommonsError(error: unknown, code?: ErrorCode): error is CommonsError {
  return error instanceof CommonsError && (code === undefined || error.code === code);
}

/** Text of anything that was thrown: the message of an error, else the value as text. Never throws. */
export function errorText(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error);
  } catch {
    return "an error that cannot be shown as text"; // a hostile toString, getter or proxy
  }
}
