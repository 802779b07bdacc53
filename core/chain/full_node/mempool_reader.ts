import type { HashHex } from "../../base/mod.ts";
import type { Abortable, MempoolEntry } from "../source_types.ts";
import { satsOf } from "./amounts.ts";
import type { RpcConnection } from "./connection.ts";
import { fieldsOf, RPC_CODE, type RpcAnswer } from "./json_rpc.ts";
import { countOf, hashOf } from "./read_results.ts";
import { refused, sourceFault } from "./rpc_errors.ts";

/** 67 characters for each id: 500,000 transactions. */
const MAX_IDS_ANSWER = 33_554_432;
/** A description names up to 50 relatives, some 4 KB; most have none. */
const ENTRIES_PER_BATCH = 250;
const MAX_ENTRIES_ANSWER = 4_194_304;
/** Everything at once, for nodes that describe no single transaction: some 100,000 transactions. */
const MAX_VERBOSE_ANSWER = 67_108_864;
const DEADLINE_MS = 60_000;
const DEFAULT_LIMIT = 300_000;

/**
 * Reads a node's mempool: the list of ids, and a description only of what was not there last time. Describing all of a
 * full mempool takes hundreds of megabytes and seconds of the node's time, a list of ids does not.
 */
export class MempoolReader {
  readonly #rpc: Pick<RpcConnection, "call" | "batch">;
  #known = new Map<HashHex, MempoolEntry>();
  /** False once the node said that it describes no single transaction (btcd). */
  #single = true;

  constructor(rpc: Pick<RpcConnection, "call" | "batch">) {
    this.#rpc = rpc;
  }

  /** At most `limit` transactions; which ones, where there are more, is the node's order. */
  async read(
    { limit = DEFAULT_LIMIT, signal }: Abortable & { readonly limit?: number } = {},
  ): Promise<readonly MempoolEntry[]> {
    const options = { signal, deadlineMs: DEADLINE_MS };
    if (!this.#single) return await this.#readAll(limit, options);
    const answer = await this.#rpc.call("getrawmempool", [false], { ...options, maxBytes: MAX_IDS_ANSWER });
    if (!Array.isArray(answer)) throw sourceFault("the mempool is not a list");
    const txids = answer.slice(0, limit).map((txid: unknown) => hashOf(txid, "a transaction id"));
    const known = this.#known;
    const news = txids.filter((txid) => !known.has(txid));
    const found = new Map<HashHex, MempoolEntry>();
    for (let from = 0; from < news.length; from += ENTRIES_PER_BATCH) {
      await this.#describe(news.slice(from, from + ENTRIES_PER_BATCH), { found, signal });
      if (!this.#single) return await this.#readAll(limit, options);
    }
    const next = new Map<HashHex, MempoolEntry>();
    for (const txid of txids) {
      const entry = known.get(txid) ?? found.get(txid);
      if (entry !== undefined) next.set(txid, entry); // else it left in the meantime
    }
    this.#known = next;
    return [...next.values()];
  }

  async #describe(
    txids: readonly HashHex[],
    { found, signal }: Abortable & { readonly found: Map<HashHex, MempoolEntry> },
  ): Promise<void> {
    const calls = txids.map((txid) => ({ method: "getmempoolentry", params: [txid] }));
    const answers = await this.#rpc.batch(calls, { signal, maxBytes: MAX_ENTRIES_ANSWER });
    if (answers.some(isUnknownMethod)) {
      this.#single = false;
      this.#known = new Map();
      return;
    }
    for (const [index, txid] of txids.entries()) {
      const answer = answers[index];
      if (answer?.ok) found.set(txid, entryOf(txid, answer.result));
      else if (answer && answer.code !== RPC_CODE.notFound) throw refused(answer);
    }
  }

  async #readAll(
    limit: number,
    options: Abortable & { readonly deadlineMs: number },
  ): Promise<readonly MempoolEntry[]> {
    const answer = await this.#rpc.call("getrawmempool", [true], {
      ...options,
      maxBytes: MAX_VERBOSE_ANSWER,
    });
    const entries = Object.entries(fieldsOf(answer)).slice(0, limit);
    return entries.map(([txid, fields]) => entryOf(hashOf(txid, "a transaction id"), fields));
  }
}

/** btcd says "Command unimplemented" under a code of its own. */
function isUnknownMethod(answer: RpcAnswer): boolean {
  return !answer.ok && (answer.code === RPC_CODE.methodNotFound || /unimplemented/i.test(answer.words));
}

function entryOf(txid: HashHex, value: unknown): MempoolEntry {
  const fields = fieldsOf(value);
  const fees = fields["fees"];
  const fee = fees === undefined ? fields["fee"] : fieldsOf(fees)["base"]; // older nodes, and btcd
  const vsize = countOf(fields["vsize"] ?? fields["size"], "a virtual size");
  if (vsize === 0) throw sourceFault("a transaction has no size");
  return { txid, feeSats: satsOf(fee, "a fee"), vsize, time: countOf(fields["time"], "a time") };
}
