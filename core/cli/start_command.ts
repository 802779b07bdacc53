import { type Command, Option } from "commander";
import { chosenDataDir, type CliContext, type StartOptions } from "./context.ts";

interface StartFlags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly set: string[];
  readonly logFormat?: "pretty" | "json";
  readonly bootstrapOnly?: boolean;
}

/** `commons start` */
export function addStartCommand(program: Command, context: CliContext): void {
  program.command("start")
    .description("run the node until SIGINT or SIGTERM")
    .option("--config <file>", "configuration file (TOML)")
    .option("--data-dir <dir>", "data directory (./data)")
    .option(
      "--set <section.key=value>",
      "set one configuration key; may be given again",
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .addOption(new Option("--log-format <format>", "how log lines look").choices(["pretty", "json"]))
    .option("--bootstrap-only", "be an entry point of the DHT for others: no topics, no modules")
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<StartFlags>();
      const dataDir = chosenDataDir(context, flags);
      const options: StartOptions = {
        set: flags.set,
        ...(flags.config === undefined ? {} : { configFile: flags.config }),
        ...(dataDir === undefined ? {} : { dataDir }),
        ...(flags.logFormat === undefined ? {} : { logFormat: flags.logFormat }),
        ...(flags.bootstrapOnly === true ? { bootstrapOnly: true } : {}),
      };
      context.setExitCode(await context.startNode(options));
    });
}
