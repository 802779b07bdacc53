import type { Clock, CommonsError, ModuleName, Random } from "../base/mod.ts";
import type { EventBus } from "../events/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Logger, ScopedMetrics } from "../telemetry/mod.ts";
import type { CellFactory, CellLimits } from "./cell_types.ts";
import type { Manifest } from "./manifest_types.ts";
import type { ModuleFolder } from "./module_folder.ts";
import type { BlocksPort } from "./node_api_blocks.ts";
import type { ChainPort } from "./node_api_chain.ts";
import type { MempoolPort } from "./node_api_mempool.ts";
import type { InboundBlocksPort, MiningPort } from "./node_api_mining.ts";
import type { NetworkPort } from "./node_api_network.ts";
import type { ModuleNamespace } from "./node_api_types.ts";
import type { ModuleView } from "./types.ts";
import type { FolderWatch } from "./watch.ts";

/** A module folder as discovery saw it. A bad one has a fault and is listed as rejected. */
export type DiscoveredModule =
  | { readonly name: ModuleName; readonly manifest: Manifest }
  | { readonly name: ModuleName; readonly fault: CommonsError };

/** Everything of a module, read and built once: what is checked is what runs. */
export interface ModuleBundle {
  readonly manifest: Manifest;
  /** One self-contained ES module text. */
  readonly text: string;
  /** `sha256:<hex>` of the text's bytes. */
  readonly hash: string;
  /** Length of those bytes. */
  readonly bytes: number;
  /** The module's own `config.toml`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The modules folder. */
export interface ModuleFiles {
  /** All module folders, bad ones too. */
  discover(): Promise<readonly DiscoveredModule[]>;
  /** Reads and builds one module afresh; no file is read twice. @throws {CommonsError} any code: the reason of a rejection */
  read(name: ModuleName): Promise<ModuleBundle>;
}

/** What the signatures of a module are worth. */
export interface ModuleSignature {
  readonly state: ModuleView["signature"]["state"];
  /** The operator's names of the trusted keys whose signatures hold. */
  readonly signers: readonly string[];
  /** Those keys: distinct, sorted. */
  readonly keys: readonly string[];
}

/** Answers what the signatures of a bundle are worth, with a line of why for people; what to do about it is the host's. */
export type VerifySignatures = (bundle: ModuleBundle) => ModuleSignature & { readonly summary: string };

export interface ModuleHostComponents {
  readonly store: Store;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: ScopedMetrics;
  readonly cells: CellFactory;
  readonly files: ModuleFiles;
  /** The module's own part of the store, with its quota. */
  readonly openNamespace: (module: ModuleName) => ModuleNamespace;
  /** The module's own files, with their quota; absent in a node that gives modules none. */
  readonly openFolder?: (module: ModuleName) => ModuleFolder;
  /** Absent in a node without a chain. */
  readonly chain?: ChainPort;
  /** Absent in a node without a source of blocks. */
  readonly blocks?: BlocksPort | undefined;
  /** Absent in a node without a full node to ask. */
  readonly mempool?: MempoolPort | undefined;
  readonly mining?: MiningPort | undefined;
  /** Absent in a node without a chain. */
  readonly inboundBlocks?: InboundBlocksPort | undefined;
  /** Absent in a node without peers. */
  readonly network?: NetworkPort;
  /** What `node.info` answers to modules: public facts, cheap to make. */
  readonly nodeInfo: () => Readonly<Record<string, unknown>>;
  /** Tells of changes in the modules folder; absent when nobody wants modules reloaded for them. */
  readonly folder?: FolderWatch;
  /** When absent, every signed module is refused. */
  readonly verifySignatures?: VerifySignatures;
}

export interface ModuleHostInit {
  /** The node's data dir; a module's own is `<dataDir>/modules/<name>`. */
  readonly dataDir: string;
  /** Name → version range of what to start; empty means all found. */
  readonly enabled: Readonly<Record<string, string>>;
  /** Not started with the node; wins over `enabled`. An operator can still load them. */
  readonly disabled: readonly string[];
  /** What a module gets at most. A manifest can ask for less, never for more: nothing is granted by asking. */
  readonly limits: CellLimits;
  /** Percent of one core that a module may use for half a minute before it is warned (default 90); 0 = no limit. */
  readonly cpuPercent?: number;
  readonly requireSignatures: boolean;
  /** `[modules.<name>]` tables; their keys win over the module's own `config.toml`. */
  readonly moduleConfig: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly nodeVersion: string;
  /** Version of the SDK that cells carry. */
  readonly sdkVersion: number;
  /** JSON-RPC methods of the node itself, which no module can take. */
  readonly rpcMethods: readonly string[];
}
