import { CommonsError, errorText, isCommonsError } from "../../base/mod.ts";
import { type Block, checkBlock, parseBlock } from "../../bitcoin/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { FullNode } from "../source_types.ts";
import type { HeaderChain } from "../types.ts";
import { templateCoinbase } from "./template_coinbase.ts";

/** Blocks that are on their way in at once, of each kind; each may have 4 MB. */
const MAX_UNDER_WAY = 4;

/** Counted apart: who relays blocks of others shall not keep a miner's own from the full node. */
type Way = "submit" | "queue";

export interface MiningComponents {
  readonly chain: Pick<HeaderChain, "accept" | "header">;
  readonly fullNode?: Pick<FullNode, "blockTemplate" | "submitBlock"> | undefined;
  readonly logger: Logger;
}

/** What became of a block. */
export interface SubmittedBlock {
  readonly status: "accepted" | "rejected" | "duplicate";
  /** The full node's own word; null unless rejected. */
  readonly reason: string | null;
}

/** Block templates and whole blocks, through the attached full node. */
export interface Mining {
  /**
   * The full node's answer, with `coinbase_transaction` (bytes) when `coinbaseScript` says where the reward goes.
   * @throws {CommonsError} `UNAVAILABLE` without a full node, and those of {@linkcode FullNode}
   */
  template(
    request: { readonly rules: readonly string[]; readonly coinbaseScript?: Uint8Array | undefined },
  ): Promise<unknown>;
  /**
   * Checks a block as far as it says itself what it must be, hands it to the full node, and offers its header to the
   * chain when the node took it.
   * @throws {CommonsError} `INVALID_PARAMS`, `BUSY`, `UNAVAILABLE`, and those of {@linkcode FullNode}
   */
  submit(raw: Uint8Array): Promise<SubmittedBlock>;
  /**
   * Takes a block from elsewhere: its header into the chain as any stranger's, the block to the full node if there is one.
   * `from` is for the log.
   * @throws {CommonsError} `INVALID_PARAMS`, `BUSY`
   */
  queue(raw: Uint8Array, from: string): Promise<void>;
}

/** Needs what {@linkcode FullNode} needs. */
export function createMining(components: MiningComponents): Mining {
  return new Miner(components);
}

class Miner implements Mining {
  readonly #components: MiningComponents;
  readonly #underWay: Record<Way, number> = { submit: 0, queue: 0 };

  constructor(components: MiningComponents) {
    this.#components = components;
  }

  async template(
    { rules, coinbaseScript }: { readonly rules: readonly string[]; readonly coinbaseScript?: Uint8Array },
  ): Promise<unknown> {
    const template = await this.#fullNode().blockTemplate({ rules });
    if (coinbaseScript === undefined) return template;
    return { ...Object(template), coinbase_transaction: templateCoinbase(template, coinbaseScript) };
  }

  async submit(raw: Uint8Array): Promise<SubmittedBlock> {
    const fullNode = this.#fullNode();
    using _slot = this.#takeSlot("submit");
    const block = this.#read(raw);
    const reason = await fullNode.submitBlock(raw);
    if (reason !== undefined && isDuplicate(reason)) return { status: "duplicate", reason: null };
    if (reason !== undefined && reason !== ON_A_BRANCH) return { status: "rejected", reason };
    await this.#offer(block, "the full node");
    return { status: "accepted", reason: null };
  }

  async queue(raw: Uint8Array, from: string): Promise<void> {
    using _slot = this.#takeSlot("queue");
    const block = this.#read(raw);
    const { rejected } = await this.#components.chain.accept(block.headerBytes, { keepOrphans: true });
    const [refused] = rejected;
    if (refused !== undefined && refused.code !== "UNKNOWN_PARENT") {
      throw new CommonsError(
        "INVALID_PARAMS",
        `Cannot take the block: its header is refused, ${refused.code}`,
      );
    }
    const { fullNode, logger } = this.#components;
    if (fullNode === undefined) return;
    try {
      const reason = await fullNode.submitBlock(raw);
      if (reason !== undefined && reason !== ON_A_BRANCH && !isDuplicate(reason)) {
        logger.info("the full node refused a block", { hash: block.hash, from, reason });
      }
    } catch (error) {
      logger.warn("a block did not reach the full node", { hash: block.hash, from, error: errorText(error) });
    }
  }

  #fullNode(): Pick<FullNode, "blockTemplate" | "submitBlock"> {
    const { fullNode } = this.#components;
    if (fullNode) return fullNode;
    throw new CommonsError("UNAVAILABLE", "Cannot mine: no full node is configured (chain.rpc_url)");
  }

  /** The block, if its transactions are those of its header; at the height of its parent where that is known. */
  #read(raw: Uint8Array): Block {
    try {
      const block = parseBlock(raw);
      checkBlock(block);
      return block;
    } catch (error) {
      if (!isCommonsError(error)) throw error;
      throw new CommonsError("INVALID_PARAMS", `Cannot take the block: ${error.message} (${error.code})`);
    }
  }

  /** The full node took it: what this chain thinks of the header is this chain's own affair. */
  async #offer(block: Block, from: string): Promise<void> {
    const { chain, logger } = this.#components;
    try {
      const { rejected } = await chain.accept(block.headerBytes, { keepOrphans: true, lowWork: "store" });
      const [refused] = rejected;
      if (refused === undefined) return;
      logger.warn("a header that was taken elsewhere is refused here", {
        hash: block.hash,
        from,
        code: refused.code,
      });
    } catch (error) {
      logger.warn("a submitted block's header was not taken", { hash: block.hash, error: errorText(error) });
    }
  }

  #takeSlot(way: Way): Disposable {
    if (this.#underWay[way] >= MAX_UNDER_WAY) {
      throw new CommonsError("BUSY", "Cannot take the block: others are on their way");
    }
    this.#underWay[way]++;
    return { [Symbol.dispose]: () => void this.#underWay[way]-- };
  }
}

/** BIP22's word for a block that was kept and does not become the best one, so that not all of it was looked at. */
const ON_A_BRANCH = "inconclusive";

/** BIP22's words, or btcd's sentence. */
function isDuplicate(reason: string): boolean {
  return reason === "duplicate" || reason === "duplicate-inconclusive" ||
    reason.startsWith("rejected: already have block");
}
