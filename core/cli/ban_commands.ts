import { type Command, Option } from "commander";
import { type CliContext, type CommonFlags, connect, print, withCommonFlags } from "./context.ts";
import { field, listAt, show } from "./fields.ts";
import { type Column, renderTable } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { title: "TARGET", value: (ban) => field(ban, "target") },
  { title: "SOURCE", value: (ban) => field(ban, "source") },
  { title: "UNTIL", value: (ban) => field(ban, "until") ?? "for good" },
  { title: "HITS", value: (ban) => field(ban, "hits") },
  { title: "REASON", value: (ban) => field(ban, "reason") },
];

type BanFlags = CommonFlags & {
  readonly duration?: string;
  readonly until?: string;
  readonly reason?: string;
};

/** `commons peer ban|unban|bans` */
export function addBanCommands(group: Command, context: CliContext): void {
  const ban = group.command("ban <target>").description("ban an IP address, a CIDR network or a peer id")
    .addOption(
      new Option("--duration <time>", "how long: 24h, seconds or permanent (bans.default_duration)")
        .conflicts("until"),
    )
    .option("--until <time>", "Unix seconds, a date or a time with zone")
    .option("--reason <text>", "why, for the list");
  withCommonFlags(ban).action(async (target: string, _own: unknown, command: Command) => {
    const flags = command.optsWithGlobals<BanFlags>();
    const { duration, until, reason } = flags;
    const api = await connect(context, flags);
    const answer = await api.post("/api/v1/bans", { body: { target, duration, until, reason } });
    const end = field(answer, "until");
    print(context, flags, {
      value: answer,
      human: () =>
        `Banned ${show(field(answer, "target"))} ${end === null ? "for good" : `until ${show(end)}`}\n`,
    });
  });
  withCommonFlags(group.command("unban <target>").description("lift a ban"))
    .action(async (target: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const api = await connect(context, flags);
      const answer = await api.delete(`/api/v1/bans/${encodeURIComponent(target)}`);
      print(context, flags, { value: answer, human: () => `${show(target)} is no longer banned\n` });
    });
  withCommonFlags(group.command("bans").description("list the bans"))
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const answer = await (await connect(context, flags)).get("/api/v1/bans");
      print(context, flags, {
        value: answer,
        human: () => renderTable(COLUMNS, listAt(answer, "bans"), { color: context.io.color }),
      });
    });
}
