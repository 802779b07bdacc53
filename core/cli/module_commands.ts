import type { Command } from "commander";
import { MODULE_DEADLINE_MS } from "./api_client.ts";
import { type CliContext, type CommonFlags, connect, print, withCommonFlags } from "./context.ts";
import { field, listAt, show, showBytes, showDuration } from "./fields.ts";
import { addInsight, parseLimit } from "./module_insight.ts";
import { addAuthorCommands } from "./module_author_commands.ts";
import { type Column, renderDetails, renderTable } from "./table.ts";
import { addUnavailable } from "./unavailable_commands.ts";

const COLUMNS: readonly Column[] = [
  { title: "MODULE", value: (module) => field(module, "name") },
  { title: "VERSION", value: (module) => field(module, "version") },
  { title: "STATE", value: (module) => field(module, "state") },
  { title: "HEALTH", value: (module) => field(module, "health") },
  { title: "UPTIME", value: (module) => showDuration(field(module, "uptimeMs")) },
  { title: "MEMORY", value: (module) => showBytes(field(module, "memory.rssBytes")) },
  { title: "RESTARTS", value: (module) => field(module, "restarts") },
  { title: "REASON", value: (module) => field(module, "reason.code") },
];

const LIFECYCLE: Readonly<Record<string, string>> = {
  load: "start a module",
  unload: "stop a module",
  reload: "read a module from disk again and restart it",
  approve: "grant the capabilities that a module asks for",
  revoke: "take back what was granted to a module",
};

function modulePath(name: string, action?: string): string {
  return `/api/v1/modules/${encodeURIComponent(name)}${action === undefined ? "" : `/${action}`}`;
}

function renderModule(module: unknown): string {
  const memory = `${showBytes(field(module, "memory.rssBytes"))} of ${
    showBytes(field(module, "memory.limitBytes"))
  }`;
  return renderDetails([
    ["name", field(module, "name")],
    ["version", field(module, "version")],
    ["description", field(module, "description")],
    ["state", field(module, "state")],
    ["reason", field(module, "reason.message")],
    ["health", field(module, "health")],
    ["hash", field(module, "hash")],
    ["signature", field(module, "signature.state")],
    ["signers", field(module, "signature.signers")],
    ["granted", field(module, "capabilities.granted")],
    ["missing", field(module, "capabilities.missing")],
    ["process", field(module, "pid")],
    ["uptime", showDuration(field(module, "uptimeMs"))],
    ["restarts", field(module, "restarts")],
    ["memory", memory],
    ["cpu", `${show(field(module, "cpuPercent"))} %`],
    [
      "events",
      `${show(field(module, "events.delivered"))} delivered, ${
        show(field(module, "events.dropped"))
      } dropped`,
    ],
    ["calls", `${show(field(module, "calls.total"))}, ${show(field(module, "calls.denied"))} denied`],
    ["last exit", field(module, "lastExit.reason")],
    ["exit detail", field(module, "lastExit.detail")],
  ]);
}

function renderLogs(answer: unknown): string {
  const lines = Array.isArray(answer) ? answer : listAt(answer, "lines");
  return lines.map((line: unknown) => {
    const fields = field(line, "fields");
    const level = show(field(line, "level")).padEnd(5);
    const text = `${show(field(line, "time"))} ${level} ${show(field(line, "message"))}`;
    return (fields === undefined ? text : `${text} ${show(fields)}`) + "\n";
  }).join("");
}

function addReading(group: Command, context: CliContext): void {
  withCommonFlags(group.command("list").description("list the modules and their states"))
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const answer = await (await connect(context, flags)).get("/api/v1/modules");
      print(context, flags, {
        value: answer,
        human: () => renderTable(COLUMNS, listAt(answer, "modules"), { color: context.io.color }),
      });
    });
  withCommonFlags(group.command("info <name>").description("everything about one module"))
    .action(async (name: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const answer = await (await connect(context, flags)).get(modulePath(name));
      print(context, flags, { value: answer, human: () => renderModule(answer) });
    });
  withCommonFlags(group.command("logs <name>").description("what a module wrote to its log"))
    .option("--limit <lines>", "at most this many of the newest lines", parseLimit)
    .action(async (name: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & { readonly limit?: number }>();
      const query = flags.limit === undefined ? "" : `?limit=${flags.limit}`;
      const answer = await (await connect(context, flags)).get(modulePath(name, "logs") + query);
      print(context, flags, { value: answer, human: () => renderLogs(answer) });
    });
}

function addLifecycle(group: Command, context: CliContext): void {
  for (const [action, about] of Object.entries(LIFECYCLE)) {
    withCommonFlags(group.command(`${action} <name>`).description(about))
      .action(async (name: string, _own: unknown, command: Command) => {
        const flags = command.optsWithGlobals<CommonFlags>();
        const api = await connect(context, flags);
        const answer = await api.post(modulePath(name, action), { deadlineMs: MODULE_DEADLINE_MS });
        print(context, flags, {
          value: answer,
          human: () => `${show(name)} is ${show(field(answer, "state"))}\n`,
        });
      });
  }
}

/** `commons module …` */
export function addModuleCommands(program: Command, context: CliContext): void {
  const group = program.command("module").description("modules of the running node");
  addReading(group, context);
  addInsight(group, context);
  addLifecycle(group, context);
  addAuthorCommands(group, context);
  addUnavailable(group, {
    search: "search the registry",
    install: "install a module from the registry",
    remove: "remove an installed module",
  });
}
