/**
 * Entry of the Worker in a cell: opens the channel, gives up the permissions that it needed for that, takes away every
 * global that a module has no business with, and then loads and runs the one module that the node sends.
 */
import { CELL_EXIT } from "./protocol/messages.ts";
import { Channel } from "./runtime/channel.ts";
import { ModuleRunner } from "./runtime/module_runner.ts";
import { sealGlobals } from "./runtime/seal.ts";
import { type SandboxMessage, type SandboxStart, SHARED_BYTES } from "./runtime/shared.ts";

const HEARTBEAT_MS = 250;

const tellMain = self.postMessage.bind(self) as (message: SandboxMessage) => void;
const exit = (code: number) => tellMain({ type: "exit", code });

const start: SandboxStart = JSON.parse(self.name);
run(start).then(() => exit(CELL_EXIT.channelLost), (error) => {
  console.error("cell:", error instanceof Error ? error.message : "failed");
  exit(CELL_EXIT.crashed);
});

async function run({ socketPath, net }: SandboxStart): Promise<void> {
  const shared = new SharedArrayBuffer(SHARED_BYTES);
  const beats = new Int32Array(shared, 0, 2);
  setInterval(() => Atomics.add(beats, 0, 1), HEARTBEAT_MS);
  const connection = await Deno.connect({ transport: "unix", path: socketPath });
  Deno.permissions.revokeSync({ name: "net", host: `unix:${socketPath}` });
  if (net.length === 0) Deno.permissions.revokeSync({ name: "net" });
  for (const name of ["read", "write"] as const) Deno.permissions.revokeSync({ name });
  const inspect = Deno.inspect;
  tellMain({ type: "open", shared, idleRss: Deno.memoryUsage().rss });
  sealGlobals({ net: net.length > 0 });
  const channel = new Channel(connection);
  const runner = new ModuleRunner({ channel, shared, inspect, exit });
  await channel.run(runner);
}
