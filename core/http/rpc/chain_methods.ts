import { CommonsError, fromHex, type HashHex, HEADER_BYTES, tryHashHex } from "../../base/mod.ts";
import { difficultyOfBits, type HeaderView, syncStateOf, targetOfBits } from "../../chain/mod.ts";
import type { HttpChain } from "../types.ts";
import { type RpcMethod, textParam } from "./rpc_method.ts";

/** Names of the networks in the words of Bitcoin Core. */
export const CHAIN_NAMES: Readonly<Record<string, string>> = { mainnet: "main", testnet: "test" };

/** Methods about the chain: names, results, texts and error numbers as in Bitcoin Core. */
export function chainMethods(chain: HttpChain, now: () => number): readonly RpcMethod[] {
  return [
    {
      name: "getblockcount",
      params: [],
      help: "Height of the best chain.",
      admin: false,
      handler: () => chain.tip().height,
    },
    {
      name: "getbestblockhash",
      params: [],
      help: "Hash of the best chain's last header.",
      admin: false,
      handler: () => chain.tip().hash,
    },
    {
      name: "getblockhash",
      params: [{ name: "height", about: "height on the best chain" }],
      help: "Hash of the best chain at a height.",
      admin: false,
      handler: ([height]) => hashAt(chain, height),
    },
    {
      name: "getblockheader",
      params: [
        { name: "blockhash", about: "hash of the block" },
        { name: "verbose", about: "false: 80 bytes as hex; default true", optional: true },
      ],
      help: "A header, on the best chain or off it.",
      admin: false,
      handler: ([hash, verbose]) => blockHeader(chain, hash, { verbose: verbose ?? true }),
    },
    {
      name: "getblockchaininfo",
      params: [],
      help: "The chain of headers in numbers. Blocks themselves are not validated (headers_only).",
      admin: false,
      handler: () => chainInfo(chain, now()),
    },
    {
      name: "getchaintips",
      params: [],
      help: "The tip, and the tips of branches that are not the best chain.",
      admin: false,
      handler: () => chainTips(chain),
    },
    {
      name: "getdifficulty",
      params: [],
      help: "Difficulty of the best chain's last header.",
      admin: false,
      handler: () => difficultyOfBits(chain.tip().bits),
    },
    {
      name: "submitheader",
      params: [{ name: "hexdata", about: "80 bytes of a header as hex" }],
      help: "Judges a header and stores it when it is right.",
      admin: true,
      handler: ([hexdata]) => submitHeader(chain, textParam(hexdata, "hexdata")),
    },
  ];
}

function hashAt(chain: HttpChain, height: unknown): HashHex {
  if (!Number.isInteger(height)) {
    throw new CommonsError("INVALID_PARAMS", "Cannot use height: must be a whole number");
  }
  const hash = chain.hashAt(Number(height));
  if (hash !== undefined) return hash;
  throw new CommonsError("HEIGHT_OUT_OF_RANGE", "Block height out of range");
}

function blockHeader(chain: HttpChain, hash: unknown, { verbose }: { readonly verbose: unknown }) {
  const name = tryHashHex(textParam(hash, "blockhash").toLowerCase());
  if (name === undefined) {
    throw new CommonsError("INVALID_PARAMS", "Cannot use blockhash: need 64 hex digits");
  }
  const view = chain.header(name);
  if (view === undefined) throw new CommonsError("HEADER_NOT_FOUND", "Block not found");
  return verbose === false || verbose === 0 ? view.raw.toHex() : headerView(chain, view);
}

/** A header in the words of Bitcoin Core. */
export function headerView(chain: HttpChain, view: HeaderView) {
  return {
    hash: view.hash,
    confirmations: view.confirmations,
    height: view.height,
    version: view.version,
    versionHex: (view.version >>> 0).toString(16).padStart(8, "0"),
    merkleroot: view.merkleRoot,
    time: view.time,
    mediantime: view.medianTime,
    nonce: view.nonce,
    ...difficultyView(view.bits),
    chainwork: view.chainwork,
    // as in Bitcoin Core the first header has none
    ...(view.hash !== chain.base().hash && { previousblockhash: view.previousHash }),
    ...(view.nextHash !== undefined && { nextblockhash: view.nextHash }),
  };
}

/** Bits, target and difficulty. */
export function difficultyView(bits: number) {
  return {
    bits: bits.toString(16).padStart(8, "0"),
    target: targetOfBits(bits),
    difficulty: difficultyOfBits(bits),
  };
}

function chainInfo(chain: HttpChain, now: number) {
  const tip = chain.tip();
  const { anchored, params } = chain;
  const { network } = params;
  return {
    chain: CHAIN_NAMES[network] ?? network,
    blocks: tip.height,
    headers: tip.height,
    headers_only: true,
    anchor_height: anchored ? chain.base().height : null,
    bestblockhash: tip.hash,
    ...difficultyView(tip.bits),
    time: tip.time,
    mediantime: chain.headerAt(tip.height)?.medianTime ?? tip.time,
    initialblockdownload: syncStateOf(chain, now).phase !== "synced",
    chainwork: tip.chainwork,
    ...(params.signetChallenge !== undefined && { signet_challenge: params.signetChallenge }),
    warnings: [],
  };
}

function chainTips(chain: HttpChain) {
  const { height, hash } = chain.tip();
  const stale = chain.staleTips().map((tip) => ({
    height: tip.height,
    hash: tip.hash,
    branchlen: tip.branchLength,
    status: "valid-headers",
  }));
  return [{ height, hash, branchlen: 0, status: "active" }, ...stale];
}

async function submitHeader(chain: HttpChain, hexdata: string): Promise<null> {
  if (hexdata.length !== HEADER_BYTES * 2 || !/^[0-9a-fA-F]*$/.test(hexdata)) {
    throw new CommonsError("HEADER_DECODE_FAILED", "Block header decode failed");
  }
  const bytes = fromHex(hexdata.toLowerCase());
  const { rejected: [refusal] } = await chain.accept(bytes, { lowWork: "store" });
  if (refusal === undefined) return null;
  if (refusal.code === "UNKNOWN_PARENT") {
    const previous = bytes.slice(4, 36).reverse().toHex();
    throw new CommonsError("UNKNOWN_PARENT", `Must submit previous header (${previous}) first`);
  }
  throw new CommonsError(refusal.code, `Cannot accept the header: ${refusal.code}`);
}
