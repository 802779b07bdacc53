import { type BitcoinNetwork, type Clock, CommonsError, concatBytes, type HashHex } from "../../base/mod.ts";
import type { Logger, Metrics } from "../../telemetry/mod.ts";
import { chainParams } from "../params.ts";
import type { Abortable, FullNode, MempoolEntry, SourceTransaction, SourceUtxo } from "../source_types.ts";
import { satPerVbyte } from "./amounts.ts";
import type { NodeState } from "./availability.ts";
import { type CallOptions, RpcConnection } from "./connection.ts";
import { fieldsOf, RPC_CODE } from "./json_rpc.ts";
import { type LoginInit, type ReadCookie, readCookieFile } from "./login.ts";
import { MempoolReader } from "./mempool_reader.ts";
import { identifyNode, type NodeChainInfo } from "./node_identity.ts";
import { bytesOf, countOf, hashOf, headerOf, isMissing, transactionOf, utxoOf } from "./read_results.ts";
import { cleanWords, isRefusal, sourceFault } from "./rpc_errors.ts";

/** A block has at most 4,000,000 bytes (BIP141), twice that in hex. */
const MAX_BLOCK_ANSWER = 8_000_000 + 65_536;
/** Hex and, where the node adds them, all details. */
const MAX_TX_ANSWER = 33_554_432;
const MAX_TEMPLATE_ANSWER = 33_554_432;
/** 16,666 transactions of 60 bytes each fit into a block; 67 characters for each id. */
const MAX_BLOCK_IDS_ANSWER = 4_194_304;
const BLOCK_DEADLINE_MS = 60_000;
/** Some two hundred years of blocks: bounds what a wrong claim makes the node ask for. */
const MAX_HEIGHT = 10_000_000;

export interface FullNodeComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
  /** Default: the runtime's. */
  readonly fetch?: typeof fetch | undefined;
  /** Default: reads the file, at most 4,096 bytes. */
  readonly readCookie?: ReadCookie | undefined;
}

export interface FullNodeInit extends LoginInit {
  /** Without a login in it. */
  readonly url: string;
  readonly network: BitcoinNetwork;
}

/** The headers of a node's best chain. */
export interface HeaderRpc {
  readonly name: string;
  available(): boolean;
  bestBlock(options?: Abortable): Promise<{ readonly hash: HashHex; readonly height: number }>;
  /** Hashes of its best chain, `undefined` where that is shorter. One request. */
  hashesAt(heights: readonly number[], options?: Abortable): Promise<readonly (HashHex | undefined)[]>;
  /** Headers, 80 bytes each, up to the first that it does not have. One request. */
  headers(hashes: readonly HashHex[], options?: Abortable): Promise<Uint8Array<ArrayBuffer>>;
}

/** The attached node for people. */
export interface FullNodeStatus {
  readonly state: NodeState;
  /** Why it is not used. */
  readonly why: string | undefined;
  /** As of the last probe. */
  readonly info: NodeChainInfo | undefined;
}

/** {@linkcode FullNode} over JSON-RPC, with what the header feed and the mempool view need besides. */
export interface RpcFullNode extends FullNode, HeaderRpc {
  /** Ids of a block's transactions as the node tells them; `undefined` when it has no such block. */
  blockTxids(hash: HashHex, options?: Abortable): Promise<readonly HashHex[] | undefined>;
  status(): FullNodeStatus;
  /** Ends what is under way with `UNAVAILABLE`. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Attaches a full node (Bitcoin Core, btcd) by its JSON-RPC. It is asked at once for its first block, and used only when
 * that is the network's. Permissions: `net` for its host, `read` for the cookie file.
 * @throws {CommonsError} `CONFIG_INVALID_VALUE` for a URL that is none or holds a login
 */
export function createFullNode(components: FullNodeComponents, init: FullNodeInit): RpcFullNode {
  return new JsonRpcFullNode(components, { ...init, url: checkedUrl(init.url) });
}

/** The URL is in no message: it may hold what must not be shown. */
function checkedUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommonsError("CONFIG_INVALID_VALUE", "Cannot use chain.rpc_url: not an http or https address");
  }
  if (url.username !== "" || url.password !== "") {
    throw new CommonsError(
      "CONFIG_INVALID_VALUE",
      "Cannot use chain.rpc_url: it holds a login; use chain.rpc_user and chain.rpc_password",
    );
  }
  return url.href;
}

class JsonRpcFullNode implements RpcFullNode {
  readonly name = "rpc";
  readonly #rpc: RpcConnection;
  readonly #mempool: MempoolReader;
  #info: NodeChainInfo | undefined;

  constructor(components: FullNodeComponents, { network, ...init }: FullNodeInit) {
    const { clock, logger, metrics, fetch = globalThis.fetch, readCookie = readCookieFile } = components;
    this.#rpc = new RpcConnection({ clock, logger, metrics, fetch, readCookie }, {
      ...init,
      identify: async (ask) => {
        const { probe, info } = await identifyNode(ask, chainParams(network));
        this.#info = info;
        return probe;
      },
    });
    this.#mempool = new MempoolReader(this.#rpc);
  }

  available(): boolean {
    return this.#rpc.available();
  }

  status(): FullNodeStatus {
    return { ...this.#rpc.state(), info: this.#info };
  }

  async stop(): Promise<void> {
    await this.#rpc.stop();
  }

  async bestBlock(options?: Abortable): Promise<{ readonly hash: HashHex; readonly height: number }> {
    const hash = hashOf(await this.#rpc.call("getbestblockhash", [], options), "the best block");
    const header = fieldsOf(await this.#rpc.call("getblockheader", [hash, true], options));
    const height = countOf(header["height"], "the height of the best block");
    if (height > MAX_HEIGHT) throw sourceFault("the height of its best block cannot be");
    return { hash, height };
  }

  async hashesAt(
    heights: readonly number[],
    options?: Abortable,
  ): Promise<readonly (HashHex | undefined)[]> {
    const calls = heights.map((height) => ({ method: "getblockhash", params: [height] }));
    const answers = await this.#rpc.batch(calls, options);
    return answers.map((answer) => answer.ok ? hashOf(answer.result, "the hash of a block") : undefined);
  }

  async headers(hashes: readonly HashHex[], options?: Abortable): Promise<Uint8Array<ArrayBuffer>> {
    const calls = hashes.map((hash) => ({ method: "getblockheader", params: [hash, false] }));
    const answers = await this.#rpc.batch(calls, options);
    const headers: Uint8Array[] = [];
    for (const answer of answers) {
      if (!answer.ok) break;
      headers.push(headerOf(answer.result));
    }
    return concatBytes(headers);
  }

  async block(hash: HashHex, options?: Abortable): Promise<Uint8Array | undefined> {
    const answer = await this.#find("getblock", [hash, 0], {
      ...options,
      maxBytes: MAX_BLOCK_ANSWER,
      deadlineMs: BLOCK_DEADLINE_MS,
    });
    return answer === undefined ? undefined : bytesOf(answer, "a block");
  }

  async blockTxids(hash: HashHex, options?: Abortable): Promise<readonly HashHex[] | undefined> {
    const answer = await this.#find("getblock", [hash, 1], { ...options, maxBytes: MAX_BLOCK_IDS_ANSWER });
    if (answer === undefined) return undefined;
    const { tx } = fieldsOf(answer);
    if (!Array.isArray(tx)) throw sourceFault("a block has no list of transactions");
    return tx.map((txid: unknown) => hashOf(txid, "a transaction id"));
  }

  async transaction(
    txid: HashHex,
    options: Abortable & { readonly blockHash?: HashHex } = {},
  ): Promise<SourceTransaction | undefined> {
    const { blockHash, signal } = options;
    const limits = { signal, maxBytes: MAX_TX_ANSWER };
    try {
      // A number: btcd does not read the word, Bitcoin Core reads both.
      const place = blockHash === undefined ? [] : [blockHash];
      const answer = await this.#find("getrawtransaction", [txid, 1, ...place], limits);
      return answer === undefined ? undefined : transactionOf(answer);
    } catch (error) {
      // btcd knows no third parameter.
      if (blockHash === undefined || !isRefusal(error, [RPC_CODE.invalidParams])) throw error;
      const answer = await this.#find("getrawtransaction", [txid, 1], limits);
      return answer === undefined ? undefined : transactionOf(answer);
    }
  }

  /** Of blocks only: what a transaction in the mempool makes or spends does not count. */
  async utxo(
    { txid, index }: { readonly txid: HashHex; readonly index: number },
    options?: Abortable,
  ): Promise<SourceUtxo | undefined> {
    const answer = await this.#find("gettxout", [txid, index, false], options);
    return answer === undefined ? undefined : utxoOf(answer);
  }

  async txOutProof(txids: readonly HashHex[], blockHash: HashHex, options?: Abortable): Promise<Uint8Array> {
    const answer = await this.#rpc.call("gettxoutproof", [txids, blockHash], options);
    return bytesOf(answer, "a proof");
  }

  async mempool(options?: Abortable & { readonly limit?: number }): Promise<readonly MempoolEntry[]> {
    return await this.#mempool.read(options);
  }

  async feeRate(targetBlocks: number, options?: Abortable): Promise<number | undefined> {
    try {
      const answer = await this.#rpc.call("estimatesmartfee", [targetBlocks], options);
      return satPerVbyte(fieldsOf(answer)["feerate"]);
    } catch (error) {
      if (!isRefusal(error, [RPC_CODE.methodNotFound])) throw error;
    }
    try { // btcd
      return satPerVbyte(await this.#rpc.call("estimatefee", [targetBlocks], options));
    } catch (error) {
      if (error instanceof CommonsError && error.code === "REFUSED") return undefined; // has seen too few blocks
      throw error;
    }
  }

  async blockTemplate(request: unknown, options?: Abortable): Promise<unknown> {
    return await this.#rpc.call("getblocktemplate", [request], { ...options, maxBytes: MAX_TEMPLATE_ANSWER });
  }

  async submitBlock(raw: Uint8Array, options?: Abortable): Promise<string | undefined> {
    const limits = { ...options, deadlineMs: BLOCK_DEADLINE_MS };
    const answer = await this.#rpc.call("submitblock", [raw.toHex()], limits);
    return answer === null ? undefined : cleanWords(answer);
  }

  async sendTransaction(raw: Uint8Array, options?: Abortable): Promise<HashHex> {
    return hashOf(await this.#rpc.call("sendrawtransaction", [raw.toHex()], options), "a transaction id");
  }

  /** Result of a call, `undefined` when the node says that it has no such thing. */
  async #find(method: string, params: readonly unknown[], options?: CallOptions): Promise<unknown> {
    try {
      return await this.#rpc.call(method, params, options);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}
