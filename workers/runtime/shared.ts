/** What the cell's main thread gives to its Worker, as JSON in the Worker's name: a message would come 5 ms later. */
export interface SandboxStart {
  readonly socketPath: string;
  readonly net: readonly string[];
}

/** What the Worker tells the cell's main thread. */
export type SandboxMessage =
  /** The channel is open and nothing of a module has been loaded. */
  | {
    readonly type: "open";
    /** `Int32Array(2)` at 0: heartbeats, running; `Float64Array(2)` at 16: resident bytes, CPU milliseconds. */
    readonly shared: SharedArrayBuffer;
    /** Resident memory of the process without a module, in bytes. */
    readonly idleRss: number;
  }
  | { readonly type: "exit"; readonly code: number };

/** Bytes of the memory that both threads see. */
export const SHARED_BYTES = 32;
