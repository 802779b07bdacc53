import type { Command } from "commander";
import { type CliContext, type CommonFlags, connect, print, withCommonFlags } from "./context.ts";
import { addBlockCommands } from "./block_commands.ts";
import { field, showUnixTime } from "./fields.ts";
import { renderSources } from "./source_tables.ts";
import { renderDetails } from "./table.ts";

/** `commons chain …` */
export function addChainCommands(program: Command, context: CliContext): void {
  const group = program.command("chain").description("the header chain of the running node");
  withCommonFlags(group.command("tip").description("show the last header of the best chain"))
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const tip = await (await connect(context, flags)).get("/api/v1/chain/tip");
      print(context, flags, { value: tip, human: () => renderDetails(tipDetails(tip)) });
    });
  withCommonFlags(group.command("header <hash|height>").description("show a header"))
    .action(async (id: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const api = await connect(context, flags);
      const header = await api.get(`/api/v1/chain/headers/${encodeURIComponent(id)}`);
      print(context, flags, { value: header, human: () => renderDetails(headerDetails(header)) });
    });
  addBlockCommands(group, context);
  withCommonFlags(
    group.command("sources").description("show where headers come from, and whether they agree"),
  )
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const answer = await (await connect(context, flags)).get("/api/v1/chain/sources");
      print(context, flags, { value: answer, human: () => renderSources(answer, context.io.color) });
    });
}

type Details = readonly (readonly [name: string, value: unknown])[];

function tipDetails(tip: unknown): Details {
  return [
    ["height", field(tip, "height")],
    ["hash", field(tip, "hash")],
    ["time", showUnixTime(field(tip, "time"))],
    ["bits", field(tip, "bits")],
    ["chainwork", field(tip, "chainwork")],
  ];
}

function headerDetails(header: unknown): Details {
  const confirmations = field(header, "confirmations");
  return [
    ...tipDetails(header),
    ["confirmations", confirmations === -1 ? "none, off the best chain" : confirmations],
    ["version", field(header, "version")],
    ["previous", field(header, "previousHash")],
    ["next", field(header, "nextHash")],
    ["merkle root", field(header, "merkleRoot")],
    ["nonce", field(header, "nonce")],
    ["header", field(header, "header")],
  ];
}
