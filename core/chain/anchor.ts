import { type BitcoinNetwork, CommonsError, HEADER_BYTES } from "../base/mod.ts";
import type { ChainBase } from "./chain_state.ts";
import { type ChainParams, chainParams, RETARGET_INTERVAL } from "./params.ts";
import { RECORD_WORDS, roomForWords, WORD, type Words, wordsOf, writeRecord } from "./record.ts";
import { isAbove, Targets } from "./targets.ts";
import type { Anchor } from "./types.ts";

const MAX_HEIGHT = 0xffff_ffff - 10_000_000;

/** Where the network's own chain begins. */
export function genesisBase(params: ChainParams): ChainBase {
  const header = Uint8Array.fromHex(params.genesis);
  const bits = wordsOf(header).words[WORD.bits] ?? 0;
  return { height: 0, header, work: new Targets().of(bits).work };
}

/** The record of one header. */
export function recordOf(header: Uint8Array): Words {
  const record = roomForWords(RECORD_WORDS);
  writeRecord(wordsOf(header), 0, { ...record, at: 0 });
  return record;
}

/**
 * Checks what can be checked of an anchor: its own proof of work, and that the rules can be applied behind it.
 * @throws {CommonsError} `INVALID_ANCHOR`
 */
export function anchorBase(anchor: Anchor, params: ChainParams): ChainBase {
  const { height, header, chainwork } = anchor;
  if (!Number.isSafeInteger(height) || height < 0 || height > MAX_HEIGHT) {
    throw invalid("its height is out of range");
  }
  if (header.length !== HEADER_BYTES) throw invalid(`its header has ${header.length} bytes, not 80`);
  const record = recordOf(header);
  const targets = new Targets();
  const target = targets.of(record.words[WORD.bits] ?? 0);
  if (target.work < targets.of(params.powLimitBits).work) {
    throw invalid("its bits are not allowed on this network");
  }
  if (isAbove(target, record.words, 0)) throw invalid("its hash is above its target");
  if (chainwork < target.work || chainwork >= 1n << 256n) throw invalid("its chainwork is out of range");
  // Which bits are due after a header of the easiest target is decided by those before it, back to the period's start.
  if (params.minDifficultyBlocks && params.retargeting && height % RETARGET_INTERVAL !== 0) {
    throw invalid(`on ${params.network} its height must be a multiple of ${RETARGET_INTERVAL}`);
  }
  const copy = new Uint8Array(header);
  if (height === 0 && copy.toHex() !== params.genesis) {
    throw invalid("at height 0 it must be the genesis header");
  }
  return { height, header: copy, work: chainwork };
}

/**
 * Throws when a chain of `network` cannot begin at `anchor`.
 * @throws {CommonsError} `INVALID_ANCHOR`
 */
export function assertAnchor(anchor: Anchor, network: BitcoinNetwork): void {
  anchorBase(anchor, chainParams(network));
}

function invalid(state: string): CommonsError {
  return new CommonsError("INVALID_ANCHOR", `Cannot begin the chain at the anchor: ${state}`);
}
