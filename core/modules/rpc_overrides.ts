import { CommonsError } from "../base/mod.ts";

/**
 * JSON-RPC methods of Bitcoin Core that this node leaves to modules: a module that lists one in its manifest's
 * `rpc_overrides` may answer it. Nothing else of the node's own names can ever be a module's.
 */
export const OVERRIDABLE_RPC: readonly string[] = Object.freeze(["analyzepsbt", "getdescriptorinfo"]);

/** Who answers the overridable methods. The first who registers has one, until it gives it back or is stopped. */
export class RpcOverrides {
  readonly #owners = new Map<string, string>();

  /**
   * Registering again what one owns is harmless.
   * @throws {CommonsError} `INVALID_PARAMS` (not overridable), `PERMISSION_DENIED` (not in the manifest, or another's)
   */
  register(module: string, method: string, options: { readonly declared: readonly string[] }): void {
    if (!OVERRIDABLE_RPC.includes(method)) {
      const names = OVERRIDABLE_RPC.join(", ");
      throw new CommonsError("INVALID_PARAMS", `Cannot override a JSON-RPC method: only ${names} can be`);
    }
    if (!options.declared.includes(method)) {
      throw denied(method, "the manifest's rpc_overrides do not list it");
    }
    const owner = this.#owners.get(method) ?? module;
    if (owner !== module) throw denied(method, "another module has done so");
    this.#owners.set(method, module);
  }

  /** @throws {CommonsError} `NOT_FOUND` also for what another module owns. */
  unregister(module: string, method: string): void {
    if (this.#owners.get(method) !== module) {
      throw new CommonsError("NOT_FOUND", "Cannot withdraw an override: this module has not registered it");
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
    for (const [method, owner] of this.#owners) if (owner === module) this.#owners.delete(method);
  }
}

function denied(method: string, state: string): CommonsError {
  return new CommonsError("PERMISSION_DENIED", `Cannot override JSON-RPC method ${method}: ${state}`);
}
