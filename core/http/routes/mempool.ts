import { fromHex } from "../../base/mod.ts";
import { needed, sendTransaction } from "../bitcoin_reads.ts";
import * as bitcoinSchemas from "../bitcoin_schemas.ts";
import { type BodyOptions, readJson } from "../body.ts";
import { json } from "../json.ts";
import type { Route } from "../route.ts";
import { parseBody } from "../schemas.ts";
import type { HttpComponents } from "../types.ts";

/** Blocks within which to be confirmed. */
const TARGETS = [1, 2, 3, 6, 12, 24, 144, 1008];

/** `/mempool` and `/transactions`. */
export function mempoolRoutes(
  { bitcoin = {} }: Pick<HttpComponents, "bitcoin">,
  body: BodyOptions,
): readonly Route[] {
  const mempool = () => needed(bitcoin, "mempool", "read the mempool");
  return [
    {
      method: "GET",
      path: "/api/v1/mempool",
      tag: "mempool",
      summary: "The full node's mempool in numbers; sizes are virtual bytes.",
      answer: { schema: bitcoinSchemas.mempoolView },
      codes: ["UNAVAILABLE"],
      handler() {
        const view = mempool();
        const { transaction_count, size_bytes, total_fee_sats } = view.size();
        return json({
          available: view.available(),
          truncated: view.truncated,
          transactionCount: transaction_count,
          sizeBytes: size_bytes,
          totalFeeSats: total_fee_sats,
          verified: false,
        });
      },
    },
    {
      method: "GET",
      path: "/api/v1/mempool/fees",
      tag: "mempool",
      summary: `Estimates of fees for a confirmation within ${TARGETS.join(", ")} blocks.`,
      answer: { schema: bitcoinSchemas.feesView },
      codes: ["UNAVAILABLE"],
      async handler(c) {
        const view = mempool();
        const { signal } = c.req.raw;
        const estimates = await Promise.all(TARGETS.map(async (targetBlocks) => ({
          targetBlocks,
          ...await view.feeEstimate(targetBlocks, { signal }),
        })));
        return json({ estimates, verified: false });
      },
    },
    {
      method: "POST",
      path: "/api/v1/transactions",
      tag: "mempool",
      summary: "Hand a transaction to the full node, which decides whether it takes it.",
      request: bitcoinSchemas.transactionBody,
      answer: { schema: bitcoinSchemas.sentTransaction },
      codes: ["UNAVAILABLE", "INVALID_HEX", "TRUNCATED", "REFUSED", "SOURCE_FAULT", "TIMEOUT"],
      async handler(c) {
        needed(bitcoin, "fullNode", "send a transaction");
        const { hex } = parseBody(bitcoinSchemas.transactionBody, await readJson(c.req.raw, body));
        const raw = fromHex(hex.toLowerCase(), { title: "the transaction" });
        return json({ txid: await sendTransaction(bitcoin, raw, { signal: c.req.raw.signal }) });
      },
    },
  ];
}
