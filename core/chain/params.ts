import { type BitcoinNetwork, POW_LIMIT_BITS } from "../base/mod.ts";

/** Blocks between two changes of the difficulty. */
export const RETARGET_INTERVAL = 2016;
/** Seconds that these blocks should take. */
export const TARGET_TIMESPAN = 14 * 24 * 60 * 60;
/** Seconds that one block should take. */
export const TARGET_SPACING = 10 * 60;
/** How far into the future a header's time may lie, in seconds. */
export const MAX_FUTURE_SECONDS = 2 * 60 * 60;
/** How far the first block of a period may go back behind the one before it (BIP 94), in seconds. */
export const MAX_TIMEWARP_SECONDS = 600;
/** Headers whose times the median is taken of. */
export const MEDIAN_SPAN = 11;

/** Rules of one network that concern headers (Bitcoin Core `kernel/chainparams.cpp`, v29). */
export interface ChainParams {
  readonly network: BitcoinNetwork;
  /** The first header: 80 bytes as hex. */
  readonly genesis: string;
  /** Easiest allowed target, compact. */
  readonly powLimitBits: number;
  /** False: the difficulty never changes. */
  readonly retargeting: boolean;
  /** True: a block may have the easiest target when it comes more than 20 minutes after the one before it. */
  readonly minDifficultyBlocks: boolean;
  /** True: the retarget starts from the bits of the period's first block, and time may not be warped. */
  readonly bip94: boolean;
  /** Heights from which versions below 2, 3 and 4 are refused. */
  readonly bip34Height: number;
  readonly bip66Height: number;
  readonly bip65Height: number;
  /** Work that the best chain is known to have: what has less is not stored for strangers. */
  readonly minimumChainWork: bigint;
  /**
   * Script that signs signet's blocks (BIP 325), as hex. The solution is in the coinbase transaction, not in the
   * header: a chain of headers alone shows work, not the signers' consent.
   */
  readonly signetChallenge?: string;
}

const SATOSHI_ROOT = "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a";
const TESTNET4_ROOT = "4e7b2b9128fe0291db0693af2ae418b767e657cd407e80cb1434221eaea7a07a";

interface Genesis {
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
  readonly merkleRoot?: string;
}

function genesisHeader({ time, bits, nonce, merkleRoot = SATOSHI_ROOT }: Genesis): string {
  const numbers = [time, bits, nonce].map((value) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    return bytes.toHex();
  });
  return "01000000" + "00".repeat(32) + merkleRoot + numbers.join("");
}

const ALWAYS = { bip34Height: 1, bip66Height: 1, bip65Height: 1 };
const PLAIN = { retargeting: true, minDifficultyBlocks: false, bip94: false };

const PARAMS: Readonly<Record<BitcoinNetwork, ChainParams>> = Object.freeze({
  mainnet: {
    ...PLAIN,
    network: "mainnet",
    genesis: genesisHeader({ time: 1_231_006_505, bits: 0x1d00ffff, nonce: 2_083_236_893 }),
    powLimitBits: POW_LIMIT_BITS.mainnet,
    bip34Height: 227_931,
    bip66Height: 363_725,
    bip65Height: 388_381,
    minimumChainWork: 0xb1f3b93b65b16d035a82be84n,
  },
  testnet: {
    ...PLAIN,
    minDifficultyBlocks: true,
    network: "testnet",
    genesis: genesisHeader({ time: 1_296_688_602, bits: 0x1d00ffff, nonce: 414_098_458 }),
    powLimitBits: POW_LIMIT_BITS.testnet,
    bip34Height: 21_111,
    bip66Height: 330_776,
    bip65Height: 581_885,
    minimumChainWork: 0x15f5e0c9f13455b0eb17n,
  },
  testnet4: {
    ...PLAIN,
    ...ALWAYS,
    minDifficultyBlocks: true,
    bip94: true,
    network: "testnet4",
    genesis: genesisHeader({
      time: 1_714_777_860,
      bits: 0x1d00ffff,
      nonce: 393_743_547,
      merkleRoot: TESTNET4_ROOT,
    }),
    powLimitBits: POW_LIMIT_BITS.testnet4,
    minimumChainWork: 0x1d6dce8651b6094e4c1n,
  },
  signet: {
    ...PLAIN,
    ...ALWAYS,
    network: "signet",
    genesis: genesisHeader({ time: 1_598_918_400, bits: 0x1e0377ae, nonce: 52_613_770 }),
    powLimitBits: POW_LIMIT_BITS.signet,
    minimumChainWork: 0x2b517f3d1a1n,
    signetChallenge:
      "512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae",
  },
  regtest: {
    ...ALWAYS,
    retargeting: false,
    minDifficultyBlocks: true,
    bip94: false,
    network: "regtest",
    genesis: genesisHeader({ time: 1_296_688_602, bits: 0x207fffff, nonce: 2 }),
    powLimitBits: POW_LIMIT_BITS.regtest,
    minimumChainWork: 0n,
  },
});

/** Header rules of a network. */
export function chainParams(network: BitcoinNetwork): ChainParams {
  return PARAMS[network];
}
