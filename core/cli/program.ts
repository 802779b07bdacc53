import type { Command } from "commander";
import { baseProgram } from "./base_program.ts";
import { addChainCommands } from "./chain_commands.ts";
import { type CliContext, type CommonFlags, connect } from "./context.ts";
import { addInitCommand } from "./init_command.ts";
import { addKeyCommands } from "./key_commands.ts";
import { addModuleCommands } from "./module_commands.ts";
import { fetchModuleGroups, type ModuleWords, renderGroups, runModuleGroup } from "./module_groups.ts";
import { addPeerCommands } from "./peer_commands.ts";
import { addStartCommand } from "./start_command.ts";
import { addStatusCommand } from "./status_command.ts";
import { addPlannedGroups } from "./unavailable_commands.ts";

/** `--help` is not worth a longer wait for a node that hangs. */
const HELP_DEADLINE_MS = 1_000;

type ProgramFlags = CommonFlags & { readonly help?: boolean };

async function moduleHelp(context: CliContext, flags: CommonFlags): Promise<string> {
  try {
    const api = await connect(context, flags);
    const groups = await fetchModuleGroups(api, { deadlineMs: HELP_DEADLINE_MS });
    return `\nCommands of the running modules:\n${renderGroups(groups) || "  (none)\n"}`;
  } catch {
    // Help must work without a node, whatever keeps us from it.
    return "\nModules add commands of their own; they are listed here while the node runs.\n";
  }
}

function moduleWords(program: Command, words: readonly string[]): ModuleWords {
  return { words, commands: program.commands.map((command) => command.name()) };
}

async function showHelp(program: Command, context: CliContext, words: readonly string[]): Promise<void> {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) {
      return await runModuleGroup(context, program.opts(), moduleWords(program, [words[0] ?? "", "--help"]));
    }
    command = next;
  }
  const modules = command === program ? await moduleHelp(context, program.opts()) : "";
  context.io.out(command.helpInformation() + modules);
}

function addCommands(program: Command, context: CliContext): void {
  addStartCommand(program, context);
  addInitCommand(program, context);
  addStatusCommand(program, context);
  addKeyCommands(program, context);
  addPeerCommands(program, context);
  addChainCommands(program, context);
  addModuleCommands(program, context);
  addPlannedGroups(program);
  program.command("help [words...]").description("show help for a command")
    .action((words: string[]) => showHelp(program, context, words));
  for (const command of program.commands) command.helpCommand(false); // `commons help …` does it
}

/** The whole command line, ready to parse. It throws commander's own errors for wrong usage. */
export function createProgram(context: CliContext, init: { readonly version: string }): Command {
  const program = baseProgram(context);
  addCommands(program, context); // they inherit what is set above, and nothing of what follows
  return program
    .description("Commons Node")
    .version(init.version)
    .usage("<command> [flags]")
    .argument("[words...]")
    .helpOption(false)
    .helpCommand(false)
    .option("-h, --help", "show help")
    .option("--data-dir <dir>", "data directory of the node (COMMONS_DATA_DIR; ./data)")
    .option("--json", "print JSON")
    .passThroughOptions()
    .hook("preSubcommand", (_program, command) => {
      if (program.opts<ProgramFlags>().help === true) command.help();
    })
    .action(async (words: string[]) => {
      const flags = program.opts<ProgramFlags>();
      if (flags.help === true || words.length === 0) await showHelp(program, context, words);
      else await runModuleGroup(context, flags, moduleWords(program, words));
    });
}
