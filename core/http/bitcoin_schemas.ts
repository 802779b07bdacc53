import { z } from "zod";
import { lazy } from "./schemas.ts";

const whole = () => z.number().int();

/** Body of `POST /chain/proofs`. */
export const proofBody = lazy(() => z.strictObject({ proof: z.string().min(1) }));
/** Body of `POST /transactions`. */
export const transactionBody = lazy(() => z.strictObject({ hex: z.string().min(1) }));

/** Answers, for the document. */
export const blockView = lazy(() =>
  z.object({
    hash: z.string(),
    height: whole(),
    confirmations: whole(),
    version: whole(),
    previousHash: z.string(),
    merkleRoot: z.string(),
    time: whole(),
    medianTime: whole(),
    bits: z.string(),
    nonce: whole(),
    chainwork: z.string(),
    nextHash: z.string().optional(),
    size: whole(),
    strippedSize: whole(),
    weight: whole(),
    transactionCount: whole(),
    txids: z.array(z.string()),
    verified: z.literal(true),
  })
);
export const transactionView = lazy(() =>
  z.object({
    txid: z.string(),
    wtxid: z.string(),
    version: whole(),
    size: whole(),
    vsize: whole(),
    weight: whole(),
    lockTime: whole(),
    inputs: z.array(z.object({
      txid: z.string(),
      index: whole(),
      scriptSig: z.string(),
      sequence: whole(),
      witness: z.array(z.string()),
    })),
    outputs: z.array(z.object({ sats: z.string(), scriptPubKey: z.string() })),
    hex: z.string(),
    blockHash: z.string().optional(),
    height: whole().optional(),
    confirmations: whole().optional(),
    verified: z.boolean(),
    witnessVerified: z.boolean(),
  })
);
export const proofView = lazy(() => z.object({ blockHash: z.string(), proof: z.string() }));
export const proofVerdict = lazy(() =>
  z.object({
    txids: z.array(z.string()),
    blockHash: z.string(),
    height: whole(),
    confirmations: whole(),
  })
);
export const mempoolView = lazy(() =>
  z.object({
    available: z.boolean(),
    truncated: z.boolean(),
    transactionCount: whole(),
    sizeBytes: whole(),
    totalFeeSats: whole(),
    verified: z.literal(false),
  })
);
export const feesView = lazy(() =>
  z.object({
    estimates: z.array(z.object({
      targetBlocks: whole(),
      satPerVbyte: z.number(),
      from: z.enum(["node", "mempool", "minimum"]),
    })),
    verified: z.literal(false),
  })
);
export const sentTransaction = lazy(() => z.object({ txid: z.string() }));
