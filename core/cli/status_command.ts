import type { Command } from "commander";
import { type CliContext, type CommonFlags, connect, print, withCommonFlags } from "./context.ts";
import { field, listAt, show, showDuration } from "./fields.ts";
import { renderDetails } from "./table.ts";

interface ChainStatus {
  readonly tip: unknown;
  /** Answer of `/chain/sources`: phase, progress, sync. */
  readonly sources: unknown;
}

interface Status {
  readonly node: unknown;
  readonly ready: boolean;
  readonly checks: unknown;
  readonly peers: number;
  readonly chain: ChainStatus;
  readonly modules: { readonly running: number; readonly total: number };
}

function render(status: Status): string {
  const { node, checks, chain, modules } = status;
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
    ["chain", chainLine(chain)],
    ["modules", `${modules.running} running of ${modules.total}`],
  ]);
}

/** `height 812,345, synced`; while it catches up, how far it is. */
function chainLine({ tip, sources }: ChainStatus): string {
  const height = whole(field(sources, "sync.height") ?? field(tip, "height"));
  const phase = field(sources, "phase");
  if (phase === "synced") return `height ${height}, synced`;
  const target = field(sources, "sync.targetHeight");
  if (target !== undefined) {
    return `height ${height}, headers to ${whole(target)} (${show(field(sources, "sync.percent"))} %)`;
  }
  const progress = field(sources, "progress");
  const percent = typeof progress === "number" ? Math.floor(progress * 100) : 0;
  return phase === "headers"
    ? `height ${height}, catching up (${percent} %)`
    : `height ${height}, no headers yet`;
}

function whole(value: unknown): string {
  return typeof value === "number" ? value.toLocaleString("en-US") : show(value);
}

/** `commons status` */
export function addStatusCommand(program: Command, context: CliContext): void {
  withCommonFlags(program.command("status").description("what the running node is doing"))
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const api = await connect(context, flags);
      const [node, ready, peers, tip, sources, modules] = await Promise.all([
        api.get("/api/v1/node"),
        api.get("/ready", { accept: [503] }),
        api.get("/api/v1/peers"),
        api.get("/api/v1/chain/tip"),
        api.get("/api/v1/chain/sources", { accept: [404] }),
        api.get("/api/v1/modules"),
      ]);
      const found = listAt(modules, "modules");
      const status: Status = {
        node,
        ready: field(ready, "ready") === true,
        checks: field(ready, "checks") ?? {},
        peers: listAt(peers, "peers").length,
        chain: { tip, sources },
        modules: {
          running: found.filter((module) => field(module, "state") === "running").length,
          total: found.length,
        },
      };
      print(context, flags, { value: status, human: () => render(status) });
    });
}
