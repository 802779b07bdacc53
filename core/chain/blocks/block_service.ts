import type { HashHex } from "../../base/mod.ts";
import type { Abortable } from "../source_types.ts";
import { BlockFetcher } from "./block_fetcher.ts";
import { checkTxOutProof, proveTransactions } from "./block_proofs.ts";
import { NodeQuestions } from "./node_questions.ts";
import { TransactionLookup } from "./transaction_lookup.ts";
import type {
  BlockService,
  BlockServiceComponents,
  BlockServiceInit,
  FoundBlock,
  FoundTransaction,
  FoundUtxo,
  Outpoint,
  TransactionOptions,
  TransactionPresence,
  VerifiedTxOutProof,
} from "./types.ts";
import { findUtxo } from "./utxo_lookup.ts";

const DEFAULT_CACHE_BYTES = 64 * 1024 * 1024;

/** Blocks and transactions on demand, each checked against the chain's headers. */
export function createBlockService(
  components: BlockServiceComponents,
  init: BlockServiceInit = {},
): BlockService {
  return new Service(components, init);
}

class Service implements BlockService {
  readonly #components: BlockServiceComponents;
  readonly #fetcher: BlockFetcher;
  readonly #questions: NodeQuestions;
  readonly #transactions: TransactionLookup;

  constructor(components: BlockServiceComponents, { cacheBytes = DEFAULT_CACHE_BYTES }: BlockServiceInit) {
    this.#components = components;
    this.#fetcher = new BlockFetcher(components, cacheBytes);
    this.#questions = new NodeQuestions(components);
    this.#transactions = new TransactionLookup({
      ...components,
      fetcher: this.#fetcher,
      questions: this.#questions,
    });
  }

  async block(hash: HashHex, { signal }: Abortable = {}): Promise<FoundBlock | undefined> {
    const { chain } = this.#components;
    const header = chain.header(hash);
    const parsed = header && await this.#fetcher.get(header, signal);
    if (header === undefined || parsed === undefined) return undefined;
    const { height, confirmations } = chain.header(hash) ?? header; // it may have gone on in the meantime
    return { hash, height, confirmations, raw: parsed.raw, parsed };
  }

  async blockAt(height: number, options: Abortable = {}): Promise<FoundBlock | undefined> {
    const hash = this.#components.chain.hashAt(height);
    return hash && await this.block(hash, options);
  }

  async transaction(txid: HashHex, options: TransactionOptions = {}): Promise<FoundTransaction | undefined> {
    return await this.#transactions.find(txid, options);
  }

  async hasTransaction(txid: HashHex, options: TransactionOptions = {}): Promise<TransactionPresence> {
    const { blockHash, signal } = options;
    if (blockHash === undefined) {
      const found = await this.#transactions.find(txid, options);
      return { found: found !== undefined, verified: found?.verified ?? false };
    }
    const block = await this.block(blockHash, { signal });
    if (block === undefined) return { found: false, verified: false };
    return { found: block.parsed.transactions.some((inside) => inside.txid === txid), verified: true };
  }

  async utxo({ txid, index }: Outpoint, { signal }: Abortable = {}): Promise<FoundUtxo | undefined> {
    const { chain } = this.#components;
    return await findUtxo({ chain, questions: this.#questions }, { txid, index, signal });
  }

  async txOutProof(
    txids: readonly HashHex[],
    blockHash: HashHex,
    { signal }: Abortable = {},
  ): Promise<Uint8Array | undefined> {
    const header = this.#components.chain.header(blockHash);
    const block = header && await this.#fetcher.get(header, signal);
    return block && proveTransactions(block, txids);
  }

  verifyTxOutProof(bytes: Uint8Array): VerifiedTxOutProof {
    return checkTxOutProof(bytes, {
      header: (hash) => this.#components.chain.header(hash),
      kept: (header) => this.#fetcher.kept(header),
    });
  }

  close(): void {
    this.#fetcher.close();
    this.#questions.close();
  }
}
