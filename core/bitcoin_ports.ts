import type { Clock } from "./base/mod.ts";
import { blocksPort } from "./blocks_port.ts";
import { chainPort } from "./chain_port.ts";
import { mempoolPort } from "./mempool_port.ts";
import type { ModuleHostComponents } from "./modules/mod.ts";
import type { RunningChain } from "./start_chain.ts";

type BitcoinPorts = Pick<
  ModuleHostComponents,
  "chain" | "blocks" | "mempool" | "mining" | "inboundBlocks"
>;

/** The chain, blocks, mempool and mining as modules see them; what is not configured is absent. */
export function bitcoinPorts(
  { chain, blocks, mempool, fullNode, mining, queue }: RunningChain,
  clock: Clock,
): BitcoinPorts {
  return {
    chain: chainPort(chain, clock),
    blocks: blocks && blocksPort(blocks, chain),
    mempool: mempool && blocks && fullNode && mempoolPort({ mempool, blocks, fullNode }),
    mining,
    inboundBlocks: { queue },
  };
}
