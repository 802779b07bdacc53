import {
  CommonsError,
  equalBytes,
  errorText,
  fromHex,
  type HashHex,
  isCommonsError,
} from "../../base/mod.ts";
import { type Block, parseTransaction, type Transaction, verifyTransactionProof } from "../../bitcoin/mod.ts";
import type { FullNode, SourceTransaction } from "../source_types.ts";
import type { HeaderView } from "../types.ts";
import type { BlockFetcher } from "./block_fetcher.ts";
import type { NodeQuestions } from "./node_questions.ts";
import type { BlockServiceComponents, FoundTransaction, TransactionOptions } from "./types.ts";

export interface TransactionLookupComponents extends BlockServiceComponents {
  readonly fetcher: BlockFetcher;
  readonly questions: NodeQuestions;
}

/** Finds transactions, and shows that they are where they are said to be. */
export class TransactionLookup {
  readonly #components: TransactionLookupComponents;

  constructor(components: TransactionLookupComponents) {
    this.#components = components;
  }

  async find(txid: HashHex, options: TransactionOptions): Promise<FoundTransaction | undefined> {
    const { chain, fetcher } = this.#components;
    if (options.blockHash === undefined) return await this.#ask(txid, options.signal);
    const header = chain.header(options.blockHash);
    const block = header && await fetcher.get(header, options.signal);
    return header && block && this.#inBlock(txid, { header, block });
  }

  async #ask(txid: HashHex, signal: AbortSignal | undefined): Promise<FoundTransaction | undefined> {
    const { questions } = this.#components;
    const told = await questions.ask(
      "find a transaction",
      (node, asking) => node.transaction(txid, { signal: asking }),
      {
        signal,
      },
    );
    if (told === undefined) return undefined;
    const parsed = this.#parse(told, txid);
    const found = { raw: told.raw, parsed, verified: false, witnessVerified: false };
    if (told.blockHash === undefined) return found;
    const header = this.#components.chain.header(told.blockHash);
    if (header === undefined) return { ...found, blockHash: told.blockHash };
    return await this.#shown(parsed, { header, signal }) ?? { ...found, ...this.#placeOf(header) };
  }

  /** @throws {CommonsError} `SOURCE_FAULT` unless the bytes are a transaction with that hash */
  #parse({ raw }: SourceTransaction, txid: HashHex): Transaction {
    try {
      const parsed = parseTransaction(raw);
      if (parsed.txid !== txid) {
        throw new CommonsError("WRONG_TRANSACTION", "Cannot take it: it has another hash");
      }
      return parsed;
    } catch (cause) {
      throw this.#blame(cause, "find a transaction");
    }
  }

  /** The transaction as it was shown to be in its block; `undefined` when that can neither be shown nor disproved. */
  async #shown(
    parsed: Transaction,
    { header, signal }: { readonly header: HeaderView; readonly signal: AbortSignal | undefined },
  ): Promise<FoundTransaction | undefined> {
    const { fetcher, logger } = this.#components;
    const kept = fetcher.kept(header);
    if (kept === undefined && await this.#isProved(parsed, { header, signal })) {
      return { raw: parsed.raw, parsed, ...this.#placeOf(header), verified: true, witnessVerified: false };
    }
    let block = kept;
    try {
      block ??= await fetcher.get(header, signal);
    } catch (error) {
      signal?.throwIfAborted();
      logger.debug("a transaction could not be checked", {
        txid: parsed.txid,
        error: errorText(error).slice(0, 300),
      });
    }
    if (block === undefined) return undefined;
    const found = this.#inBlock(parsed.txid, { header, block });
    if (found !== undefined) return found;
    const absent = new CommonsError("TX_NOT_IN_BLOCK", `Cannot find ${parsed.txid} in block ${header.hash}`);
    throw this.#blame(absent, "find a transaction");
  }

  /** True when the full node's Merkle proof shows the transaction. */
  async #isProved(
    transaction: Transaction,
    { header, signal }: { readonly header: HeaderView; readonly signal: AbortSignal | undefined },
  ): Promise<boolean> {
    const { questions, logger } = this.#components;
    const prove = (node: FullNode, asking: AbortSignal) =>
      node.txOutProof([transaction.txid], header.hash, { signal: asking });
    try {
      const proof = await questions.ask("prove a transaction", prove, { signal });
      if (equalBytes(proof.subarray(0, header.raw.length), header.raw)) {
        verifyTransactionProof({ proof, transaction: transaction.raw });
        return true;
      }
      throw new CommonsError(
        "WRONG_BLOCK",
        `Cannot take a proof: it is of another block than ${header.hash}`,
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (isCommonsError(error, "BUSY")) throw error;
      logger.debug("a transaction's proof was not had", { error: errorText(error).slice(0, 300) });
      if (isProofFault(error)) this.#blame(error, "prove a transaction"); // the block itself may still show it
      return false;
    }
  }

  #inBlock(
    txid: HashHex,
    { header, block }: { readonly header: HeaderView; readonly block: Block },
  ): FoundTransaction | undefined {
    const hash = fromHex(txid, { length: 32, title: "a txid" }).reverse();
    const inside = block.transactions.find((transaction) => equalBytes(transaction.hash, hash));
    if (inside === undefined) return undefined;
    const parsed = parseTransaction(new Uint8Array(inside.raw)); // a view would keep the whole block
    return { raw: parsed.raw, parsed, ...this.#placeOf(header), verified: true, witnessVerified: true };
  }

  /** As it is now: the chain may have gone on while others were asked. */
  #placeOf(header: HeaderView) {
    const { height, confirmations } = this.#components.chain.header(header.hash) ?? header;
    return { blockHash: header.hash, height, confirmations };
  }

  /** Tells the desk, and makes the error for the caller. */
  #blame(cause: unknown, action: string): CommonsError {
    return this.#components.questions.blame(cause, action);
  }
}

/** True when a proof was given that does not hold; one that cannot tell a 64-byte transaction from a node is none. */
function isProofFault(error: unknown): boolean {
  if (!isCommonsError(error)) return true;
  return !["UNAVAILABLE", "TIMEOUT", "REFUSED", "SOURCE_FAULT", "TRANSACTION_64_BYTES"].includes(error.code);
}
