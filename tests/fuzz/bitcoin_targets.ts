import { CommonsError, equalBytes } from "../../core/base/mod.ts";
import {
  buildMerkleBlock,
  checkBlock,
  parseBlock,
  parseTransaction,
  serializeTransaction,
  verifyMerkleBlock,
} from "../../core/bitcoin/mod.ts";
import { blockBytes, madeTransactions, mineBlock } from "../support/blocks.ts";
import type { FramedTarget } from "./fuzz.ts";

/** Frames are not made longer than this: what counts is their form. */
const MAX_FRAME = 16 * 1024;
const PARENT = { hash: new Uint8Array(32), time: 1_700_000_000 };

function assert(holds: boolean, fault: string): asserts holds {
  if (!holds) throw new Error(fault);
}

/** A target whose refusals are our own errors. */
function target(
  name: string,
  frames: readonly Uint8Array[],
  read: (frame: Uint8Array) => void,
): FramedTarget {
  return {
    name,
    seeds: [],
    frames,
    maxBytes: MAX_FRAME,
    run(frame) {
      try {
        read(frame);
        return "OK";
      } catch (error) {
        if (error instanceof CommonsError) return error.code;
        throw error;
      }
    },
  };
}

function transactionTarget(): FramedTarget {
  return target("bitcoin transaction", madeTransactions(4).map(({ raw }) => raw), (frame) => {
    const transaction = parseTransaction(frame);
    assert(equalBytes(serializeTransaction(transaction), frame), "a transaction is not what was read");
    const bare = parseTransaction(serializeTransaction(transaction, { witness: false }));
    assert(bare.txid === transaction.txid, "a txid depends on the witnesses");
    assert(transaction.hasWitness === (transaction.txid !== transaction.wtxid), "a witness changes nothing");
  });
}

function blockTarget(): FramedTarget {
  const good = mineBlock(PARENT, { height: 500, transactions: madeTransactions(3) });
  const body = good.raw.subarray(80);
  return target("bitcoin block", [good.raw], (frame) => {
    const block = parseBlock(frame);
    assert(
      equalBytes(blockBytes(block.headerBytes, block.transactions), frame),
      "a block is not what was read",
    );
    checkBlock(block, { height: 500 });
    assert(equalBytes(frame.subarray(80), body), "another body under the same root");
  });
}

function merkleBlockTarget(): FramedTarget {
  const { header, hash, transactions } = mineBlock(PARENT, {
    height: 500,
    transactions: madeTransactions(8),
  });
  const hashes = transactions.map((transaction) => transaction.hash);
  const frames = [[0], [8], [1, 2, 7], [0, 1, 2, 3, 4, 5, 6, 7, 8]].map((indexes) =>
    buildMerkleBlock({ header, hashes, indexes })
  );
  return target("merkle block", frames, (frame) => {
    const proof = verifyMerkleBlock(frame);
    if (proof.blockHash !== hash) return; // for the header chain to judge
    for (const { txid, index } of proof.matches) {
      assert(txid === transactions[index]?.txid, "a proof shows what is not in the block");
    }
  });
}

/** Readers of Bitcoin's own formats. */
export function bitcoinTargets(): readonly FramedTarget[] {
  return [transactionTarget(), blockTarget(), merkleBlockTarget()];
}
