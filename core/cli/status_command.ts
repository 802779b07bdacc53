import type { Command } from "commander";
import { type CliContext, type CommonFlags, connect, print, withCommonFlags } from "./context.ts";
import { field, listAt, showDuration } from "./fields.ts";
import { renderDetails } from "./table.ts";

interface Status {
  readonly node: unknown;
  readonly ready: boolean;
  readonly checks: unknown;
  readonly peers: number;
  readonly modules: { readonly running: number; readonly total: number };
}

function render(status: Status): string {
  const { node, checks, modules } = status;
  const failing = Object.entries(typeof checks === "object" && checks !== null ? checks : {})
    .filter(([, state]) => state !== true && field(state, "ok") !== true)
    .map(([name]) => name);
  const uptime = field(node, "uptimeSeconds");
  return renderDetails([
    ["name", field(node, "name")],
    ["version", field(node, "version")],
    ["network", field(node, "network")],
    ["ready", status.ready ? "yes" : `no, waiting for ${failing.join(", ") || "the node"}`],
    ["uptime", showDuration(typeof uptime === "number" ? uptime * 1000 : undefined)],
    ["peer id", field(node, "peerId")],
    ["listening", field(node, "listening")],
    ["peers", status.peers],
    ["modules", `${modules.running} running of ${modules.total}`],
  ]);
}

/** `commons status` */
export function addStatusCommand(program: Command, context: CliContext): void {
  withCommonFlags(program.command("status").description("what the running node is doing"))
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const api = await connect(context, flags);
      const [node, ready, peers, modules] = await Promise.all([
        api.get("/api/v1/node"),
        api.get("/ready", { accept: [503] }),
        api.get("/api/v1/peers"),
        api.get("/api/v1/modules"),
      ]);
      const found = listAt(modules, "modules");
      const status: Status = {
        node,
        ready: field(ready, "ready") === true,
        checks: field(ready, "checks") ?? {},
        peers: listAt(peers, "peers").length,
        modules: {
          running: found.filter((module) => field(module, "state") === "running").length,
          total: found.length,
        },
      };
      print(context, flags, { value: status, human: () => render(status) });
    });
}
