import { CommonsError, FakeClock, type HashHex } from "../../core/base/mod.ts";
import { genesisOf, LATE, silentLogger, testChain } from "../../core/chain/_fixture.ts";
import type {
  Abortable,
  BlockSource,
  FullNode,
  SourceTransaction,
  SourceUtxo,
} from "../../core/chain/source_types.ts";
import type { HeaderChain } from "../../core/chain/types.ts";
import { mineBlock, type MineBlockOptions, type MinedBlock } from "./blocks.ts";
import { type MinedTip, tipOf } from "./mining.ts";
import { createBlockService } from "../../core/chain/blocks/block_service.ts";
import type { BlockService, BlockServiceInit } from "../../core/chain/blocks/types.ts";

/** What a fake answers instead of a block that it has. */
export type Answer = (
  hash: HashHex,
  signal: AbortSignal | undefined,
) => Promise<Uint8Array | undefined> | Uint8Array | undefined;

/** A source that answers what the test wants. */
export class FakeSource implements BlockSource {
  readonly name: string;
  /** Hashes that it was asked for. */
  readonly asked: HashHex[] = [];
  online = true;
  answer: Answer;

  constructor(name: string, answer: Answer = () => undefined) {
    this.name = name;
    this.answer = answer;
  }

  available(): boolean {
    return this.online;
  }

  // deno-lint-ignore require-await -- it throws as a promise does
  async block(hash: HashHex, { signal }: Abortable = {}): Promise<Uint8Array | undefined> {
    this.asked.push(hash);
    return this.answer(hash, signal);
  }
}

/** A full node that knows what the test tells it. */
export class FakeNode extends FakeSource implements FullNode {
  transactions: (txid: HashHex) => SourceTransaction | undefined = () => undefined;
  utxos: () => SourceUtxo | undefined = () => undefined;
  proofs: (txids: readonly HashHex[], blockHash: HashHex) => Uint8Array = () => {
    throw new CommonsError("REFUSED", "Cannot prove: Transaction not yet in block");
  };
  /** Questions but those for blocks. */
  readonly questions: string[] = [];
  /** While it is there, all questions wait for it. */
  gate: Promise<void> | undefined;

  async transaction(txid: HashHex): Promise<SourceTransaction | undefined> {
    this.questions.push(`transaction ${txid.slice(0, 4)}`);
    await this.gate;
    return this.transactions(txid);
  }

  async utxo(): Promise<SourceUtxo | undefined> {
    this.questions.push("utxo");
    await this.gate;
    return this.utxos();
  }

  async txOutProof(txids: readonly HashHex[], blockHash: HashHex): Promise<Uint8Array> {
    this.questions.push("proof");
    await this.gate;
    return this.proofs(txids, blockHash);
  }

  mempool = never;
  feeRate = never;
  blockTemplate = never;
  submitBlock = never;
  sendTransaction = never;
}

function never(): never {
  throw new Error("nobody asks for this");
}

export interface Rig extends AsyncDisposable {
  readonly chain: HeaderChain;
  readonly clock: FakeClock;
  readonly service: BlockService;
  readonly sources: FakeSource[];
  /** `source code` of what the desk was told. */
  readonly refused: string[];
  /** The blocks that were mined, by hash. */
  readonly blocks: Map<HashHex, MinedBlock>;
  /** Mines a block on `parent` (the tip of the last one) and puts its header on the chain. */
  mine(options?: Partial<MineBlockOptions> & { readonly parent?: MinedTip }): Promise<MinedBlock>;
}

export interface RigOptions extends BlockServiceInit {
  readonly sources?: readonly FakeSource[];
  readonly fullNode?: FakeNode;
}

/** A regtest chain with a block service on it. */
export async function blockRig({ sources = [], fullNode, ...init }: RigOptions = {}): Promise<Rig> {
  const clock = new FakeClock(LATE * 1000);
  const { chain, ...rest } = await testChain({ clock });
  const list = [...sources];
  const refused: string[] = [];
  const blocks = new Map<HashHex, MinedBlock>();
  const desk = {
    noteRefused: (source: string, { code }: { code: string }) => void refused.push(`${source} ${code}`),
  };
  const service = createBlockService(
    { chain, sources: () => list, fullNode, desk, clock, logger: silentLogger },
    init,
  );
  let last: { readonly tip: MinedTip; readonly height: number } = {
    tip: tipOf(genesisOf("regtest")),
    height: 0,
  };
  return {
    chain,
    clock,
    service,
    sources: list,
    refused,
    blocks,
    async mine({ parent = last.tip, height = last.height + 1, ...options } = {}) {
      const block = mineBlock(parent, { height, ...options });
      const { rejected } = await chain.accept(block.header, { lowWork: "store" });
      if (rejected.length > 0) throw new Error(`a mined header was refused: ${rejected[0]?.code}`);
      blocks.set(block.hash, block);
      last = { tip: block.tip, height };
      return block;
    },
    async [Symbol.asyncDispose]() {
      service.close();
      await rest[Symbol.asyncDispose]();
    },
  };
}

/** Code of the error that a promise rejects with. */
export async function rejection(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof CommonsError) return error.code;
    throw error;
  }
}
