import { CommonsError } from "../base/mod.ts";

const MAX_METHODS = 64;
// "__proto__" and its kind are no names: somebody would use them as a key of an object one day.
const API_NAME = /^(?!__)[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/;
const RPC_NAME = /^(?!__)[a-z_][a-z0-9_]{2,63}$/;

/** Methods that modules expose to each other and to the operator: a name space for each module. */
export class ApiRegistry {
  readonly #methods = new Map<string, Set<string>>();

  /** Exposing twice is harmless. @throws {CommonsError} `INVALID_PARAMS`, `QUOTA_EXCEEDED` */
  expose(module: string, method: string): void {
    if (!API_NAME.test(method)) {
      throw new CommonsError(
        "INVALID_PARAMS",
        "Cannot expose a method: its name must be 1 to 64 of letters, digits, _ . : and -, the first a letter or _",
      );
    }
    const methods = this.#methods.get(module) ?? new Set();
    if (methods.size >= MAX_METHODS && !methods.has(method)) throw tooMany("expose a method");
    this.#methods.set(module, methods.add(method));
  }

  /** @throws {CommonsError} `NOT_FOUND` */
  unexpose(module: string, method: string): void {
    if (!this.#methods.get(module)?.delete(method)) {
      throw new CommonsError("NOT_FOUND", "Cannot withdraw a method: it is not exposed");
    }
  }

  has(module: string, method: string): boolean {
    return this.#methods.get(module)?.has(method) ?? false;
  }

  methods(module: string): readonly string[] {
    return [...this.#methods.get(module) ?? []].sort();
  }

  remove(module: string): void {
    this.#methods.delete(module);
  }
}

/**
 * JSON-RPC methods that modules registered: one name space for all. A name of the node itself cannot be taken, nor one
 * of another module; only who registered a name can give it back.
 */
export class RpcRegistry {
  readonly #owners = new Map<string, string>();
  readonly #isReserved: (method: string) => boolean;

  constructor(isReserved: (method: string) => boolean) {
    this.#isReserved = isReserved;
  }

  /** Registering again what one owns is harmless. @throws {CommonsError} `INVALID_PARAMS`, `PERMISSION_DENIED`, `QUOTA_EXCEEDED` */
  register(module: string, method: string): void {
    if (!RPC_NAME.test(method)) {
      throw new CommonsError(
        "INVALID_PARAMS",
        "Cannot register a JSON-RPC method: its name must be 3 to 64 of a-z, 0-9 and _, the first no digit",
      );
    }
    if (this.#isReserved(method)) throw taken(method, "the node");
    const owner = this.#owners.get(method);
    if (owner === module) return;
    if (owner !== undefined) throw taken(method, "another module");
    const count = [...this.#owners.values()].filter((name) => name === module).length;
    if (count >= MAX_METHODS) throw tooMany("register a JSON-RPC method");
    this.#owners.set(method, module);
  }

  /** @throws {CommonsError} `NOT_FOUND` also for what another module owns. */
  unregister(module: string, method: string): void {
    if (this.#owners.get(method) !== module) {
      throw new CommonsError(
        "NOT_FOUND",
        "Cannot withdraw a JSON-RPC method: this module has not registered it",
      );
    }
    this.#owners.delete(method);
  }

  owner(method: string): string | undefined {
    return this.#owners.get(method);
  }

  methods(): readonly string[] {
    return [...this.#owners.keys()].sort();
  }

  remove(module: string): void {
    for (const [method, owner] of this.#owners) {
      if (owner === module) this.#owners.delete(method);
    }
  }
}

function taken(method: string, by: string): CommonsError {
  return new CommonsError(
    "PERMISSION_DENIED",
    `Cannot register JSON-RPC method ${method}: it belongs to ${by}`,
  );
}

function tooMany(action: string): CommonsError {
  return new CommonsError("QUOTA_EXCEEDED", `Cannot ${action}: at most ${MAX_METHODS} a module`);
}
