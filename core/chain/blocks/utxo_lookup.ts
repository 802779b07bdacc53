import { CommonsError } from "../../base/mod.ts";
import type { Abortable, SourceUtxo } from "../source_types.ts";
import type { HeaderChain } from "../types.ts";
import type { NodeQuestions } from "./node_questions.ts";
import type { FoundUtxo, Outpoint } from "./types.ts";

/** Most satoshis there can ever be. */
const MAX_SATS = 21_000_000n * 100_000_000n;

export interface UtxoComponents {
  readonly chain: Pick<HeaderChain, "header">;
  readonly questions: NodeQuestions;
}

/** Asks the full node for an unspent output. */
export async function findUtxo(
  { chain, questions }: UtxoComponents,
  { txid, index, signal }: Outpoint & Abortable,
): Promise<FoundUtxo | undefined> {
  if (!Number.isSafeInteger(index) || index < 0 || index > 0xffff_ffff) {
    throw new CommonsError(
      "INVALID_OUTPOINT",
      `Cannot find an output: its number must be from 0 to 2^32 - 1, is ${index}`,
    );
  }
  const told = await questions.ask(
    "find an output",
    (node, asking) => node.utxo({ txid, index }, { signal: asking }),
    { signal },
  );
  if (told === undefined) return undefined;
  if (!isSound(told)) {
    throw questions.blame(
      new CommonsError("BAD_UTXO", "Cannot take an output: its numbers make no sense"),
      "find an output",
    );
  }
  const { sats, scriptPubKey, confirmations, coinbase, bestBlock } = told;
  const best = chain.header(bestBlock);
  const onChain = best !== undefined && best.confirmations > 0 && confirmations > 0;
  const height = onChain && confirmations <= best.height + 1 ? best.height - confirmations + 1 : undefined;
  return { sats, scriptPubKey, confirmations, coinbase, height, bestBlock, verified: false };
}

function isSound({ sats, confirmations }: SourceUtxo): boolean {
  return sats >= 0n && sats <= MAX_SATS && Number.isSafeInteger(confirmations) && confirmations >= 0;
}
