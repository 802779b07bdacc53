import type { Command } from "commander";
import { type CliContext, type CommonFlags, connect, print, withCommonFlags } from "./context.ts";
import { field, listAt, showDuration } from "./fields.ts";
import { type Column, renderDetails, renderTable } from "./table.ts";

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
  withCommonFlags(
    group.command("sources").description("show where headers come from, and whether they agree"),
  )
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const answer = await (await connect(context, flags)).get("/api/v1/chain/sources");
      const human = () => renderTable(SOURCE_COLUMNS, listAt(answer, "sources"), { color: context.io.color });
      print(context, flags, { value: answer, human });
    });
}

const SOURCE_COLUMNS: readonly Column[] = [
  { title: "SOURCE", value: (source) => field(source, "name") },
  { title: "STATE", value: sourceState },
  { title: "HEIGHT", value: (source) => field(source, "tip.height") },
  { title: "SEEN", value: (source) => showAgo(field(source, "seenSecondsAgo")) },
  { title: "REFUSED", value: refusedCount },
];

function sourceState(source: unknown): string {
  if (field(source, "syncing") === true) return "sending headers";
  const state = String(field(source, "state") ?? "none");
  const astray = field(source, "disagreesForSeconds");
  return typeof astray === "number" ? `${state} for ${showDuration(astray * 1000)}` : state;
}

function showAgo(seconds: unknown): string {
  return typeof seconds === "number" ? `${showDuration(seconds * 1000)} ago` : "-";
}

function refusedCount(source: unknown): number {
  const refused = field(source, "refused");
  const counts = typeof refused === "object" && refused !== null ? Object.values(refused) : [];
  return counts.reduce<number>((sum, count) => sum + (typeof count === "number" ? count : 0), 0);
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
