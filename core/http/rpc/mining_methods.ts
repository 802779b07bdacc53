import { CommonsError, isCommonsError } from "../../base/mod.ts";
import { needed } from "../bitcoin_reads.ts";
import type { HttpBitcoin, HttpChain } from "../types.ts";
import { CHAIN_NAMES, difficultyView } from "./chain_methods.ts";
import { hexParam } from "./params.ts";
import type { RpcMethod } from "./rpc_method.ts";

/** Blocks whose work and time the hash rate is computed from, as in Bitcoin Core. */
const RATE_BLOCKS = 120;
const MAX_RULES = 32;

/** Methods about mining, as in Bitcoin Core, through the attached full node. */
export function miningMethods(chain: HttpChain, bitcoin: HttpBitcoin): readonly RpcMethod[] {
  return [
    {
      name: "getmininginfo",
      params: [],
      help: "Height, difficulty and hash rate of the best chain; the mempool's size where it is known.",
      admin: false,
      handler: () => miningInfo(chain, bitcoin),
    },
    {
      name: "getblocktemplate",
      params: [{ name: "template_request", about: '{"rules": ["segwit"]}' }],
      help: "The full node's block template, which is not checked. No long polling, no proposals.",
      admin: false,
      large: true,
      handler: async ([request]) => await blockTemplate(bitcoin, request),
    },
    {
      name: "submitblock",
      params: [
        { name: "hexdata", about: "block as hex" },
        { name: "dummy", about: "ignored", optional: true },
      ],
      help:
        "Checks a block as far as it says itself what it must be, and hands it to the full node: null when that " +
        "took it, else why not.",
      admin: true,
      handler: async ([hexdata]) => await submitBlock(bitcoin, hexdata),
    },
  ];
}

function miningInfo(chain: HttpChain, { mempool }: HttpBitcoin) {
  const tip = chain.tip();
  const { network } = chain.params;
  return {
    blocks: tip.height,
    ...difficultyView(tip.bits),
    networkhashps: hashesPerSecond(chain),
    ...(mempool?.available() && { pooledtx: mempool.size().transaction_count }),
    chain: CHAIN_NAMES[network] ?? network,
    warnings: [],
  };
}

/** Work of the last blocks by the time between the first and the last of their times; 0 when there is none. */
function hashesPerSecond(chain: HttpChain): number {
  const { height } = chain.tip();
  const first = Math.max(chain.base().height, height - RATE_BLOCKS);
  const views = Array.from({ length: height - first + 1 }, (_, i) => chain.headerAt(first + i));
  const [start, end] = [views[0], views.at(-1)];
  if (start === undefined || end === undefined) return 0;
  const times = views.flatMap((view) => view === undefined ? [] : [view.time]);
  const seconds = Math.max(...times) - Math.min(...times);
  const work = BigInt("0x" + end.chainwork) - BigInt("0x" + start.chainwork);
  return seconds > 0 ? Number(work) / seconds : 0;
}

async function blockTemplate(bitcoin: HttpBitcoin, request: unknown): Promise<unknown> {
  const rules = rulesOf(request);
  const template = await needed(bitcoin, "mining", "make a block template").template({ rules });
  if (typeof template !== "object" || template === null) return template;
  // Who sees one would wait for an answer that this node does not hold back.
  return Object.fromEntries(Object.entries(template).filter(([name]) => name !== "longpollid"));
}

function rulesOf(request: unknown): readonly string[] {
  const fields = new Map<string, unknown>(Object.entries(Object(request)));
  const mode = fields.get("mode");
  if (mode !== undefined && mode !== "template") {
    throw new CommonsError("INVALID_PARAMETER", "Invalid mode");
  }
  const given = fields.get("rules");
  const rules = Array.isArray(given) ? given.slice(0, MAX_RULES).filter(isRule) : [];
  if (rules.includes("segwit")) return rules;
  throw new CommonsError(
    "INVALID_PARAMETER",
    'getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})',
  );
}

function isRule(rule: unknown): rule is string {
  return typeof rule === "string" && /^!?[A-Za-z0-9_-]{1,64}$/.test(rule);
}

async function submitBlock(bitcoin: HttpBitcoin, hexdata: unknown): Promise<string | null> {
  const mining = needed(bitcoin, "mining", "submit a block");
  const bytes = hexParam(hexdata, "hexdata");
  if (bytes === undefined) throw new CommonsError("BLOCK_DECODE_FAILED", "Block decode failed");
  try {
    const { status, reason } = await mining.submit(bytes);
    return status === "accepted" ? null : status === "duplicate" ? "duplicate" : reason ?? "rejected";
  } catch (cause) {
    if (!isCommonsError(cause, "INVALID_PARAMS")) throw cause;
    throw new CommonsError("BLOCK_DECODE_FAILED", `Block decode failed: ${cause.message}`, { cause });
  }
}
