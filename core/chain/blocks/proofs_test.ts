import { expect } from "expect";
import { CommonsError, FakeClock, type HashHex } from "../../base/mod.ts";
import { buildMerkleBlock, verifyMerkleBlock } from "../../bitcoin/mod.ts";
import { blockRig, FakeSource, rejection } from "../../../tests/support/block_rig.ts";
import { madeTransactions, mineBlock } from "../../../tests/support/blocks.ts";
import { bitcoinJson } from "../../../tests/support/bitcoin_vectors.ts";
import { tipOf } from "../../../tests/support/mining.ts";
import { genesisOf, silentLogger, testChain } from "../_fixture.ts";
import { createBlockService } from "./block_service.ts";

const UNKNOWN = "ab".repeat(32) as HashHex;
const others = madeTransactions(6);

async function proofRig() {
  const source = new FakeSource("rpc");
  const rig = await blockRig({ sources: [source] });
  source.answer = (hash) => rig.blocks.get(hash)?.raw;
  const mined = await rig.mine({ transactions: others });
  return {
    rig,
    source,
    mined,
    service: rig.service,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof CommonsError) return error.code;
    throw error;
  }
}

Deno.test("txOutProof() makes a proof that verifyTxOutProof() accepts", async () => {
  await using r = await proofRig();
  await r.rig.mine();
  const txids = [others[4], others[1]].flatMap((transaction) => transaction?.txid ?? []);
  const proof = await r.service.txOutProof([...txids, ...txids], r.mined.hash) ?? new Uint8Array();
  expect(r.service.verifyTxOutProof(proof)).toEqual({
    txids: txids.toReversed(),
    blockHash: r.mined.hash,
    height: 1,
    confirmations: 2,
  });
  expect(verifyMerkleBlock(proof).total).toBe(7);
});

Deno.test("txOutProof() says why there is none", async () => {
  await using r = await proofRig();
  const [txid = UNKNOWN] = others.map((transaction) => transaction.txid);
  expect(await r.service.txOutProof([txid], UNKNOWN)).toBe(undefined);
  expect(await rejection(r.service.txOutProof([], r.mined.hash))).toBe("NO_TRANSACTIONS");
  expect(await rejection(r.service.txOutProof([txid, UNKNOWN], r.mined.hash))).toBe("TX_NOT_IN_BLOCK");
  const unreachable = await r.rig.mine();
  r.rig.blocks.delete(unreachable.hash);
  expect(await r.service.txOutProof([txid], unreachable.hash)).toBe(undefined);
});

Deno.test("verifyTxOutProof() asks no source", async () => {
  await using r = await proofRig();
  const hashes = r.mined.transactions.map(({ hash }) => hash);
  const proof = buildMerkleBlock({ header: r.mined.header, hashes, indexes: [0] });
  expect(r.service.verifyTxOutProof(proof).height).toBe(1);
  expect(r.source.asked).toEqual([]);
});

Deno.test("verifyTxOutProof() refuses what the chain does not bear out", async (t) => {
  await using r = await proofRig();
  const proofOf = ({ header, transactions }: typeof r.mined, indexes: readonly number[]) =>
    buildMerkleBlock({ header, hashes: transactions.map(({ hash }) => hash), indexes });
  const good = proofOf(r.mined, [2]);
  const stranger = mineBlock(tipOf(genesisOf("regtest")), { height: 1, tag: 5, transactions: others });
  const stale = await r.rig.mine({
    tag: 3,
    height: 1,
    parent: tipOf(genesisOf("regtest")),
    transactions: others,
  });
  const table: readonly (readonly [string, Uint8Array, string])[] = [
    ["of a block that is not known", proofOf(stranger, [2]), "UNKNOWN_BLOCK"],
    ["of a block off the best chain", proofOf(stale, [2]), "STALE_BLOCK"],
    ["of nothing", proofOf(r.mined, []), "PROOF_NO_MATCH"],
    ["with another hash", good.with(90, 1), "PROOF_ROOT"],
    ["with another nonce", good.with(79, 1), "UNKNOWN_BLOCK"],
    ["cut", good.subarray(0, -1), "TRUNCATED"],
    ["nothing at all", new Uint8Array(), "TRUNCATED"],
    ["without end", new Uint8Array(10_000_000), "TOO_LARGE"],
  ];
  for (const [name, proof, code] of table) {
    await t.step(`${name}: ${code}`, () => {
      expect(codeOf(() => r.service.verifyTxOutProof(proof))).toBe(code);
    });
  }
  await t.step("with another number of transactions, when the block is at hand: PROOF_TOTAL", async () => {
    const more = good.with(80, 8); // a tree of the same depth
    expect(r.service.verifyTxOutProof(more).height).toBe(1); // the number alone is bound by nothing
    await r.service.block(r.mined.hash);
    expect(codeOf(() => r.service.verifyTxOutProof(more))).toBe("PROOF_TOTAL");
    expect(r.service.verifyTxOutProof(good).height).toBe(1);
  });
});

Deno.test("verifyTxOutProof() accepts mainnet's proofs on a chain that begins at their block", async (t) => {
  const rows = await bitcoinJson<readonly { readonly txoutproof: string }[]>("txoutproofs-mainnet.json");
  if (rows === undefined) {
    await t.step({ name: "vectors are not here", ignore: true, fn() {} });
    return;
  }
  const proofs = rows.map(({ txoutproof }) => Uint8Array.fromHex(txoutproof));
  const header = proofs[0]?.subarray(0, 80) ?? new Uint8Array();
  await using rig = await testChain({
    network: "mainnet",
    anchor: { height: 830_000, header, chainwork: 0x6ad8_0000_0000_0000_0000_0000n },
  });
  const service = createBlockService({
    chain: rig.chain,
    sources: () => [],
    desk: { noteRefused() {} },
    clock: new FakeClock(),
    logger: silentLogger,
  });
  expect(proofs).toHaveLength(6);
  for (const proof of proofs) {
    const { txids, height, confirmations } = service.verifyTxOutProof(proof);
    expect([txids.length, height, confirmations]).toEqual([1, 830_000, 1]);
  }
  service.close();
});
