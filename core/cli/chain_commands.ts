import type { Command } from "commander";
import { type CliContext, type CommonFlags, connect, print, withCommonFlags } from "./context.ts";
import { field } from "./fields.ts";
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
}

type Details = readonly (readonly [name: string, value: unknown])[];

function tipDetails(tip: unknown): Details {
  return [
    ["height", field(tip, "height")],
    ["hash", field(tip, "hash")],
    ["time", showTime(field(tip, "time"))],
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

/** Unix seconds of a header, 32 bits, as a date. */
function showTime(seconds: unknown): unknown {
  if (typeof seconds !== "number" || !(seconds >= 0 && seconds <= 0xffff_ffff)) return seconds;
  return `${seconds} (${new Date(seconds * 1000).toISOString().replace(".000Z", "Z")})`;
}
