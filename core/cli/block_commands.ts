import type { Command } from "commander";
import { type CliContext, type CommonFlags, connect, print, withCommonFlags } from "./context.ts";
import { field, listAt, showUnixTime } from "./fields.ts";
import { type Column, renderDetails, renderTable } from "./table.ts";

/** A block may have to be fetched from a slow node: 60 s there, and a little for the way. */
const DEADLINE_MS = 65_000;
/** Transactions of a block that are listed for people; `--json` has all. */
const MOST_LISTED = 20;
const SATS = 100_000_000n;

/** `commons chain block` and `commons chain tx` */
export function addBlockCommands(group: Command, context: CliContext): void {
  withCommonFlags(
    group.command("block <hash|height>").description("show a block, checked against its header"),
  )
    .action(async (id: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags>();
      const api = await connect(context, flags);
      const path = `/api/v1/chain/blocks/${encodeURIComponent(id)}`;
      const block = await api.get(path, { deadlineMs: DEADLINE_MS });
      print(context, flags, { value: block, human: () => renderBlock(block) });
    });
  withCommonFlags(group.command("tx <txid>").description("show a transaction, and whether it was verified"))
    .option("--block <hash>", "block that has it; without it the full node is asked")
    .action(async (txid: string, _own: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CommonFlags & { readonly block?: string }>();
      const api = await connect(context, flags);
      const query = flags.block === undefined ? "" : `?block=${encodeURIComponent(flags.block)}`;
      const path = `/api/v1/chain/transactions/${encodeURIComponent(txid)}${query}`;
      const found = await api.get(path, { deadlineMs: DEADLINE_MS });
      print(context, flags, {
        value: found,
        human: () => renderTransaction(found, context.io.color),
      });
    });
}

function renderBlock(block: unknown): string {
  const txids = listAt(block, "txids");
  const details = renderDetails([
    ["height", field(block, "height")],
    ["hash", field(block, "hash")],
    ["time", showUnixTime(field(block, "time"))],
    ["confirmations", confirmations(field(block, "confirmations"))],
    ["previous", field(block, "previousHash")],
    ["next", field(block, "nextHash")],
    ["size", `${field(block, "size")} bytes, ${field(block, "weight")} weight units`],
    ["transactions", field(block, "transactionCount")],
  ]);
  const listed = txids.slice(0, MOST_LISTED);
  const rest = txids.length - listed.length;
  const table = renderTable([{ title: "TRANSACTION", value: (txid) => txid }], listed, { color: false });
  return `${details}\n${table}${rest > 0 ? `and ${rest} more (--json lists all)\n` : ""}`;
}

const OUTPUT_COLUMNS: readonly Column[] = [
  { title: "OUTPUT", value: (output) => field(output, "n") },
  { title: "BTC", value: (output) => btc(field(output, "sats")) },
  { title: "SCRIPT", value: (output) => field(output, "scriptPubKey") },
];

function renderTransaction(found: unknown, color: boolean): string {
  const outputs = listAt(found, "outputs").map((output, n) => ({ ...Object(output), n }));
  const details = renderDetails([
    ["txid", field(found, "txid")],
    ["wtxid", field(found, "wtxid")],
    ["block", field(found, "blockHash") ?? "none, in the mempool"],
    ["height", field(found, "height")],
    ["confirmations", confirmations(field(found, "confirmations"))],
    ["verified", verification(found)],
    ["size", `${field(found, "size")} bytes, ${field(found, "vsize")} virtual`],
    ["inputs", listAt(found, "inputs").length],
  ]);
  return `${details}\n${renderTable(OUTPUT_COLUMNS, outputs, { color })}`;
}

function verification(found: unknown): string {
  if (field(found, "verified") !== true) return "no, on the full node's word";
  return field(found, "witnessVerified") === true
    ? "in its block, with witnesses"
    : "in its block, its witnesses not";
}

function confirmations(value: unknown): unknown {
  return value === -1 ? "none, off the best chain" : value;
}

/** Decimal text of satoshis as bitcoin. */
function btc(sats: unknown): unknown {
  if (typeof sats !== "string" || !/^\d{1,20}$/.test(sats)) return sats;
  const amount = BigInt(sats);
  return `${amount / SATS}.${String(amount % SATS).padStart(8, "0")}`;
}
