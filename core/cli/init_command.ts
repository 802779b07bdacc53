import type { Command } from "commander";
import { CommonsError } from "../base/mod.ts";
import { type CliContext, print } from "./context.ts";

interface InitFlags {
  readonly config: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

async function writeConfig(path: string, force: boolean): Promise<void> {
  const { initConfigText } = await import("../config/mod.ts");
  try {
    await Deno.writeTextFile(path, await initConfigText(), force ? {} : { createNew: true });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    throw new CommonsError(
      "FILE_EXISTS",
      `Cannot write ${path}: it is there already (--force overwrites it)`,
      {
        cause,
      },
    );
  }
}

/** `commons init`. Permission: `write` of the file. */
export function addInitCommand(program: Command, context: CliContext): void {
  program.command("init")
    .description("write a configuration file with every key, its default and a comment")
    .option("--config <file>", "file to write", "commons.toml")
    .option("--force", "overwrite the file when it is there")
    .option("--json", "print JSON")
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<InitFlags>();
      await writeConfig(flags.config, flags.force === true);
      print(context, flags, {
        value: { written: flags.config },
        human: () => `Wrote ${flags.config}; use it with: commons start --config ${flags.config}\n`,
      });
    });
}
