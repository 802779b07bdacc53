/** What the cell's main thread gives to its Worker at the start. */
export interface SandboxStart {
  /** `Int32Array(2)` at 0: heartbeats, running; `Float64Array(2)` at 16: resident bytes, CPU milliseconds. */
  readonly shared: SharedArrayBuffer;
  readonly socketPath: string;
  readonly net: readonly string[];
}

/** What the Worker tells the cell's main thread. */
export type SandboxMessage =
  /** The channel is open and nothing of a module has been loaded. */
  | { readonly type: "open" }
  | { readonly type: "exit"; readonly code: number };
