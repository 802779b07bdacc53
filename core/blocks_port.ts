import type { BlockService, FoundBlock, FoundTransaction, HeaderChain } from "./chain/mod.ts";
import { chainHeader } from "./chain_port.ts";
import type { BlocksPort, ChainBlock, ChainTransaction } from "./modules/mod.ts";

type Chain = Pick<HeaderChain, "header">;

/** Blocks and transactions as modules see them. */
export function blocksPort(
  blocks: Pick<BlockService, "block" | "blockAt" | "transaction" | "utxo">,
  chain: Chain,
): BlocksPort {
  return {
    block: async (hash) => blockOf(await blocks.block(hash), chain),
    blockAt: async (height) => blockOf(await blocks.blockAt(height), chain),
    async transaction(txid) {
      const found = await blocks.transaction(txid);
      return found && chainTransaction(found);
    },
    async utxo(txid, index) {
      const found = await blocks.utxo({ txid, index });
      return found && {
        value: found.sats,
        script_pubkey: found.scriptPubKey,
        height: found.height ?? null,
        is_coinbase: found.coinbase,
        verified: false,
      };
    },
  };
}

function blockOf(found: FoundBlock | undefined, chain: Chain): ChainBlock | undefined {
  if (found === undefined) return undefined;
  const header = chain.header(found.hash);
  if (header === undefined) return undefined;
  const { parsed, raw, hash, height, confirmations } = found;
  return {
    hash,
    height,
    confirmations,
    header: chainHeader(header),
    size: parsed.size,
    weight: parsed.weight,
    txids: parsed.transactions.map(({ txid }) => txid),
    raw,
  };
}

/** A transaction as modules see it. */
export function chainTransaction(found: FoundTransaction): ChainTransaction {
  const { parsed, raw } = found;
  return {
    txid: parsed.txid,
    wtxid: parsed.wtxid,
    version: parsed.version,
    lock_time: parsed.lockTime,
    size: parsed.size,
    weight: parsed.weight,
    inputs: parsed.inputs.map(({ txid, index, scriptSig, sequence, witness }) => ({
      txid,
      vout: index,
      script_sig: scriptSig,
      sequence,
      witness,
    })),
    outputs: parsed.outputs.map(({ sats, scriptPubKey }) => ({ value: sats, script_pubkey: scriptPubKey })),
    raw,
    block_hash: found.blockHash ?? null,
    height: found.height ?? null,
    confirmations: found.confirmations ?? 0,
    verified: found.verified,
    witness_verified: found.witnessVerified,
  };
}
