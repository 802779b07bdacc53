import type { Clock, ModuleName } from "../base/mod.ts";
import { keys, type Store } from "../store/mod.ts";
import { CAPABILITIES, isCapability } from "./capabilities.ts";
import { isNotOlder } from "./versions.ts";

/** What a module asks for, and the code that asks. */
export interface GrantRequest {
  readonly name: ModuleName;
  readonly version: string;
  /** `sha256:<hex>` of the code. */
  readonly hash: string;
  /** Distinct trusted keys that signed it, when its signature threshold is met; else empty. */
  readonly signers: readonly string[];
  readonly capabilities: readonly string[];
  /** Hosts that go with the `net` capability. */
  readonly net: readonly string[];
}

export interface GrantDecision {
  readonly granted: readonly string[];
  readonly missing: readonly string[];
}

/** What the operator agreed to: exactly this code, or later code of the same signers; exactly these powers. */
interface Approval {
  readonly hash: string;
  readonly version: string;
  /** Trusted keys that had signed the code; empty for code that is not. */
  readonly signers: readonly string[];
  readonly scopes: readonly string[];
  readonly at: number;
}

/** The operator took back what he had agreed to: until he approves again, signatures grant nothing either. */
interface Revocation {
  readonly revoked: true;
  readonly at: number;
}

/** Options of {@linkcode Grants}. */
export interface GrantsOptions {
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * Capabilities that modules have (contract, section 4):
 *
 * - open ones are granted when they are asked for;
 * - consent ones when the module's signature threshold is met by trusted keys, or by an approval of the operator;
 * - privileged ones only by an approval.
 *
 * An approval is pinned to the set of powers, network hosts included, and to the code's hash. When trusted signers
 * vouched for the code, it also holds for an update of the same or a later version that all of the same keys signed.
 * One for other code, or for less than is asked, counts for nothing. A revocation wins over signatures.
 */
export class Grants {
  readonly #options: GrantsOptions;

  constructor(options: GrantsOptions) {
    this.#options = options;
  }

  /** @throws {CommonsError} store errors; the caller must refuse then */
  async decide(request: GrantRequest): Promise<GrantDecision> {
    const all = { granted: request.capabilities, missing: [] };
    if (this.#scopes(request).length === 0) return all;
    const entry = await this.#options.store.get(keys.grant(request.name));
    if (isApproval(entry) && this.#covers(entry, request)) return all;
    const vouched = request.signers.length > 0 && !isRevocation(entry);
    const isMissing = (capability: string) =>
      vouched ? isPrivileged(capability) : this.needsApproval(capability);
    return {
      granted: request.capabilities.filter((capability) => !isMissing(capability)),
      missing: request.capabilities.filter(isMissing),
    };
  }

  /** Resolves when the approval is committed. */
  async approve(request: GrantRequest): Promise<void> {
    const approval: Approval = {
      hash: request.hash,
      version: request.version,
      signers: request.signers,
      scopes: this.#scopes(request),
      at: this.#options.clock.now(),
    };
    await this.#options.store.set(keys.grant(request.name), approval);
  }

  async revoke(name: ModuleName): Promise<void> {
    const revocation: Revocation = { revoked: true, at: this.#options.clock.now() };
    await this.#options.store.set(keys.grant(name), revocation);
  }

  /** True for what is not granted for the asking; unknown names too. */
  needsApproval(capability: string): boolean {
    return !isCapability(capability) || CAPABILITIES[capability].tier !== "open";
  }

  #covers(approval: Approval, request: GrantRequest): boolean {
    const { hash, signers, version, scopes } = approval;
    const sameSigners = signers.length > 0 && signers.every((key) => request.signers.includes(key)) &&
      isNotOlder(request.version, version);
    if (hash !== request.hash && !sameSigners) return false;
    return this.#scopes(request).every((scope) => scopes.includes(scope));
  }

  /** What has to be agreed to, one text each; sorted, so that order in the manifest means nothing. */
  #scopes(request: GrantRequest): string[] {
    const needed = request.capabilities.filter((capability) => this.needsApproval(capability));
    const hosts = needed.includes("net") ? request.net.map((host) => `net:${host}`) : [];
    return [...needed, ...hosts].sort();
  }
}

function isPrivileged(capability: string): boolean {
  return !isCapability(capability) || CAPABILITIES[capability].tier === "privileged";
}

/** An entry of another shape is no approval. */
function isApproval(value: unknown): value is Approval {
  return typeof value === "object" && value !== null &&
    "hash" in value && typeof value.hash === "string" &&
    "version" in value && typeof value.version === "string" &&
    "signers" in value && isTexts(value.signers) &&
    "scopes" in value && isTexts(value.scopes);
}

/** Damaged entries too: what cannot be read must not grant more than what can. */
function isRevocation(value: unknown): boolean {
  return value !== undefined && !isApproval(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
