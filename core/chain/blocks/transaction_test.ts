import { expect } from "expect";
import { CommonsError, type HashHex } from "../../base/mod.ts";
import { buildMerkleBlock, serializeTransaction } from "../../bitcoin/mod.ts";
import { blockRig, FakeNode, FakeSource, rejection, type Rig } from "../../../tests/support/block_rig.ts";
import {
  madeTransaction,
  madeTransactions,
  mineBlock,
  type MinedBlock,
} from "../../../tests/support/blocks.ts";
import { genesisOf } from "../_fixture.ts";
import { tipOf } from "../../../tests/support/mining.ts";

const UNKNOWN = "ab".repeat(32) as HashHex;
const others = madeTransactions(5);
const [first, witty] = others;
if (first === undefined || witty === undefined) throw new Error("they are there");

/** A chain of one block with five transactions, and a full node that knows it. */
async function txRig(): Promise<{ rig: Rig; node: FakeNode; mined: MinedBlock } & AsyncDisposable> {
  const node = new FakeNode("rpc");
  const rig = await blockRig({ sources: [node], fullNode: node });
  const mined = await rig.mine({ transactions: others });
  node.answer = (hash) => rig.blocks.get(hash)?.raw;
  node.transactions = (txid) => {
    const found = mined.transactions.find((transaction) => transaction.txid === txid);
    return found && { raw: found.raw, blockHash: mined.hash };
  };
  node.proofs = (txids) => proofOf(mined, txids);
  return { rig, node, mined, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

function proofOf({ header, transactions }: MinedBlock, txids: readonly HashHex[]): Uint8Array {
  const indexes = transactions.flatMap(({ txid }, i) => txids.includes(txid) ? [i] : []);
  return buildMerkleBlock({ header, hashes: transactions.map(({ hash }) => hash), indexes });
}

function refuse(): never {
  throw new CommonsError("REFUSED", "Cannot prove: pruned");
}

Deno.test("transaction() takes it from the block that is named", async () => {
  await using t = await txRig();
  const { service } = t.rig;
  const found = await service.transaction(witty.txid, { blockHash: t.mined.hash });
  expect(found?.raw).toEqual(witty.raw);
  expect(found?.parsed.wtxid).toBe(witty.wtxid);
  expect([found?.blockHash, found?.height, found?.confirmations, found?.verified, found?.witnessVerified])
    .toEqual(
      [t.mined.hash, 1, 1, true, true],
    );
  expect(found?.raw.buffer.byteLength).toBe(witty.raw.length); // not the whole block
  expect(await service.transaction(UNKNOWN, { blockHash: t.mined.hash })).toBe(undefined);
  expect(await service.transaction(witty.txid, { blockHash: UNKNOWN })).toBe(undefined);
  expect(t.node.questions).toEqual([]);
  expect(await rejection(service.transaction("xy" as HashHex, { blockHash: t.mined.hash }))).toBe(
    "INVALID_HEX",
  );
});

Deno.test("transaction() asks the full node, and shows its answer by the Merkle proof", async () => {
  await using t = await txRig();
  await t.rig.mine();
  const found = await t.rig.service.transaction(witty.txid);
  expect(found?.raw).toEqual(witty.raw);
  expect([found?.blockHash, found?.height, found?.confirmations]).toEqual([t.mined.hash, 1, 2]);
  expect([found?.verified, found?.witnessVerified]).toEqual([true, false]);
  expect(t.node.asked).toEqual([]); // no block was fetched for it
  expect(await t.rig.service.transaction(UNKNOWN)).toBe(undefined);
});

Deno.test("transaction() shows it by the block where there is no proof, or the block is at hand", async () => {
  await using t = await txRig();
  t.node.proofs = refuse;
  const found = await t.rig.service.transaction(witty.txid);
  expect([found?.verified, found?.witnessVerified]).toEqual([true, true]);
  expect(t.node.asked).toEqual([t.mined.hash]);
  expect(t.rig.refused).toEqual([]); // to have no proof breaks no rule
  t.node.questions.length = 0;
  await t.rig.service.transaction(first.txid);
  expect(t.node.questions).toEqual([`transaction ${first.txid.slice(0, 4)}`]);
});

Deno.test("transaction() gives witnesses of the block, not those that the full node told", async () => {
  await using t = await txRig();
  const bare = serializeTransaction(witty, { witness: false });
  t.node.transactions = () => ({ raw: bare, blockHash: t.mined.hash });
  const proved = await t.rig.service.transaction(witty.txid);
  expect([proved?.raw, proved?.verified, proved?.witnessVerified]).toEqual([bare, true, false]);
  await t.rig.service.block(t.mined.hash);
  expect((await t.rig.service.transaction(witty.txid))?.raw).toEqual(witty.raw);
});

Deno.test("transaction() says what nobody could check", async (t) => {
  await using r = await txRig();
  const { node, rig: { service } } = r;
  await t.step("of the mempool", async () => {
    node.transactions = () => ({ raw: witty.raw });
    const found = await service.transaction(witty.txid);
    expect(found).toEqual({ raw: witty.raw, parsed: found?.parsed, verified: false, witnessVerified: false });
  });
  await t.step("in a block that the chain does not know", async () => {
    node.transactions = () => ({ raw: witty.raw, blockHash: UNKNOWN });
    const found = await service.transaction(witty.txid);
    expect([found?.verified, found?.blockHash, found?.height, found?.confirmations]).toEqual(
      [false, UNKNOWN, undefined, undefined],
    );
  });
  await t.step("when neither proof nor block can be had", async () => {
    node.transactions = () => ({ raw: witty.raw, blockHash: r.mined.hash });
    for (const proofs of [refuse, () => new Uint8Array(3)]) {
      node.proofs = proofs;
      for (const answer of [refuse, () => undefined]) {
        node.answer = answer;
        const found = await service.transaction(witty.txid);
        expect([found?.verified, found?.blockHash, found?.height]).toEqual([false, r.mined.hash, 1]);
      }
    }
  });
});

Deno.test("transaction() takes no other transaction than the one it asked for", async (t) => {
  await using r = await txRig();
  const { node, rig: { service, refused } } = r;
  const table: readonly (readonly [string, Uint8Array, string])[] = [
    ["another one", first.raw, "WRONG_TRANSACTION"],
    ["nothing", new Uint8Array(), "TRUNCATED"],
    ["more", Uint8Array.of(...witty.raw, 0), "TRAILING_BYTES"],
    ["one with another amount", witty.raw.with(witty.raw.length - 30, 7), "WRONG_TRANSACTION"],
  ];
  for (const [name, raw, code] of table) {
    await t.step(`${name}: ${code}`, async () => {
      refused.length = 0;
      node.transactions = () => ({ raw });
      expect(await rejection(service.transaction(witty.txid))).toBe("SOURCE_FAULT");
      expect(refused).toEqual([`rpc ${code}`]);
    });
  }
});

Deno.test("transaction() is not convinced by a proof that does not hold", async (t) => {
  const stranger = madeTransaction({ lockTime: 77 });
  const elsewhere = mineBlock(tipOf(genesisOf("regtest")), {
    height: 1,
    transactions: [stranger, ...others],
  });
  const table: readonly (readonly [string, (mined: MinedBlock) => Uint8Array, string])[] = [
    ["of another block", () => proofOf(elsewhere, [stranger.txid]), "WRONG_BLOCK"],
    ["of another transaction", (mined) => proofOf(mined, [first.txid]), "PROOF_OTHER_TRANSACTION"],
    ["of nothing", (mined) => proofOf(mined, []), "PROOF_OTHER_TRANSACTION"],
    ["with another hash", (mined) => proofOf(mined, [first.txid]).with(90, 1), "PROOF_ROOT"],
    ["without end", () => new Uint8Array(2_000_000), "WRONG_BLOCK"],
  ];
  for (const [name, proof, code] of table) {
    await t.step(`${name}: ${code}`, async () => {
      await using r = await txRig();
      r.node.transactions = () => ({ raw: stranger.raw, blockHash: r.mined.hash });
      r.node.proofs = () => proof(r.mined);
      expect(await rejection(r.rig.service.transaction(stranger.txid))).toBe("SOURCE_FAULT");
      expect(r.rig.refused).toEqual([`rpc ${code}`, "rpc TX_NOT_IN_BLOCK"]);
    });
  }
  await t.step("but the block itself may still show it", async () => {
    await using r = await txRig();
    r.node.proofs = () => new Uint8Array(80);
    expect((await r.rig.service.transaction(witty.txid))?.witnessVerified).toBe(true);
    expect(r.rig.refused).toEqual(["rpc WRONG_BLOCK"]);
  });
});

Deno.test("transaction() shows one of 64 bytes by its block only", async () => {
  const small = madeTransaction({ outputs: [{ scriptPubKey: new Uint8Array(4) }] });
  expect(small.size).toBe(64);
  const node = new FakeNode("rpc");
  await using rig = await blockRig({ sources: [node], fullNode: node });
  const mined = await rig.mine({ transactions: [small] });
  node.transactions = () => ({ raw: small.raw, blockHash: mined.hash });
  node.proofs = (txids) => proofOf(mined, txids);
  expect((await rig.service.transaction(small.txid))?.verified).toBe(false);
  expect(rig.refused).toEqual([]);
  node.answer = () => mined.raw;
  expect((await rig.service.transaction(small.txid))?.verified).toBe(true);
});

Deno.test("transaction() tells a block off the best chain as such", async () => {
  await using t = await txRig();
  const other = await t.rig.mine({ tag: 2, height: 1, parent: tipOf(genesisOf("regtest")) });
  await t.rig.mine({ parent: other.tip, height: 2 });
  const found = await t.rig.service.transaction(witty.txid);
  expect([found?.verified, found?.confirmations]).toEqual([true, -1]);
});

Deno.test("without a full node, what only it knows is unavailable", async () => {
  const source = new FakeSource("bitcoin-p2p");
  await using rig = await blockRig({ sources: [source] });
  const mined = await rig.mine({ transactions: others });
  source.answer = () => mined.raw;
  const { service } = rig;
  expect(await rejection(service.transaction(witty.txid))).toBe("UNAVAILABLE");
  expect(await rejection(service.hasTransaction(witty.txid))).toBe("UNAVAILABLE");
  expect(await rejection(service.utxo({ txid: witty.txid, index: 0 }))).toBe("UNAVAILABLE");
  expect((await service.transaction(witty.txid, { blockHash: mined.hash }))?.verified).toBe(true);
});

Deno.test("hasTransaction() says whether it is known who says so", async () => {
  await using t = await txRig();
  const { service } = t.rig;
  const blockHash = t.mined.hash;
  expect(await service.hasTransaction(witty.txid, { blockHash })).toEqual({ found: true, verified: true });
  expect(await service.hasTransaction(UNKNOWN, { blockHash })).toEqual({ found: false, verified: true });
  expect(await service.hasTransaction(witty.txid, { blockHash: UNKNOWN })).toEqual({
    found: false,
    verified: false,
  });
  expect(await service.hasTransaction(witty.txid)).toEqual({ found: true, verified: true });
  expect(await service.hasTransaction(UNKNOWN)).toEqual({ found: false, verified: false });
  t.node.transactions = () => ({ raw: first.raw });
  expect(await service.hasTransaction(first.txid)).toEqual({ found: true, verified: false });
});

Deno.test("questions to the full node have a deadline, a limit and a signal", async (t) => {
  await t.step("30 s", async () => {
    await using r = await txRig();
    r.node.gate = new Promise(() => {});
    const wait = rejection(r.rig.service.transaction(witty.txid));
    await r.rig.clock.advance(30_000);
    expect(await wait).toBe("TIMEOUT");
    expect(r.rig.refused).toEqual([]);
    expect(r.rig.clock.pending).toBe(0);
  });
  await t.step("64 at once", async () => {
    await using r = await txRig();
    const gate = Promise.withResolvers<void>();
    r.node.gate = gate.promise;
    const waits = Array.from({ length: 64 }, () => r.rig.service.transaction(UNKNOWN));
    expect(await rejection(r.rig.service.utxo({ txid: UNKNOWN, index: 0 }))).toBe("BUSY");
    gate.resolve();
    await Promise.all(waits);
    expect(await r.rig.service.utxo({ txid: UNKNOWN, index: 0 })).toBe(undefined);
  });
  await t.step("the caller's signal, and close()", async () => {
    await using r = await txRig();
    r.node.gate = new Promise(() => {});
    const caller = new AbortController();
    const waits = [
      rejection(r.rig.service.transaction(witty.txid, { signal: caller.signal })),
      rejection(r.rig.service.transaction(witty.txid)),
    ];
    caller.abort(new CommonsError("ABORTED", "Cannot wait: gone"));
    expect(await waits[0]).toBe("ABORTED");
    r.rig.service.close();
    expect(await waits[1]).toBe("UNAVAILABLE");
    expect(await rejection(r.rig.service.transaction(witty.txid))).toBe("UNAVAILABLE");
    expect(r.rig.clock.pending).toBe(0);
  });
  await t.step("while a proof is awaited, too", async () => {
    await using r = await txRig();
    const caller = new AbortController();
    r.node.proofs = () => {
      caller.abort(new CommonsError("ABORTED", "Cannot wait: gone"));
      return refuse();
    };
    expect(await rejection(r.rig.service.transaction(witty.txid, { signal: caller.signal }))).toBe("ABORTED");
  });
});
