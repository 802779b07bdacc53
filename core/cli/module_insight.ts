import { type Command, InvalidArgumentError } from "commander";
import { type CliContext, type CommonFlags, connect, print, withCommonFlags } from "./context.ts";
import { field, listAt } from "./fields.ts";
import { type Column, renderTable } from "./table.ts";

const CALLS: readonly Column[] = [
  { title: "TIME", value: (call) => field(call, "at") },
  { title: "OUTCOME", value: (call) => field(call, "outcome") },
  { title: "METHOD", value: (call) => field(call, "method") },
];

const METHODS: readonly Column[] = [
  { title: "METHOD", value: (method) => field(method, "name") },
  { title: "CAPABILITY", value: (method) => field(method, "capability") ?? "none" },
  { title: "TIER", value: (method) => field(method, "tier") ?? "-" },
  { title: "WORKS", value: (method) => field(method, "available") === true ? "yes" : "no" },
  { title: "WHY NOT", value: (method) => field(method, "reason") },
];

/** A whole number above 0 from the command line. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw new InvalidArgumentError("Need a whole number above 0.");
  return limit;
}

/** `module audit` and `module api`: what modules did, and what they could do. */
export function addInsight(group: Command, context: CliContext): void {
  withCommonFlags(group.command("audit <name>").description("the last calls of a module into the node"))
    .option("--limit <calls>", "at most this many of the newest calls", parseLimit)
    .action(async (name: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & { readonly limit?: number }>();
      const query = flags.limit === undefined ? "" : `?limit=${flags.limit}`;
      const path = `/api/v1/modules/${encodeURIComponent(name)}/audit${query}`;
      const answer = await (await connect(context, flags)).get(path);
      print(context, flags, {
        value: answer,
        human: () => renderTable(CALLS, listAt(answer, "calls"), { color: context.io.color }),
      });
    });
  withCommonFlags(group.command("api").description("what modules can call in this node, and what it needs"))
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const answer = await (await connect(context, flags)).get("/api/v1/module-api");
      print(context, flags, {
        value: answer,
        human: () => renderTable(METHODS, listAt(answer, "methods"), { color: context.io.color }),
      });
    });
}
