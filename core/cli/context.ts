import type { Command } from "commander";
import { type ApiClient, openApiClient } from "./api_client.ts";
import type { CliIo } from "./io.ts";
import { displayJson } from "./terminal.ts";

/** What `commons start` hands over to the node. */
export interface StartOptions {
  readonly configFile?: string;
  readonly dataDir?: string;
  /** `section.key=value` texts in the order given. */
  readonly set: string[];
  readonly logFormat?: "pretty" | "json";
  readonly bootstrapOnly?: boolean;
}

/** Flags that every command takes. */
export interface CommonFlags {
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** What commands are made with. */
export interface CliContext {
  readonly io: CliIo;
  /** Runs the node until it is stopped; answers the exit code. Loaded only by `start`. */
  readonly startNode: (options: StartOptions) => Promise<number>;
  /** What the process ends with when nothing throws. */
  setExitCode(code: number): void;
}

/** Data directory by flag, then environment, or `undefined` when nobody said. */
export function chosenDataDir(context: CliContext, flags: CommonFlags): string | undefined {
  const environment = context.io.env("COMMONS_DATA_DIR") || context.io.env("COMMONS_NODE__DATA_DIR") ||
    undefined;
  return flags.dataDir ?? environment;
}

/** Data directory that a command talks to; `./data` when nobody said. */
export function dataDirOf(context: CliContext, flags: CommonFlags): string {
  return chosenDataDir(context, flags) ?? "./data";
}

/** The node that the flags choose. */
export function connect(context: CliContext, flags: CommonFlags): Promise<ApiClient> {
  return openApiClient(context.io, { dataDir: dataDirOf(context, flags) });
}

/** Adds `--data-dir` and `--json` to a command. */
export function withCommonFlags(command: Command): Command {
  return command
    .option("--data-dir <dir>", "data directory of the node (COMMONS_DATA_DIR; ./data)")
    .option("--json", "print JSON");
}

/** Prints an answer: as JSON when asked for, else as `human` makes it. */
export function print(
  context: CliContext,
  flags: CommonFlags,
  answer: { readonly value: unknown; readonly human: () => string },
): void {
  context.io.out(flags.json === true ? displayJson(answer.value) : answer.human());
}
