import { expect } from "expect";
import { BITCOIN_PEER, bitcoinRig, NODE_STATUS, NOWHERE } from "../../tests/support/bitcoin_rig.ts";
import { fakeService } from "./test_fakes.ts";

Deno.test("/chain/blocks answers blocks by hash and height", async () => {
  await using r = await bitcoinRig();
  for (const id of ["2", r.block.hash, r.block.hash.toUpperCase()]) {
    const [status, answer] = await r.ask(`/chain/blocks/${id}`);
    expect(status).toBe(200);
    expect(answer).toMatchObject({
      hash: r.block.hash,
      height: 2,
      confirmations: 2,
      previousHash: r.first.hash,
      nextHash: r.away.hash,
      bits: "207fffff",
      size: r.block.raw.length,
      transactionCount: 4,
      txids: r.block.transactions.map(({ txid }) => txid),
      verified: true,
    });
  }
  const response = await r.app.request("/api/v1/chain/blocks/2/raw");
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/octet-stream"]);
  expect((await response.bytes()).toHex()).toBe(r.block.raw.toHex());
});

Deno.test("/chain/transactions says what was verified", async () => {
  await using r = await bitcoinRig();
  const [, found] = r.transactions; // with a witness
  if (found === undefined) throw new Error("no transaction was made");
  for (const query of ["", `?block=${r.block.hash}`]) {
    expect(await r.ask(`/chain/transactions/${found.txid}${query}`)).toEqual([200, {
      txid: found.txid,
      wtxid: found.wtxid,
      version: 2,
      size: found.size,
      vsize: found.vsize,
      weight: found.weight,
      lockTime: 1,
      inputs: [{
        txid: "11".repeat(32),
        index: 1,
        scriptSig: "",
        sequence: 0xffff_fffd,
        witness: ["010201", ""],
      }],
      outputs: [{ sats: "1000", scriptPubKey: "51" }],
      hex: found.raw.toHex(),
      blockHash: r.block.hash,
      height: 2,
      confirmations: 2,
      verified: true,
      witnessVerified: true,
    }]);
  }
  r.node.transactions = () => ({ raw: found.raw });
  const [, waiting] = await r.ask(`/chain/transactions/${found.txid}`);
  expect(waiting).toMatchObject({ verified: false, witnessVerified: false });
  expect(waiting).not.toHaveProperty("blockHash");
});

Deno.test("/chain/proofs makes proofs and checks them", async () => {
  await using r = await bitcoinRig();
  const txid = r.transactions[0]?.txid;
  const [status, made] = await r.ask(`/chain/proofs/${txid}`);
  expect([status, made.blockHash]).toEqual([200, r.block.hash]);
  expect(await r.ask(`/chain/proofs/${txid}?block=${r.block.hash}`)).toEqual([200, made]);
  expect(await r.ask("/chain/proofs", { proof: made.proof.toUpperCase() })).toEqual([200, {
    txids: [txid],
    blockHash: r.block.hash,
    height: 2,
    confirmations: 2,
  }]);
  const flipped = made.proof.replace(/(.)(?=.{8}$)/, (digit: string) => digit === "0" ? "1" : "0");
  const otherBlock = made.proof.replace(/^../, "ff");
  const rows: [proof: unknown, status: number, code: string][] = [
    [flipped, 422, "PROOF_ROOT"],
    [otherBlock, 404, "UNKNOWN_BLOCK"],
    [made.proof.slice(0, -2), 422, "TRUNCATED"],
    [made.proof + "00", 422, "TRAILING_BYTES"],
    ["zz", 400, "INVALID_HEX"],
    ["", 400, "INVALID_PARAMS"],
    [1, 400, "INVALID_PARAMS"],
  ];
  for (const [proof, expected, code] of rows) {
    expect(await r.ask("/chain/proofs", { proof })).toMatchObject([expected, { code }]);
  }
});

Deno.test("what is off the best chain says so", async () => {
  await using r = await bitcoinRig();
  const txid = r.transactions[0]?.txid;
  const [, { proof }] = await r.ask(`/chain/proofs/${txid}`);
  await r.mine({ parent: r.first.tip, height: 2, tag: 7 });
  await r.mine();
  await r.mine();
  expect(await r.ask(`/chain/blocks/${r.block.hash}`)).toMatchObject([200, { confirmations: -1 }]);
  expect(await r.ask(`/chain/transactions/${txid}?block=${r.block.hash}`))
    .toMatchObject([200, { confirmations: -1, verified: true }]);
  expect(await r.ask("/chain/proofs", { proof })).toMatchObject([422, { code: "STALE_BLOCK" }]);
  expect(await r.rpc("verifytxoutproof", [proof]))
    .toMatchObject({ code: -5, message: "Block not found in chain" });
  expect(await r.rpc("getblock", [r.block.hash])).toMatchObject({ confirmations: -1 });
  expect(await r.rpc("getrawtransaction", [txid, 1, r.block.hash]))
    .toMatchObject({ in_active_chain: false, confirmations: 0, verified: true });
});

Deno.test("a client that is gone is no fault of the node", async () => {
  await using r = await bitcoinRig();
  const stop = new AbortController();
  const gate = Promise.withResolvers<void>();
  r.node.gate = gate.promise;
  const request = r.app.request(`/api/v1/chain/transactions/${NOWHERE}`, { signal: stop.signal });
  stop.abort();
  gate.resolve();
  const response = await request;
  expect([response.status, (await response.json()).code]).toEqual([408, "REQUEST_TIMEOUT"]);
});

Deno.test("/mempool, /mempool/fees and /transactions answer for the full node", async () => {
  await using r = await bitcoinRig();
  expect(await r.ask("/mempool")).toEqual([200, {
    available: true,
    truncated: false,
    transactionCount: 1,
    sizeBytes: 141,
    totalFeeSats: 1,
    verified: false,
  }]);
  const [status, fees] = await r.ask("/mempool/fees");
  expect([status, fees.verified]).toEqual([200, false]);
  expect(fees.estimates.map(({ targetBlocks }: { targetBlocks: number }) => targetBlocks))
    .toEqual([1, 2, 3, 6, 12, 24, 144, 1008]);
  expect(fees.estimates[0]).toEqual({ targetBlocks: 1, satPerVbyte: 12.345, from: "node" });
  const sent = r.transactions[0];
  expect(await r.ask("/transactions", { hex: sent?.raw.toHex().toUpperCase() }))
    .toEqual([200, { txid: sent?.txid }]);
});

Deno.test("/chain/sources tells of Bitcoin peers and the full node", async () => {
  await using r = await bitcoinRig();
  const { why: _why, ...fullNode } = NODE_STATUS;
  const [, sources] = await r.ask("/chain/sources");
  expect(sources).toMatchObject({ bitcoinPeers: [BITCOIN_PEER], fullNode });
  const { app } = fakeService();
  const without = await (await app.request("/api/v1/chain/sources")).json();
  expect(Object.keys(without)).toEqual(["phase", "progress", "sources"]);
});

Deno.test("blocks, transactions and proofs refuse what they cannot do, with a code", async (t) => {
  await using r = await bitcoinRig();
  const txid = r.transactions[0]?.txid;
  const rows: [path: string, status: number, code: string, body?: unknown][] = [
    ["/chain/blocks/9", 404, "BLOCK_NOT_FOUND"],
    [`/chain/blocks/${NOWHERE}`, 404, "BLOCK_NOT_FOUND"],
    ["/chain/blocks/3", 404, "BLOCK_NOT_AVAILABLE"],
    ["/chain/blocks/3/raw", 404, "BLOCK_NOT_AVAILABLE"],
    ["/chain/blocks/-1", 400, "INVALID_PARAMS"],
    ["/chain/blocks/xyz/raw", 400, "INVALID_PARAMS"],
    ["/chain/transactions/xyz", 400, "INVALID_HASH"],
    [`/chain/transactions/${NOWHERE}`, 404, "TX_NOT_FOUND"],
    [`/chain/transactions/${txid}?block=`, 400, "INVALID_HASH"],
    [`/chain/transactions/${txid}?block=${NOWHERE}`, 404, "BLOCK_NOT_FOUND"],
    [`/chain/transactions/${txid}?block=${r.first.hash}`, 404, "TX_NOT_FOUND"],
    [`/chain/transactions/${txid}?block=${r.away.hash}`, 404, "BLOCK_NOT_AVAILABLE"],
    ["/chain/proofs/xyz", 400, "INVALID_HASH"],
    [`/chain/proofs/${NOWHERE}`, 404, "TX_NOT_FOUND"],
    [`/chain/proofs/${txid}?block=${NOWHERE}`, 404, "BLOCK_NOT_FOUND"],
    [`/chain/proofs/${txid}?block=${r.first.hash}`, 404, "TX_NOT_IN_BLOCK"],
    [`/chain/proofs/${txid}?block=${r.away.hash}`, 404, "BLOCK_NOT_AVAILABLE"],
    ["/transactions", 400, "INVALID_HEX", { hex: "zz" }],
    ["/transactions", 400, "INVALID_PARAMS", { hex: "00", more: 1 }],
    ["/transactions", 422, "TRUNCATED", { hex: "00" }],
    ["/transactions", 502, "REFUSED", { hex: r.refusedTransaction }],
    ["/transactions", 502, "SOURCE_FAULT", { hex: r.otherTransaction }],
  ];
  for (const [path, status, code, body] of rows) {
    await t.step(`${path} ${JSON.stringify(body) ?? ""}: ${code}`.slice(0, 100), async () => {
      expect(await r.ask(path, body)).toMatchObject([status, { code }]);
    });
  }
  await t.step("a wrong answer of the full node", async () => {
    r.node.transactions = () => ({ raw: Uint8Array.of(1) });
    expect(await r.ask(`/chain/transactions/${txid}`)).toMatchObject([502, { code: "SOURCE_FAULT" }]);
  });
  await t.step("without the token", async () => {
    for (const path of ["/transactions", "/chain/proofs"]) {
      const response = await r.app.request(`/api/v1${path}`, { method: "POST", body: "{}" });
      expect([response.status, (await response.json()).code]).toEqual([401, "UNAUTHORIZED"]);
    }
  });
});

Deno.test("what is not configured is named", async (t) => {
  await using nothing = await bitcoinRig([]);
  await using peersOnly = await bitcoinRig(["blocks", "peers"]);
  const rows: [path: string, key: string, body?: unknown][] = [
    ["/chain/blocks/1", "chain.bitcoin_peers"],
    ["/chain/blocks/1/raw", "chain.bitcoin_peers"],
    [`/chain/transactions/${NOWHERE}`, "chain.bitcoin_peers"],
    [`/chain/proofs/${NOWHERE}`, "chain.bitcoin_peers"],
    ["/chain/proofs", "chain.bitcoin_peers", { proof: "00" }],
    ["/mempool", "chain.rpc_url"],
    ["/mempool/fees", "chain.rpc_url"],
    ["/transactions", "chain.rpc_url", { hex: "00" }],
  ];
  for (const [path, key, body] of rows) {
    await t.step(path.slice(0, 40), async () => {
      const [status, { code, detail }] = await nothing.ask(path, body);
      expect([status, code]).toEqual([503, "UNAVAILABLE"]);
      expect(detail).toContain(key);
    });
  }
  await t.step("a transaction without its block, of peers", async () => {
    const [status, { detail }] = await peersOnly.ask(`/chain/transactions/${NOWHERE}`);
    expect(status).toBe(503);
    expect(detail).toContain("chain.rpc_url");
  });
  await t.step("a transaction of a block, of peers", async () => {
    const path = `/chain/transactions/${peersOnly.transactions[0]?.txid}?block=${peersOnly.block.hash}`;
    expect(await peersOnly.ask(path)).toMatchObject([200, { verified: true, witnessVerified: true }]);
  });
});
