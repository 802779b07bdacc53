import type { Command } from "commander";
import { CommonsError } from "../base/mod.ts";
import { type CliContext, type CommonFlags, dataDirOf, print, withCommonFlags } from "./context.ts";
import { renderDetails } from "./table.ts";

/** Looking first: loading makes the key where there is none. */
async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** `commons key …`; reads the key file itself, so it works while no node runs. Permission: `read` of the data directory. */
export function addKeyCommands(program: Command, context: CliContext): void {
  const group = program.command("key").description("the node's identity");
  withCommonFlags(group.command("show").description("show the public side of the node's key"))
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const dataDir = dataDirOf(context, flags);
      const file = `${dataDir}/identity.key`;
      if (!await exists(file)) {
        throw new CommonsError(
          "NO_KEY",
          `Cannot show the key: there is no ${file} (the first start makes it)`,
        );
      }
      const { loadIdentity } = await import("../identity/mod.ts");
      const { peerId, nodeId } = await loadIdentity({ dataDir });
      print(context, flags, {
        value: { peerId, nodeId, file },
        human: () => renderDetails([["peer id", peerId], ["node id", nodeId], ["file", file]]),
      });
    });
}
