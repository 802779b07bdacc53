import type { ModuleName } from "../base/mod.ts";
import type { GrantDecision, GrantRequest } from "./grants.ts";
import type { Manifest } from "./manifest_types.ts";
import type { PreparedModule } from "./supervisor_prepare.ts";
import type { SupervisorComponents } from "./supervisor_types.ts";

type AdmissionComponents = Pick<SupervisorComponents, "grants" | "prepare">;

/** What is known of a module's code, and what it was granted for it. */
export class ModuleAdmission {
  readonly #components: AdmissionComponents;
  readonly #name: ModuleName;
  #manifest: Manifest | undefined;
  #prepared: PreparedModule | undefined;
  #grants: GrantDecision = { granted: [], missing: [] };

  constructor(components: AdmissionComponents, name: ModuleName) {
    this.#components = components;
    this.#name = name;
  }

  /** As it was last read. */
  get manifest(): Manifest | undefined {
    return this.#manifest;
  }

  /** The code that passed every check the last time; absent since a read that failed. */
  get prepared(): PreparedModule | undefined {
    return this.#prepared;
  }

  get grants(): GrantDecision {
    return this.#grants;
  }

  /** What the operator has to agree to. */
  get needed(): readonly string[] {
    const requested = this.#prepared?.manifest.capabilities ?? [];
    return requested.filter((capability) => this.#components.grants.needsApproval(capability));
  }

  /** What discovery saw of a module that has not been read since. */
  describe(manifest: Manifest): void {
    if (this.#prepared === undefined) this.#manifest = manifest;
  }

  /** Reads and checks the module afresh. @throws {CommonsError} the reason of the rejection */
  async prepare(): Promise<PreparedModule> {
    this.#prepared = undefined;
    const prepared = await this.#components.prepare(this.#name);
    this.#manifest = prepared.manifest;
    return this.#prepared = prepared;
  }

  /** @throws {CommonsError} store errors: grants that cannot be read grant nothing */
  async decide(prepared: PreparedModule): Promise<GrantDecision> {
    this.#grants = { granted: [], missing: this.needed };
    return this.#grants = await this.#components.grants.decide(this.#request(prepared));
  }

  /** Remembers the operator's approval of exactly this code. */
  async approve(prepared: PreparedModule): Promise<void> {
    await this.#components.grants.approve(this.#request(prepared));
  }

  /** Takes it back and answers what the module lacks now. */
  async revoke(): Promise<readonly string[]> {
    await this.#components.grants.revoke(this.#name);
    const missing = this.needed;
    const granted = this.#grants.granted.filter((capability) => !missing.includes(capability));
    if (missing.length > 0) this.#grants = { granted, missing };
    return missing;
  }

  #request({ manifest, hash }: PreparedModule): GrantRequest {
    return { name: this.#name, hash, capabilities: manifest.capabilities, net: manifest.net };
  }
}
