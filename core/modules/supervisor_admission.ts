import { CommonsError, isCommonsError, type ModuleName } from "../base/mod.ts";
import type { GrantDecision, GrantRequest } from "./grants.ts";
import type { ModuleSignature } from "./host_types.ts";
import type { Manifest } from "./manifest_types.ts";
import type { PreparedModule } from "./supervisor_prepare.ts";
import type { SupervisorComponents } from "./supervisor_types.ts";

/** Code that was checked, and what it was granted. */
export interface Launch {
  readonly prepared: PreparedModule;
  readonly grants: GrantDecision;
}

type AdmissionComponents = Pick<SupervisorComponents, "grants" | "prepare">;

/** What is known of a module's code, and what it was granted for it. */
export class ModuleAdmission {
  readonly #components: AdmissionComponents;
  readonly #name: ModuleName;
  #manifest: Manifest | undefined;
  #prepared: PreparedModule | undefined;
  /** The last read failed because signatures did not hold. */
  #brokenSignature = false;
  #grants: GrantDecision = { granted: [], missing: [] };
  #pending: Launch | undefined;

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

  /** What is known of the signatures; before they were checked, only whether there are any. */
  get signature(): Pick<ModuleSignature, "state" | "signers"> {
    if (this.#prepared) return this.#prepared.signature;
    if (this.#brokenSignature) return { state: "invalid", signers: [] };
    const signed = (this.#manifest?.signatures?.maintainers.length ?? 0) > 0;
    return { state: signed ? "unverified" : "unsigned", signers: [] };
  }

  get grants(): GrantDecision {
    return this.#grants;
  }

  /** A newer version that only lacks the operator's approval, while this one runs. */
  get pending(): Launch | undefined {
    return this.#pending;
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

  /** What can be started. @throws {CommonsError} `INTERNAL` when nothing was admitted: a fault of the node */
  need(): Launch {
    if (this.#prepared) return { prepared: this.#prepared, grants: this.#grants };
    throw new CommonsError("INTERNAL", `Cannot start module ${this.#name}: nothing was admitted`);
  }

  /** Reads and checks the module afresh; what was known is forgotten. @throws {CommonsError} the reason of the rejection */
  async prepare(): Promise<PreparedModule> {
    this.#prepared = undefined;
    this.#pending = undefined;
    this.#brokenSignature = false;
    try {
      const prepared = await this.#components.prepare(this.#name);
      this.#manifest = prepared.manifest;
      return this.#prepared = prepared;
    } catch (error) {
      this.#brokenSignature = isCommonsError(error) && error.detail?.["signature"] === "invalid";
      throw error;
    }
  }

  /**
   * Reads and checks the module as {@linkcode prepare} does, and leaves what was known as it is. What lacks an approval
   * is kept, for the operator to give it. @throws {CommonsError} the reason of the rejection
   */
  async examine(): Promise<Launch> {
    this.#pending = undefined;
    const next = await this.admit(await this.#components.prepare(this.#name));
    if (next.grants.missing.length > 0) this.#pending = next;
    return next;
  }

  /** Code that was checked, with what it is granted now. @throws {CommonsError} store errors */
  async admit(prepared: PreparedModule): Promise<Launch> {
    return { prepared, grants: await this.#components.grants.decide(this.#request(prepared)) };
  }

  /** From here on this is the module. */
  adopt({ prepared, grants }: Launch): void {
    this.#manifest = prepared.manifest;
    this.#prepared = prepared;
    this.#grants = grants;
    this.#pending = undefined;
    this.#brokenSignature = false;
  }

  /** True for exactly the code, manifest and configuration that were admitted. */
  isSame({ hash, manifest, config }: PreparedModule): boolean {
    const known = this.#prepared;
    return known?.hash === hash && JSON.stringify(known.manifest) === JSON.stringify(manifest) &&
      JSON.stringify(known.config) === JSON.stringify(config);
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

  #request({ manifest, hash, signature }: PreparedModule): GrantRequest {
    const { version, capabilities, net } = manifest;
    const signers = signature.state === "valid" ? signature.keys : [];
    return { name: this.#name, version, hash, signers, capabilities, net };
  }
}
