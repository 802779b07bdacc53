import type { Command } from "commander";
import { addBanCommands } from "./ban_commands.ts";
import { type CliContext, type CommonFlags, connect, print, withCommonFlags } from "./context.ts";
import { field, listAt, show } from "./fields.ts";
import { type Column, renderTable } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { title: "PEER", value: (peer) => field(peer, "peerId") },
  { title: "DIRECTION", value: (peer) => field(peer, "direction") },
  { title: "ADDRESS", value: (peer) => field(peer, "address") },
  { title: "AGENT", value: (peer) => field(peer, "userAgent") },
  { title: "SCORE", value: (peer) => field(peer, "score") },
  { title: "CONNECTED", value: (peer) => field(peer, "connectedAt") },
];

/** `commons peer …` */
export function addPeerCommands(program: Command, context: CliContext): void {
  const group = program.command("peer").description("peers of the running node");
  withCommonFlags(group.command("list").description("list the connected peers"))
    .action(async (_own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const answer = await (await connect(context, flags)).get("/api/v1/peers");
      print(context, flags, {
        value: answer,
        human: () => renderTable(COLUMNS, listAt(answer, "peers"), { color: context.io.color }),
      });
    });
  withCommonFlags(group.command("add <multiaddr>").description("connect to a peer and keep it"))
    .action(async (multiaddr: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const answer = await (await connect(context, flags)).post("/api/v1/peers", { body: { multiaddr } });
      print(context, flags, { value: answer, human: () => `Added ${show(field(answer, "peerId"))}\n` });
    });
  withCommonFlags(group.command("remove <peer-id>").description("disconnect a peer and keep it no longer"))
    .action(async (peerId: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const path = `/api/v1/peers/${encodeURIComponent(peerId)}`;
      const answer = await (await connect(context, flags)).delete(path);
      print(context, flags, { value: answer, human: () => `Removed ${show(peerId)}\n` });
    });
  addBanCommands(group, context);
}
