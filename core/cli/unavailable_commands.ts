import type { Command } from "commander";
import { CommonsError } from "../base/mod.ts";

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** Commands that are planned and not built: they say so and fail, instead of looking like a typing mistake. */
export function addUnavailable(
  parent: Command,
  commands: Readonly<Record<string, string>>,
): void {
  for (const [name, about] of Object.entries(commands)) {
    parent.command(name)
      .description(about)
      .helpGroup("Not available yet:")
      .argument("[args...]")
      .helpOption(false)
      .allowUnknownOption()
      .action((...given: unknown[]) => {
        const command = given.at(-1) as Command; // commander hands the command over last
        throw new CommonsError("UNAVAILABLE", `Cannot run "${pathOf(command)}": it is not built yet`);
      });
  }
}

/** The groups of the contract that are not built. */
export function addPlannedGroups(program: Command): void {
  addUnavailable(program, {
    doctor: "check this node and give advice",
    mesh: "the paid mesh",
    gov: "governance",
  });
}
