import type { CliResult, CliSpec } from "../../workers/protocol/mod.ts";
import type { AuditRecord } from "./audit.ts";
import type { ApiMethodView } from "./node_api_view.ts";

export const MODULE_STATES = [
  "discovered",
  "rejected",
  "needs_approval",
  "starting",
  "running",
  "stopping",
  "stopped",
  "backoff",
  "failed",
] as const;
export type ModuleState = typeof MODULE_STATES[number];

export const EXIT_REASONS = [
  "stopped",
  "completed",
  "crashed",
  "out_of_memory",
  "unresponsive",
  "protocol_violation",
  "start_timeout",
  "killed",
] as const;
export type ExitReason = typeof EXIT_REASONS[number];

/** One module as REST shows it (contract, section 3). */
export interface ModuleView {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly state: ModuleState;
  /**
   * Why the module is rejected, failed, in backoff, or stopped until what it needs runs; of one that runs, why a newer
   * version does not (`ROLLED_BACK`, or the code of its refusal). Absent when there is nothing to say.
   */
  readonly reason?: { readonly code: string; readonly message: string };
  readonly health: "healthy" | "degraded" | "unhealthy" | "unknown";
  /** `sha256:<hex>` of the built bytes; "" until built. */
  readonly hash: string;
  readonly signature: {
    readonly state: "unsigned" | "unverified" | "valid" | "invalid";
    readonly signers: readonly string[];
  };
  readonly capabilities: {
    readonly requested: readonly string[];
    readonly granted: readonly string[];
    readonly missing: readonly string[];
  };
  readonly pid: number | null;
  readonly uptimeMs: number;
  readonly restarts: number;
  readonly memory: { readonly rssBytes: number; readonly limitBytes: number };
  readonly cpuPercent: number;
  readonly events: { readonly delivered: number; readonly dropped: number };
  readonly calls: { readonly total: number; readonly denied: number; readonly failed: number };
  readonly lastExit: { readonly reason: ExitReason; readonly detail: string; readonly at: string } | null;
}

/** One line of a module's log. */
export interface ModuleLogLine {
  /** ISO 8601. */
  readonly time: string;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A request to a route of a module; bodies are at most 1 MiB. */
export interface ModuleHttpRequest {
  readonly method: string;
  /** Path inside the module's own space, with a leading slash. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface ModuleHttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * The module system as HTTP and the node see it. Errors: `MODULE_NOT_FOUND`, `MODULE_NOT_RUNNING`, `MODULE_ALREADY_LOADED`,
 * `MODULE_REJECTED`, `NEEDS_APPROVAL`, `START_FAILED`, `NO_SUCH_CLI`, `NO_SUCH_ROUTE`, `NO_SUCH_METHOD`, `TIMEOUT`, `MODULE_FAILED`.
 */
export interface ModuleHost {
  /** Discovers and starts what the configuration enables. One bad module never stops the others. */
  start(): Promise<void>;
  /** Stops every cell; resolves when every process is gone. */
  stop(): Promise<void>;
  /** Takes note of folders that came and went; at most once a second. Never rejects. */
  discover(): Promise<void>;
  list(): readonly ModuleView[];
  get(name: string): ModuleView | undefined;
  /** What it needs and does not run is started first, unless the configuration disables it. */
  load(name: string): Promise<ModuleView>;
  /** Those that need it are stopped first; they are started again when it is. */
  unload(name: string): Promise<ModuleView>;
  /** A new version that is refused, or does not start, leaves the old one running; the error says so. */
  reload(name: string): Promise<ModuleView>;
  approve(name: string): Promise<ModuleView>;
  revoke(name: string): Promise<ModuleView>;
  logs(name: string, options?: { readonly limit?: number }): readonly ModuleLogLine[];
  /** Its last calls into the node, refused ones too; newest last, at most 1,000. */
  audit(name: string, options?: { readonly limit?: number }): readonly AuditRecord[];
  /** What modules can call, what that needs, and what does not work in this node. */
  api(): readonly ApiMethodView[];
  /** CLI groups of the running modules by their name. */
  cliSpecs(): Readonly<Record<string, CliSpec>>;
  runCli(cli: string, subcommand: string, args: readonly string[]): Promise<CliResult>;
  handleHttp(name: string, request: ModuleHttpRequest): Promise<ModuleHttpResponse>;
  /** Calls a method that a module exposed with `node.api.expose`. `caller` is who asks, as the node knows it. */
  call(name: string, method: string, params: unknown, options: { readonly caller: string }): Promise<unknown>;
  /** JSON-RPC methods that modules registered. */
  rpcMethods(): readonly string[];
  callRpc(method: string, params: unknown): Promise<unknown>;
}
