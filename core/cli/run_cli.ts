import { CommanderError } from "commander";
import { errorText, isCommonsError } from "../base/mod.ts";
import { createStartProgram } from "./base_program.ts";
import type { CliContext } from "./context.ts";
import { EXIT, exitCodeOf } from "./exit_code.ts";
import { type CliIo, systemIo } from "./io.ts";
import { cleanText } from "./terminal.ts";

/** What the command line is given. */
export interface CliInit {
  /** Shown by `--version`. */
  readonly version: string;
  /** Runs the node until it is stopped; answers the exit code. Called by `start` only, so that it can load lazily. */
  readonly startNode: CliContext["startNode"];
  /** Default: the real terminal, environment and network. */
  readonly io?: CliIo;
}

/** A computed path: what a literal one names is read at every start of a node, which needs none of it. */
const COMMANDS: string = "./program.ts";

async function loadCommands(): Promise<typeof import("./program.ts")> {
  return await import(COMMANDS);
}

function report(io: CliIo, error: unknown): number {
  if (error instanceof CommanderError) {
    // commander has printed the help or the complaint already
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const code = isCommonsError(error) && error.code !== "USAGE" ? ` (${error.code})` : "";
  io.err(`error: ${cleanText(errorText(error))}${code}\n`);
  return exitCodeOf(error);
}

/**
 * Runs one command line and answers the exit code: 0 ok, 1 failed, 2 wrong usage, 3 node not reachable; a module's
 * command ends with the module's own code. Never throws.
 * Permissions: `env`; `read` of the data directory and `net` for the node's HTTP address; `init` needs `write`.
 */
export async function runCli(args: readonly string[], init: CliInit): Promise<number> {
  const io = init.io ?? systemIo();
  let exitCode: number = EXIT.ok;
  const context: CliContext = { io, startNode: init.startNode, setExitCode: (code) => exitCode = code };
  const program = args[0] === "start"
    ? createStartProgram(context)
    : (await loadCommands()).createProgram(context, init);
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return report(io, error);
  }
}
