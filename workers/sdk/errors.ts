/**
 * A refused or failed call of the node API. `code` is one of `PERMISSION_DENIED`, `NOT_FOUND`, `INVALID_PARAMS`,
 * `RATE_LIMITED`, `TIMEOUT`, `QUOTA_EXCEEDED`, `UNAVAILABLE`, … Two copies of this class (the module's and the cell's)
 * recognise each other's errors by name.
 */
export class NodeApiError extends Error {
  override readonly name = "NodeApiError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && "name" in value && value.name === "NodeApiError" &&
      "code" in value && typeof value.code === "string";
  }
}
