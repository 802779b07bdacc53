import type { ModuleName } from "../base/mod.ts";
import type { Capability } from "./capabilities.ts";

/** Largest manifest in bytes. */
export const MAX_MANIFEST_BYTES = 64 * 1024;

export interface ManifestMaintainer {
  readonly name: string;
  /** 64 hex digits: Ed25519; 66: compressed secp256k1. Lower case. */
  readonly publicKey: string;
  /** 128 hex digits, lower case. */
  readonly signature: string;
}

/** `m` distinct trusted keys of `n`. */
export interface Threshold {
  readonly m: number;
  readonly n: number;
}

export interface ManifestPayment {
  readonly required: boolean;
  readonly priceSats?: number;
  readonly authorPaymentCode?: string;
  readonly authorAddress?: string;
  readonly commonsPaymentCode?: string;
  readonly commonsAddress?: string;
  readonly paymentSignature?: string;
}

export interface ManifestLimits {
  readonly memoryMb?: number;
  readonly startupMs?: number;
  readonly eventQueue?: number;
  readonly requestsPerSecond?: number;
}

/** A checked `module.toml`. Frozen; lists and tables are empty where the file says nothing. */
export interface Manifest {
  readonly name: ModuleName;
  /** Full semver, `1.0` read as `1.0.0`. */
  readonly version: string;
  /** Path inside the module's folder, with `/`, without a leading `./`. */
  readonly entryPoint: string;
  readonly description: string;
  readonly author: string;
  readonly capabilities: readonly Capability[];
  /** `host:port` of the hosts that a granted `net` opens; lower case. */
  readonly net: readonly string[];
  /** Name of a module (or of this node) → npm semver range, normalised. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  /** Key and what it means; descriptive only. */
  readonly configSchema: Readonly<Record<string, string>>;
  readonly rpcOverrides: readonly string[];
  readonly limits: ManifestLimits;
  readonly compatibility: { readonly node?: string; readonly sdk?: number };
  /** Of the entry file's bytes; `hash` as `sha256:<64 lower-case hex>`. */
  readonly binary?: { readonly hash?: string; readonly size?: number };
  /** True when there is a `[signatures]` table, even an empty one. */
  readonly signed: boolean;
  readonly signatures?: {
    readonly maintainers: readonly ManifestMaintainer[];
    readonly threshold?: Threshold;
  };
  readonly payment?: ManifestPayment;
  readonly downloads: readonly { readonly platform: string; readonly url: string; readonly sha256: string }[];
  /** The parsed TOML as it was, `signatures` included: what signatures are made over. JSON values only. */
  readonly raw: Readonly<Record<string, unknown>>;
}
