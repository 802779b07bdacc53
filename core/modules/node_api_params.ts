import { CommonsError, type HashHex, tryHashHex } from "../base/mod.ts";

/** What is wrong with a call's parameters. */
export function invalidParams(method: string, state: string): CommonsError {
  return new CommonsError("INVALID_PARAMS", `Cannot call ${method}: ${state}`);
}

/** Reads a call's positional parameters; every failure is `INVALID_PARAMS` with the method's and the parameter's name. */
export class Params {
  readonly #method: string;
  readonly #values: readonly unknown[];

  /** @throws {CommonsError} `INVALID_PARAMS` for more than `most` parameters. */
  constructor(method: string, values: readonly unknown[], most: number) {
    if (values.length > most) throw invalidParams(method, `takes at most ${most} parameters`);
    this.#method = method;
    this.#values = values;
  }

  at(index: number): unknown {
    return this.#values[index];
  }

  text(index: number, title: string, max = 256): string {
    const value = this.#values[index];
    if (typeof value !== "string") throw this.fault(`'${title}' must be text`);
    if (value.length > max) throw this.fault(`'${title}' must have at most ${max} characters`);
    return value;
  }

  /** 64 hex digits. */
  hash(index: number, title: string): HashHex {
    const hash = tryHashHex(this.text(index, title, 64).toLowerCase());
    if (hash === undefined) throw this.fault(`'${title}' must be 64 hex digits`);
    return hash;
  }

  optionalText(index: number, title: string, max = 256): string | undefined {
    const value = this.#values[index];
    return value === undefined || value === null ? undefined : this.text(index, title, max);
  }

  bytes(index: number, title: string, max: number): Uint8Array {
    const value = this.#values[index];
    if (!(value instanceof Uint8Array)) throw this.fault(`'${title}' must be bytes`);
    if (value.length > max) throw this.fault(`'${title}' must have at most ${max} bytes`);
    return value;
  }

  /** A whole number from 0 among named options, or nothing. */
  wholeNumber(options: Readonly<Record<string, unknown>>, title: string): number | undefined {
    const value = options[title] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.fault(`'${title}' must be a whole number from 0`);
  }

  list(index: number, title: string, max: number): readonly unknown[] {
    return this.asList(this.#values[index], title, max);
  }

  /** An object of named options; nothing counts as an empty one. */
  options(index: number, title: string): Readonly<Record<string, unknown>> {
    return this.asRecord(this.#values[index] ?? {}, title);
  }

  asList(value: unknown, title: string, max: number): readonly unknown[] {
    if (!Array.isArray(value)) throw this.fault(`'${title}' must be a list`);
    if (value.length > max) throw this.fault(`'${title}' must have at most ${max} entries`);
    return value;
  }

  asRecord(value: unknown, title: string): Readonly<Record<string, unknown>> {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
    throw this.fault(`'${title}' must be an object`);
  }

  fault(state: string): CommonsError {
    return invalidParams(this.#method, state);
  }
}
