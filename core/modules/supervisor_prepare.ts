import { CommonsError, type ErrorCode, type ModuleName } from "../base/mod.ts";
import { satisfies } from "./versions.ts";
import type { Capability } from "./capabilities.ts";
import type { CellLimits } from "./cell_types.ts";
import type {
  ModuleBundle,
  ModuleFiles,
  ModuleHostInit,
  ModuleSignature,
  VerifySignatures,
} from "./host_types.ts";
import type { Manifest } from "./manifest_types.ts";
import { moduleConfig } from "./module_config.ts";

/** A module that passed every check but the grants. */
export interface PreparedModule extends ModuleBundle {
  readonly signature: ModuleSignature;
  readonly limits: CellLimits;
}

export interface PrepareComponents {
  readonly files: ModuleFiles;
  /** Why the module cannot run with the modules that run now. */
  readonly dependencyFault: (manifest: Manifest) => CommonsError | undefined;
  readonly verifySignatures?: VerifySignatures;
}

type PrepareInit = Pick<
  ModuleHostInit,
  "enabled" | "limits" | "requireSignatures" | "moduleConfig" | "nodeVersion" | "sdkVersion"
>;

/**
 * Reads a module once and checks it: name, hash and size of its code, signatures, compatibility, dependencies.
 * On every load, and on every reload again.
 * @throws {CommonsError} the reason of the rejection
 */
export async function prepareModule(
  components: PrepareComponents,
  init: PrepareInit,
  name: ModuleName,
): Promise<PreparedModule> {
  const bundle = await components.files.read(name);
  if (bundle.manifest.name !== name) {
    throw refusal("WRONG_NAME", name, `its manifest names ${bundle.manifest.name}`);
  }
  checkPin(bundle, init);
  checkCode(bundle);
  const signature = checkSignatures(bundle, components.verifySignatures, init.requireSignatures);
  checkCompatibility(bundle, init);
  const fault = components.dependencyFault(bundle.manifest);
  if (fault) throw fault;
  return {
    ...bundle,
    config: moduleConfig(name, { own: bundle.config, node: init.moduleConfig[name] ?? {} }),
    signature,
    limits: limitsOf(init.limits, bundle.manifest),
  };
}

function checkPin({ manifest: { name, version } }: ModuleBundle, { enabled }: PrepareInit): void {
  const range = Object.hasOwn(enabled, name) ? enabled[name] : undefined;
  if (range === undefined || range === "" || satisfies(version, range)) return;
  throw refusal("VERSION_NOT_ENABLED", name, `version ${version} is outside ${range}, which is enabled`);
}

/** A signature says that the code has this hash: of other code it is not valid, whatever it is as a signature. */
function checkCode({ manifest, hash, bytes }: ModuleBundle): void {
  const { name, binary } = manifest;
  const broken = isSigned(manifest) ? BROKEN : {};
  if (binary?.hash !== undefined && binary.hash !== hash) {
    const state = `its code has hash ${hash}, the manifest says ${binary.hash}`;
    throw refusal("HASH_MISMATCH", name, state, broken);
  }
  if (binary?.size !== undefined && binary.size !== bytes) {
    const state = `its code has ${bytes} bytes, the manifest says ${binary.size}`;
    throw refusal("SIZE_MISMATCH", name, state, broken);
  }
}

function isSigned({ signatures }: ModuleBundle["manifest"]): boolean {
  return (signatures?.maintainers.length ?? 0) > 0;
}

/** Detail of a refusal for signatures that do not hold for this manifest and code. */
const BROKEN = { signature: "invalid" } as const;

/**
 * Fails closed: signatures that do not hold, or that nobody can check, are worth less than none. Those that hold but are
 * not by enough trusted keys are worth as much as none: such a module is `unverified`.
 */
function checkSignatures(
  bundle: ModuleBundle,
  verify: VerifySignatures | undefined,
  required: boolean,
): ModuleSignature {
  const { name, binary } = bundle.manifest;
  if (!isSigned(bundle.manifest)) {
    if (required) throw refusal("SIGNATURE_MISSING", name, "it is not signed, and signatures are required");
    return { state: "unsigned", signers: [], keys: [] };
  }
  if (binary?.hash === undefined) {
    throw refusal("HASH_MISSING", name, "a signed manifest must say the hash of its code");
  }
  if (verify === undefined) {
    throw refusal("SIGNATURE_UNVERIFIABLE", name, "it is signed, and nothing here can check signatures");
  }
  const { state, signers, keys, summary } = verify(bundle);
  if (state === "invalid" || state === "unsigned") throw refusal("SIGNATURE_INVALID", name, summary, BROKEN);
  if (state === "unverified" && required) throw refusal("SIGNATURE_UNTRUSTED", name, summary);
  return { state, signers, keys };
}

function checkCompatibility({ manifest: { name, compatibility } }: ModuleBundle, init: PrepareInit): void {
  const { node, sdk } = compatibility;
  if (node !== undefined && !satisfies(init.nodeVersion, node)) {
    throw refusal("INCOMPATIBLE", name, `it needs a node ${node}, this is ${init.nodeVersion}`);
  }
  if (sdk !== undefined && sdk !== init.sdkVersion) {
    throw refusal("INCOMPATIBLE", name, `it needs SDK ${sdk}, this node has ${init.sdkVersion}`);
  }
}

/** A block of 4 MB as it is in a frame. */
const BLOCK_FRAME_BYTES = 6 * 1_048_576;
/** What a module may hand over whole blocks with. */
const BLOCK_CAPABILITIES: readonly Capability[] = ["submit_block", "queue_inbound_block"];

/** The manifest can only lower what the operator set; a frame has room for what the module was granted to send. */
function limitsOf(most: CellLimits, { limits: asked, capabilities }: Manifest): CellLimits {
  const lower = (limit: number, value: number | undefined) =>
    value === undefined ? limit : Math.min(limit, value);
  const sendsBlocks = BLOCK_CAPABILITIES.some((name) => capabilities.includes(name));
  return {
    ...most,
    maxFrameBytes: Math.max(most.maxFrameBytes, sendsBlocks ? BLOCK_FRAME_BYTES : 0),
    memoryBytes: lower(most.memoryBytes, asked.memoryMb && asked.memoryMb * 1_048_576),
    startupMs: lower(most.startupMs, asked.startupMs),
    eventQueue: lower(most.eventQueue, asked.eventQueue),
    requestsPerSecond: lower(most.requestsPerSecond, asked.requestsPerSecond),
  };
}

function refusal(
  code: ErrorCode,
  name: string,
  state: string,
  detail: Readonly<Record<string, unknown>> = {},
): CommonsError {
  return new CommonsError(code, `Cannot use module ${name}: ${state}`, { detail });
}
