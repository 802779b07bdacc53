import { expect } from "expect";
import { mineHeaders, tipOf } from "../../tests/support/mining.ts";
import { FakeClock } from "../base/mod.ts";
import { createSourceDesk } from "../chain/mod.ts";
import { genesisOf, silentLogger, testChain, type TestChainOptions } from "../chain/_fixture.ts";
import { BEARER, fakeService, type from } from "./test_fakes.ts";

const ROOT = tipOf(genesisOf("regtest"));
const GENESIS = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";

async function service(options: TestChainOptions = {}) {
  const t = await testChain(options);
  const { app } = fakeService({}, { chain: t.chain });
  const ask = async (path: string, body?: unknown, remote?: ReturnType<typeof from>) => {
    const response = await app.request(
      path,
      body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: BEARER },
      remote,
    );
    return [response.status, await response.json()] as const;
  };
  const rpc = async (method: string, ...params: unknown[]) => {
    const [, answer] = await ask("/rpc", { jsonrpc: "2.0", id: 1, method, params });
    return answer.error ?? answer.result;
  };
  return { ...t, app, ask, rpc, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() };
}

Deno.test("/chain/headers takes headers and says what became of each", async () => {
  await using s = await service();
  const { headers, tip } = mineHeaders(ROOT, 3);
  const [before, genesis] = await s.ask("/api/v1/chain/tip");
  expect([before, genesis]).toEqual([200, {
    hash: GENESIS,
    height: 0,
    chainwork: "2".padStart(64, "0"),
    time: 1_296_688_602,
    bits: "207fffff",
  }]);
  const [status, answer] = await s.ask("/api/v1/chain/headers", { headers: headers.toHex() });
  expect([status, answer]).toEqual([200, {
    accepted: 3,
    duplicate: 0,
    rejected: [],
    adopted: 0,
    tip: {
      hash: tip.hash.toReversed().toHex(),
      height: 3,
      chainwork: "8".padStart(64, "0"),
      time: tip.time,
      bits: "207fffff",
    },
  }]);
  const stranger = mineHeaders({ hash: new Uint8Array(32), time: ROOT.time }, 1, { tag: 1 }).headers;
  const mixed = headers.subarray(160).toHex().toUpperCase() + stranger.toHex();
  expect(await s.ask("/api/v1/chain/headers", { headers: mixed })).toMatchObject([200, {
    accepted: 0,
    duplicate: 1,
    rejected: [{ index: 1, code: "UNKNOWN_PARENT" }],
  }]);
  for (const id of ["3", answer.tip.hash, answer.tip.hash.toUpperCase()]) {
    expect(await s.ask(`/api/v1/chain/headers/${id}`)).toMatchObject([200, {
      ...answer.tip,
      confirmations: 1,
      header: headers.subarray(160).toHex(),
    }]);
  }
  await s.ask("/api/v1/chain/headers", { headers: mineHeaders(ROOT, 1, { tag: 5 }).headers.toHex() });
  expect(await s.ask("/api/v1/chain/tips")).toMatchObject([200, {
    tip: { height: 3 },
    stale: [{ height: 1, branchLength: 1 }],
  }]);
});

Deno.test("/chain/sources tells how far the chain is, and what each source says", async () => {
  await using s = await service();
  expect(await s.ask("/api/v1/chain/sources")).toEqual([200, { phase: "initial", progress: 0, sources: [] }]);
  const clock = new FakeClock();
  using desk = createSourceDesk({ chain: s.chain, events: s.bus, clock, logger: silentLogger });
  const { app } = fakeService({}, { chain: s.chain, sources: desk });
  desk.noteTip("rpc", { hash: s.chain.tip().hash });
  desk.noteRefused("gossip", { code: "HIGH_HASH" });
  using _sync = desk.syncing("rpc", 800);
  const response = await app.request("/api/v1/chain/sources");
  expect(await response.json()).toMatchObject({
    phase: "initial",
    progress: 0,
    sync: { startHeight: 0, height: 0, targetHeight: 800, percent: 0, seconds: 0 },
    sources: [
      { name: "gossip", state: "none", syncing: false, refused: { HIGH_HASH: 1 } },
      { name: "rpc", state: "agrees", tip: { hash: GENESIS, height: 0 }, syncing: true },
    ],
  });
});

Deno.test("/chain refuses what it cannot use, with a code", async (t) => {
  await using s = await service();
  const header = mineHeaders(ROOT, 1).headers.toHex();
  const rows: [path: string, body: unknown, status: number, code: string][] = [
    ["headers/4", undefined, 404, "HEADER_NOT_FOUND"],
    [`headers/${"ab".repeat(32)}`, undefined, 404, "HEADER_NOT_FOUND"],
    ["headers/-1", undefined, 400, "INVALID_PARAMS"],
    ["headers/99999999999", undefined, 400, "INVALID_PARAMS"],
    ["headers/xyz", undefined, 400, "INVALID_PARAMS"],
    ["headers", { headers: "" }, 400, "INVALID_PARAMS"],
    ["headers", { headers: "zz" }, 400, "INVALID_HEX"],
    ["headers", { headers: "abc" }, 400, "INVALID_HEX"],
    ["headers", { headers: "abcd" }, 422, "HEADER_LENGTH"],
    ["headers", { headers: header, more: 1 }, 400, "INVALID_PARAMS"],
    ["headers", {}, 400, "INVALID_PARAMS"],
    ["anchor", { height: 1, header, chainwork: "x" }, 400, "INVALID_PARAMS"],
    ["anchor", { height: 1, header: "00", chainwork: "4" }, 400, "INVALID_HEX"],
    ["anchor", { height: 1, header, chainwork: "1" }, 422, "INVALID_ANCHOR"],
    ["anchor", { height: -1, header, chainwork: "4" }, 400, "INVALID_PARAMS"],
  ];
  for (const [path, body, status, code] of rows) {
    await t.step(`${path} ${JSON.stringify(body)?.slice(0, 60)}`, async () => {
      expect(await s.ask(`/api/v1/chain/${path}`, body)).toMatchObject([status, { code }]);
    });
  }
  await t.step("without the token", async () => {
    const response = await s.app.request("/api/v1/chain/headers", {
      method: "POST",
      body: JSON.stringify({ headers: header }),
    });
    expect([response.status, (await response.json()).code]).toEqual([401, "UNAUTHORIZED"]);
  });
});

Deno.test("/chain/anchor begins the chain, before any header", async () => {
  await using s = await service();
  const { headers } = mineHeaders(ROOT, 6);
  const anchor = { height: 5, header: headers.subarray(320, 400).toHex(), chainwork: "C" };
  expect(await s.ask("/api/v1/chain/anchor", anchor)).toMatchObject([200, {
    height: 5,
    chainwork: "c".padStart(64, "0"),
  }]);
  const batch = { headers: headers.subarray(400).toHex() };
  expect(await s.ask("/api/v1/chain/headers", batch)).toMatchObject([200, {
    accepted: 1,
    tip: { height: 6 },
  }]);
  const other = { ...anchor, height: 4 };
  expect(await s.ask("/api/v1/chain/anchor", other)).toMatchObject([409, { code: "CHAIN_NOT_EMPTY" }]);
});

Deno.test("the chain's JSON-RPC methods speak as Bitcoin Core does", async () => {
  await using s = await service();
  const { headers, tip } = mineHeaders(ROOT, 2);
  const first = headers.subarray(0, 80);
  const last = headers.subarray(80);
  const hash = tip.hash.toReversed().toHex();
  expect(await s.rpc("submitheader", last.toHex())).toMatchObject({
    code: -25,
    message: `Must submit previous header (${tipOf(first).hash.toReversed().toHex()}) first`,
  });
  expect(await s.rpc("submitheader", first.toHex())).toBeNull();
  expect(await s.rpc("submitheader", last.toHex())).toBeNull();
  expect(await s.rpc("submitheader", last.toHex())).toBeNull(); // known already
  expect(await s.rpc("submitheader", "00")).toMatchObject({
    code: -22,
    message: "Block header decode failed",
  });
  const bad = last.slice();
  bad[72] = 0;
  expect(await s.rpc("submitheader", bad.toHex())).toMatchObject({
    code: -25,
    data: { code: "BAD_DIFFBITS" },
  });
  expect(await s.rpc("getblockcount")).toBe(2);
  expect(await s.rpc("getbestblockhash")).toBe(hash);
  expect(await s.rpc("getblockhash", 0)).toBe(GENESIS);
  expect(await s.rpc("getblockhash", 3)).toMatchObject({ code: -8, message: "Block height out of range" });
  expect(await s.rpc("getblockhash", "1")).toMatchObject({ code: -32602 });
  expect(await s.rpc("getblockheader", hash, false)).toBe(last.toHex());
  expect(await s.rpc("getblockheader", "ab".repeat(32))).toMatchObject({
    code: -5,
    message: "Block not found",
  });
  expect(await s.rpc("getblockheader", hash)).toMatchObject({
    hash,
    confirmations: 1,
    height: 2,
    version: 0x20000000,
    versionHex: "20000000",
    time: tip.time,
    mediantime: tip.time - 600,
    bits: "207fffff",
    target: "7fffff".padEnd(64, "0"),
    chainwork: "6".padStart(64, "0"),
    previousblockhash: tipOf(first).hash.toReversed().toHex(),
  });
  expect(await s.rpc("getblockheader", GENESIS)).not.toHaveProperty("previousblockhash");
  expect(await s.rpc("getblockchaininfo")).toMatchObject({
    chain: "regtest",
    blocks: 2,
    headers: 2,
    headers_only: true,
    bestblockhash: hash,
    chainwork: "6".padStart(64, "0"),
  });
  expect(await s.rpc("getchaintips")).toEqual([{ height: 2, hash, branchlen: 0, status: "active" }]);
  expect(await s.rpc("getdifficulty")).toBeCloseTo(4.656542373906925e-10, 20);
});

Deno.test("a header that is published by the API enters the own chain, by its rules", async () => {
  await using t = await testChain();
  const { app } = fakeService({}, { chain: t.chain });
  const publish = async (header: string) => {
    const init = { method: "POST", body: JSON.stringify({ message: { Header: header } }), headers: BEARER };
    return (await app.request("/api/v1/gossip/block", init)).status;
  };
  const { headers } = mineHeaders(ROOT, 3);
  const hex = (height: number) => headers.subarray((height - 1) * 80, height * 80).toHex();
  expect(await publish(hex(1))).toBe(200);
  expect(t.chain.tip().height).toBe(1);
  expect(await publish(hex(3))).toBe(200); // waits for its parent
  expect(await publish(hex(2))).toBe(200);
  expect(t.chain.tip().height).toBe(3);
  const wrong = mineHeaders(ROOT, 1, { bits: 0x1f00ffff }).headers;
  for (const odd of [wrong.toHex(), "zz", "", "00".repeat(81)]) expect(await publish(odd)).toBe(200);
  expect(t.chain.stats()).toMatchObject({ headers: 4, orphans: 0 });
});
