import { Command } from "commander";
import type { CliContext } from "./context.ts";
import { addStartCommand } from "./start_command.ts";

/** A command line without commands, on the context's terminal; it throws commander's own errors for wrong usage. */
export function baseProgram(context: CliContext): Command {
  return new Command("commons")
    .enablePositionalOptions()
    .showHelpAfterError("(see --help)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.io.out(text),
      writeErr: (text) => context.io.err(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/** The command line that only knows `start`: a node that starts need not load and build the other commands. */
export function createStartProgram(context: CliContext): Command {
  const program = baseProgram(context);
  addStartCommand(program, context);
  for (const command of program.commands) command.helpCommand(false);
  return program;
}
