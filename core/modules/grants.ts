import type { Clock, ModuleName } from "../base/mod.ts";
import { keys, type Store } from "../store/mod.ts";
import { CAPABILITIES, isCapability } from "./capabilities.ts";

/** What a module asks for, and the code that asks. */
export interface GrantRequest {
  readonly name: ModuleName;
  /** `sha256:<hex>` of the code. */
  readonly hash: string;
  readonly capabilities: readonly string[];
  /** Hosts that go with the `net` capability. */
  readonly net: readonly string[];
}

export interface GrantDecision {
  readonly granted: readonly string[];
  readonly missing: readonly string[];
}

/** What the operator agreed to: exactly this code, exactly these powers. */
interface Approval {
  readonly hash: string;
  readonly scopes: readonly string[];
  readonly at: number;
}

/** Options of {@linkcode Grants}. */
export interface GrantsOptions {
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * Capabilities that modules have. Open ones are granted when they are asked for; all others only by an approval of the
 * operator that is pinned to the code's hash and to the set of powers, network hosts included. An approval for other
 * code, or for less than is asked, counts for nothing.
 */
export class Grants {
  readonly #options: GrantsOptions;

  constructor(options: GrantsOptions) {
    this.#options = options;
  }

  /** @throws {CommonsError} store errors; the caller must refuse then */
  async decide(request: GrantRequest): Promise<GrantDecision> {
    const scopes = this.#scopes(request);
    if (scopes.length === 0) return { granted: request.capabilities, missing: [] };
    const approval = await this.#approval(request.name);
    if (approval?.hash === request.hash && scopes.every((scope) => approval.scopes.includes(scope))) {
      return { granted: request.capabilities, missing: [] };
    }
    return {
      granted: request.capabilities.filter((capability) => !this.needsApproval(capability)),
      missing: request.capabilities.filter((capability) => this.needsApproval(capability)),
    };
  }

  /** Resolves when the approval is committed. */
  async approve(request: GrantRequest): Promise<void> {
    const approval: Approval = {
      hash: request.hash,
      scopes: this.#scopes(request),
      at: this.#options.clock.now(),
    };
    await this.#options.store.set(keys.grant(request.name), approval);
  }

  async revoke(name: ModuleName): Promise<void> {
    await this.#options.store.delete(keys.grant(name));
  }

  /** True for what the operator has to agree to; unknown names too. */
  needsApproval(capability: string): boolean {
    return !isCapability(capability) || CAPABILITIES[capability].tier !== "open";
  }

  /** What has to be agreed to, one text each; sorted, so that order in the manifest means nothing. */
  #scopes(request: GrantRequest): string[] {
    const needed = request.capabilities.filter((capability) => this.needsApproval(capability));
    const hosts = needed.includes("net") ? request.net.map((host) => `net:${host}`) : [];
    return [...needed, ...hosts].sort();
  }

  /** An entry of another shape is no approval. */
  async #approval(name: ModuleName): Promise<Approval | undefined> {
    const entry = await this.#options.store.get(keys.grant(name));
    return isApproval(entry) ? entry : undefined;
  }
}

function isApproval(value: unknown): value is Approval {
  return typeof value === "object" && value !== null &&
    "hash" in value && typeof value.hash === "string" &&
    "scopes" in value && Array.isArray(value.scopes) &&
    value.scopes.every((scope) => typeof scope === "string");
}
