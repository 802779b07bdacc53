/**
 * Entry of a cell's process. Starts exactly one permission-restricted Worker (`sandbox.ts`), which talks to the node by
 * itself, and then only watches: heartbeat through shared memory, resident memory, the life of the parent.
 *
 * Arguments: `[socket path, heap limit in bytes, unresponsive limit in ms, net list as JSON]`; a compiled binary has
 * `__cell` before them. Imports nothing at run time, so that a cell starts fast.
 *
 * Deno permissions: none of its own; `net`, `read` and `write` for the socket's path, because a Worker can have no more
 * than its parent has; `net` for the hosts that were granted.
 */
import type { SandboxMessage, SandboxStart } from "./runtime/shared.ts";

declare global {
  namespace Deno {
    /** CPU time of the process in microseconds; in Deno 2.9.6, but not in its types yet. */
    function cpuUsage(): { readonly user: number; readonly system: number };
  }
}

const TICK_MS = 100;
const CPU_TICKS = 5;

/** As `CELL_EXIT` of the protocol; repeated because this file imports nothing at run time. */
const EXIT = { crashed: 70, outOfMemory: 71, unresponsive: 72, orphaned: 73 } as const;

const [socketPath = "", memoryText = "0", unresponsiveText = "0", netText = "[]"] = Deno.args[0] === "__cell"
  ? Deno.args.slice(1)
  : Deno.args;
/** What the module was promised, and what the process may take with V8's young generation and its own structures. */
const heapLimit = Number(memoryText);
const memoryLimit = heapLimit + 32 * 1_048_576;
const unresponsiveMs = Number(unresponsiveText);
const net: string[] = JSON.parse(netText);

const start: SandboxStart = { socketPath, net };

/** Memory shared with the Worker; made by it, before it loads anything of a module. */
let beats: Int32Array<ArrayBufferLike> = new Int32Array(2); // [heartbeats, 1 once the module runs]
let measured: Float64Array<ArrayBufferLike> = new Float64Array(2); // [resident bytes above idle, CPU milliseconds]
let idleRss = 0;

/** Every key is written out: what is absent would be inherited. */
const permissions: Deno.PermissionOptions = {
  net: [`unix:${socketPath}`, ...net],
  read: [socketPath],
  write: [socketPath],
  env: false,
  run: false,
  ffi: false,
  sys: false,
  import: false,
};

const worker = new Worker(new URL("./sandbox.ts", import.meta.url), {
  type: "module",
  name: JSON.stringify(start),
  deno: { permissions },
});
worker.onerror = (event) => {
  event.preventDefault();
  console.error(event.message.slice(0, 2_000));
  Deno.exit(EXIT.crashed);
};
worker.onmessage = (event: MessageEvent<SandboxMessage>) => {
  const message = event.data;
  if (message.type === "exit") Deno.exit(message.code);
  if (idleRss > 0) return; // said before
  idleRss = message.idleRss;
  beats = new Int32Array(message.shared, 0, 2);
  measured = new Float64Array(message.shared, 16, 2);
  dropPermissions();
};

/** A compiled binary's own permissions are fixed at build time: give up what this thread does not need. */
function dropPermissions(): void {
  for (const name of ["net", "read", "write", "env", "run", "ffi", "sys"] as const) {
    Deno.permissions.revokeSync({ name });
  }
}

let ticks = 0;
let lastBeat = 0;
let lastBeatAt = performance.now();
setInterval(() => {
  if (idleRss > 0) {
    const rss = Deno.memoryUsage().rss - idleRss;
    measured[0] = rss;
    if (rss > memoryLimit) Deno.exit(EXIT.outOfMemory);
  }
  if (ticks++ % CPU_TICKS === 0) {
    // `process.cpuUsage` would load Node's globals, which take 3 MB.
    const { user, system } = Deno.cpuUsage();
    measured[1] = (user + system) / 1000;
  }
  const beat = Atomics.load(beats, 0);
  const now = performance.now();
  if (beat !== lastBeat || Atomics.load(beats, 1) === 0) {
    lastBeat = beat;
    lastBeatAt = now;
  } else if (now - lastBeatAt > unresponsiveMs) {
    // A heap near its limit keeps the collector so busy that nothing else runs: then memory is the reason.
    Deno.exit((measured[0] ?? 0) > heapLimit ? EXIT.outOfMemory : EXIT.unresponsive);
  }
}, TICK_MS);

// The node holds the other end of stdin and never writes: the read ends when the node does, however it ends.
const buffer = new Uint8Array(1);
while (await Deno.stdin.read(buffer).catch(() => null) !== null);
Deno.exit(EXIT.orphaned);
