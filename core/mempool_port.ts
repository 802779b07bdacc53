import type { BlockService, FullNode, MempoolView } from "./chain/mod.ts";
import { chainTransaction } from "./blocks_port.ts";
import type { MempoolPort } from "./modules/mod.ts";

export interface MempoolParts {
  readonly mempool: Pick<MempoolView, "txids" | "has" | "size" | "feeEstimate">;
  readonly blocks: Pick<BlockService, "transaction">;
  readonly fullNode: Pick<FullNode, "sendTransaction">;
}

/** The full node's mempool as modules see it. */
export function mempoolPort({ mempool, blocks, fullNode }: MempoolParts): MempoolPort {
  return {
    txids: (most) => mempool.txids(most),
    has: (txid) => mempool.has(txid),
    size: () => mempool.size(),
    async transaction(txid) {
      const found = mempool.has(txid) ? await blocks.transaction(txid) : undefined;
      return found && chainTransaction(found);
    },
    feeEstimate: async (targetBlocks) => (await mempool.feeEstimate(targetBlocks)).satPerVbyte,
    send: (raw) => fullNode.sendTransaction(raw),
  };
}
