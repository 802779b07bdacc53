import { displayDoubleSha256 } from "../../base/mod.ts";
import type { ChainParams } from "../params.ts";
import type { Probe } from "./availability.ts";
import type { AskBatch } from "./connection.ts";
import { fieldsOf, RPC_CODE } from "./json_rpc.ts";
import { cleanWords, refused, unavailable } from "./rpc_errors.ts";

/** What the node says about its chain. */
export interface NodeChainInfo {
  /** Its own word: `main`, `test`, `testnet4`, `signet`, `regtest`; btcd has others. */
  readonly chain: string;
  readonly blocks: number;
  readonly headers: number;
  readonly pruned: boolean;
  readonly initialDownload: boolean;
}

/** What a probe found, with the node's words about itself where it gives them. */
export interface Identity {
  readonly probe: Probe;
  readonly info?: NodeChainInfo | undefined;
}

/**
 * Asks a node for its first block: names of networks differ between programs, the first block does not. Signets share
 * theirs, and are told apart by their challenge where the node names it.
 * @throws {CommonsError} of the call
 */
export async function identifyNode(ask: AskBatch, params: ChainParams): Promise<Identity> {
  const [genesis, chainInfo] = await ask([
    { method: "getblockhash", params: [0] },
    { method: "getblockchaininfo", params: [] },
  ]);
  if (genesis === undefined || chainInfo === undefined) throw unavailable("it does not say who it is");
  if (!genesis.ok) throw refused(genesis);
  const ours = displayDoubleSha256(Uint8Array.fromHex(params.genesis));
  if (genesis.result !== ours) {
    return { probe: { state: "foreign", why: `its first block is not that of ${params.network}` } };
  }
  // A login that may not ask this one (`rpcwhitelist`) is fine: only the status is poorer.
  if (!chainInfo.ok && chainInfo.code !== RPC_CODE.methodNotFound) return { probe: { state: "up" } };
  const fields = chainInfo.ok ? fieldsOf(chainInfo.result) : {};
  const challenge = fields["signet_challenge"];
  if (
    params.signetChallenge !== undefined && challenge !== undefined && challenge !== params.signetChallenge
  ) {
    return { probe: { state: "foreign", why: "its signet has another challenge" } };
  }
  return { probe: { state: "up" }, info: infoOf(fields) };
}

function infoOf(fields: Readonly<Record<string, unknown>>): NodeChainInfo {
  const count = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : 0;
  return {
    chain: cleanWords(fields["chain"]).slice(0, 20),
    blocks: count(fields["blocks"]),
    headers: count(fields["headers"]),
    pruned: fields["pruned"] === true,
    initialDownload: fields["initialblockdownload"] === true,
  };
}
