import { CommonsError, fromHex, type HashHex, tryHashHex } from "../../base/mod.ts";
import type { FoundTransaction } from "../../chain/mod.ts";
import { type BitcoinReads, needed, readBlock, readProof, readTransaction } from "../bitcoin_reads.ts";
import * as bitcoinSchemas from "../bitcoin_schemas.ts";
import { type BodyOptions, readJson } from "../body.ts";
import { json } from "../json.ts";
import type { AppContext, Route } from "../route.ts";
import { parseBody } from "../schemas.ts";
import type { HttpComponents } from "../types.ts";
import { bitsText } from "./chain.ts";

const HEIGHT = /^\d{1,10}$/;
const BLOCK_CODES = [
  "UNAVAILABLE",
  "BUSY",
  "TIMEOUT",
  "SOURCE_FAULT",
  "BLOCK_NOT_FOUND",
  "BLOCK_NOT_AVAILABLE",
] as const;
const BLOCK_QUERY = { block: "hash of the block that has it; else the full node is asked" };

/** `/chain/blocks`, `/chain/transactions` and `/chain/proofs`. */
export function blockRoutes(
  { chain, bitcoin = {} }: Pick<HttpComponents, "chain" | "bitcoin">,
  body: BodyOptions,
): readonly Route[] {
  const reads: BitcoinReads = { chain, bitcoin };
  return [
    {
      method: "GET",
      path: "/api/v1/chain/blocks/{id}",
      tag: "chain",
      summary: "A block by hash or height, checked against its header, with the ids of its transactions.",
      answer: { schema: bitcoinSchemas.blockView },
      codes: BLOCK_CODES,
      handler: async (c) => json(await blockView(reads, c)),
    },
    {
      method: "GET",
      path: "/api/v1/chain/blocks/{id}/raw",
      tag: "chain",
      summary: "The bytes of a block with its witnesses, checked against its header.",
      answer: { type: "application/octet-stream" },
      codes: BLOCK_CODES,
      async handler(c) {
        const { block } = await readBlock(reads, blockId(reads, c), { signal: c.req.raw.signal });
        const headers = { "content-type": "application/octet-stream", "x-content-type-options": "nosniff" };
        return new Response(new Uint8Array(block.raw), { headers });
      },
    },
    {
      method: "GET",
      path: "/api/v1/chain/transactions/{txid}",
      tag: "chain",
      summary: "A transaction; verified says whether it was shown to be in its block.",
      query: BLOCK_QUERY,
      answer: { schema: bitcoinSchemas.transactionView },
      codes: [...BLOCK_CODES, "INVALID_HASH", "TX_NOT_FOUND", "REFUSED"],
      handler: async (c) => json(transactionView(await readTransaction(reads, txidOf(c), place(c)))),
    },
    {
      method: "GET",
      path: "/api/v1/chain/proofs/{txid}",
      tag: "chain",
      summary: "Proof that a transaction is in a block (BIP 37 Merkle block), made from the checked block.",
      query: BLOCK_QUERY,
      answer: { schema: bitcoinSchemas.proofView },
      codes: [...BLOCK_CODES, "INVALID_HASH", "TX_NOT_FOUND", "TX_NOT_IN_BLOCK", "REFUSED"],
      async handler(c) {
        const { proof, blockHash } = await readProof(reads, [txidOf(c)], place(c));
        return json({ blockHash, proof });
      },
    },
    {
      method: "POST",
      path: "/api/v1/chain/proofs",
      tag: "chain",
      summary: "Check a proof against the best chain.",
      request: bitcoinSchemas.proofBody,
      answer: { schema: bitcoinSchemas.proofVerdict },
      codes: [
        "UNAVAILABLE",
        "INVALID_HEX",
        "UNKNOWN_BLOCK",
        "STALE_BLOCK",
        "TRUNCATED",
        "PROOF_ROOT",
        "PROOF_NO_MATCH",
      ],
      async handler(c) {
        const blocks = needed(bitcoin, "blocks", "verify a proof");
        const { proof } = parseBody(bitcoinSchemas.proofBody, await readJson(c.req.raw, body));
        return json(blocks.verifyTxOutProof(fromHex(proof.toLowerCase(), { title: "the proof" })));
      },
    },
  ];
}

/** @throws {CommonsError} `INVALID_PARAMS`, `BLOCK_NOT_FOUND` */
function blockId({ chain, bitcoin }: BitcoinReads, c: AppContext): HashHex {
  needed(bitcoin, "blocks", "read a block");
  const id = c.req.param("id") ?? "";
  const hash = tryHashHex(id.toLowerCase());
  if (hash !== undefined) return hash;
  if (!HEIGHT.test(id)) {
    throw new CommonsError(
      "INVALID_PARAMS",
      "Cannot find the block: need a hash of 64 hex digits or a height",
    );
  }
  const found = chain.hashAt(Number(id));
  if (found !== undefined) return found;
  throw new CommonsError("BLOCK_NOT_FOUND", "Cannot find the block: the best chain is not that high");
}

async function blockView(reads: BitcoinReads, c: AppContext) {
  const options = { signal: c.req.raw.signal };
  const { header: { raw: _raw, bits, ...header }, block } = await readBlock(
    reads,
    blockId(reads, c),
    options,
  );
  const { size, strippedSize, weight, transactions } = block.parsed;
  return {
    ...header,
    bits: bitsText(bits),
    size,
    strippedSize,
    weight,
    transactionCount: transactions.length,
    txids: transactions.map(({ txid }) => txid),
    verified: true,
  };
}

function transactionView({ raw, parsed, ...found }: FoundTransaction) {
  const { txid, wtxid, version, size, vsize, weight, lockTime, inputs, outputs } = parsed;
  return { txid, wtxid, version, size, vsize, weight, lockTime, inputs, outputs, hex: raw, ...found };
}

function txidOf(c: AppContext): HashHex {
  return hashOf(c.req.param("txid") ?? "", "the transaction's id");
}

function place(c: AppContext) {
  const block = c.req.query("block");
  const { signal } = c.req.raw;
  return block === undefined ? { signal } : { signal, blockHash: hashOf(block, "block") };
}

function hashOf(text: string, title: string): HashHex {
  const hash = tryHashHex(text.toLowerCase());
  if (hash !== undefined) return hash;
  throw new CommonsError("INVALID_HASH", `Cannot use ${title}: need 64 hex digits`);
}
