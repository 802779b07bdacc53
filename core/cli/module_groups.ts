import { closest, distance } from "fastest-levenshtein";
import { CommonsError, isCommonsError } from "../base/mod.ts";
import { type ApiClient, MODULE_DEADLINE_MS, type RequestOptions } from "./api_client.ts";
import { type CliContext, type CommonFlags, connect, print } from "./context.ts";
import { usageError } from "./exit_code.ts";
import { field, listAt, show } from "./fields.ts";
import { cleanText } from "./terminal.ts";
import { renderRows } from "./table.ts";

/** Command groups that the running node's modules registered: name → spec, as the node sent it. */
export type ModuleGroups = Readonly<Record<string, unknown>>;

/** Asks the node for the groups. */
export async function fetchModuleGroups(api: ApiClient, options: RequestOptions = {}): Promise<ModuleGroups> {
  const groups = await api.rpc("getmoduleclispecs", [], options);
  return typeof groups === "object" && groups !== null && !Array.isArray(groups) ? { ...groups } : {};
}

/** Lines for `commons --help`: one for each group. */
export function renderGroups(groups: ModuleGroups): string {
  return renderRows(
    Object.entries(groups).map(([name, spec]) => {
      const subcommands = listAt(spec, "subcommands").map((subcommand) => field(subcommand, "name"));
      return ["  " + show(name), about(spec) || show(subcommands)];
    }),
  );
}

function about(spec: unknown): string {
  const text = field(spec, "about");
  return typeof text === "string" ? show(text) : "";
}

function renderArgument(argument: unknown): string {
  const long = field(argument, "long_name");
  const name = show(typeof long === "string" ? long : field(argument, "name"));
  const text = field(argument, "takes_value") === false ? `--${name}` : `<${name}>`;
  return field(argument, "required") === true ? text : `[${text}]`;
}

/** Help of one group. */
export function renderGroupHelp(name: string, spec: unknown): string {
  const rows = listAt(spec, "subcommands").map((subcommand) => [
    ["  " + show(field(subcommand, "name")), ...listAt(subcommand, "args").map(renderArgument)].join(" "),
    about(subcommand),
  ]);
  const head = `Usage: commons ${show(name)} <subcommand> [args...]\n\n`;
  return `${head}${about(spec) && about(spec) + "\n\n"}Subcommands:\n${renderRows(rows)}`;
}

/**
 * Takes `--data-dir DIR` out of the words for a module, up to `--`: it chooses the node wherever it stands, and so no
 * module can have a flag of that name. Everything else is the module's.
 */
export function splitDataDir(
  words: readonly string[],
): { readonly args: string[]; readonly dataDir?: string } {
  const args: string[] = [];
  let dataDir: string | undefined;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--") {
      args.push(...words.slice(index));
      break;
    }
    if (word === "--data-dir") {
      dataDir = words[++index];
      if (dataDir === undefined) throw usageError("Cannot use --data-dir: it needs a directory");
    } else if (word.startsWith("--data-dir=")) dataDir = word.slice("--data-dir=".length);
    else args.push(word);
  }
  return dataDir === undefined ? { args } : { args, dataDir };
}

function exitCodeIn(result: unknown): number {
  const code = field(result, "exit_code");
  if (typeof code === "number" && Number.isInteger(code)) return code >= 0 && code <= 255 ? code : 1;
  throw new CommonsError("INVALID_ANSWER", "Cannot read the module's answer: it has no exit code");
}

function textIn(result: unknown, name: string): string {
  const text = field(result, name);
  return typeof text === "string" ? cleanText(text) : "";
}

/** "; did you mean …?" when one of `names` is nearly `word`, else nothing. */
function nearest(word: string, names: readonly string[]): string {
  const name = closest(word, names);
  return names.length > 0 && distance(word, name) <= 2 ? `; did you mean "${show(name)}"?` : "";
}

/** What was typed, and what could have been meant. */
export interface ModuleWords {
  readonly words: readonly string[];
  /** The command line's own commands. */
  readonly commands: readonly string[];
}

/** `commons <group> [subcommand] [args]`: a command of a module, run by the node. */
export async function runModuleGroup(
  context: CliContext,
  flags: CommonFlags,
  { words, commands }: ModuleWords,
): Promise<void> {
  const [group = "", ...rest] = words;
  const { args, dataDir } = splitDataDir(rest);
  const api = await connectFor(context, dataDir === undefined ? flags : { ...flags, dataDir }, {
    words,
    commands,
  });
  const groups = await fetchModuleGroups(api);
  if (!Object.hasOwn(groups, group)) {
    const hint = nearest(group, [...commands, ...Object.keys(groups)]) || " (see --help)";
    throw usageError(`Cannot run "${show(group)}": neither a command nor a group of a running module${hint}`);
  }
  const [subcommand, ...moduleArgs] = args;
  if (subcommand === undefined || subcommand === "--help" || subcommand === "-h") {
    const help = renderGroupHelp(group, groups[group]);
    if (subcommand === undefined) {
      throw usageError(`Cannot run "${group}": which subcommand?\n\n${help.trimEnd()}`);
    }
    return context.io.out(help);
  }
  const result = await api.rpc("runmodulecli", [group, subcommand, ...moduleArgs], {
    deadlineMs: MODULE_DEADLINE_MS,
  });
  context.setExitCode(exitCodeIn(result));
  if (flags.json !== true) context.io.err(textIn(result, "stderr"));
  print(context, flags, { value: result, human: () => textIn(result, "stdout") });
}

async function connectFor(
  context: CliContext,
  flags: CommonFlags,
  { words: [group = ""], commands }: ModuleWords,
): Promise<ApiClient> {
  try {
    return await connect(context, flags);
  } catch (cause) {
    if (!isCommonsError(cause, "NODE_UNREACHABLE")) throw cause;
    const why = "not a command of its own, and no running node can be asked for it";
    throw new CommonsError(
      "NODE_UNREACHABLE",
      `Cannot run "${show(group)}": ${why}${nearest(group, commands)}\n${cause.message}`,
      { cause },
    );
  }
}
