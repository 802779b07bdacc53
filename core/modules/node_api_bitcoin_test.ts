import { expect } from "expect";
import { CommonsError } from "../base/mod.ts";
import type { FakeCell } from "./fake_cells.ts";
import { codeOf, TestHost } from "./test_host.ts";

const HASH = "ab".repeat(32);

async function cellOf(t: TestHost, capabilities: readonly string[]): Promise<FakeCell> {
  t.add("a", { capabilities });
  await t.host.approve("a");
  await t.host.load("a");
  return t.cells.of("a");
}

Deno.test("chain.* about blocks asks the node's sources", async () => {
  const block = { hash: HASH, raw: new Uint8Array([1]) };
  const asked: unknown[] = [];
  const blocks = {
    block: (hash: string) => Promise.resolve(hash === HASH ? block : undefined),
    blockAt: (height: number) => Promise.resolve(height === 5 ? block : undefined),
    transaction: (hash: string) =>
      Promise.resolve(hash === HASH ? { txid: HASH, verified: true } : undefined),
    utxo(txid: string, index: number) {
      asked.push([txid, index]);
      return Promise.resolve(index === 0 ? { value: 5n } : undefined);
    },
  };
  await using t = new TestHost({}, { blocks: blocks as never });
  const cell = await cellOf(t, ["read_blockchain", "read_utxo"]);
  const other = "00".repeat(32);
  const rows: [method: string, params: unknown[], answer: unknown][] = [
    ["getBlock", [HASH], block],
    ["getBlock", [HASH.toUpperCase()], block],
    ["getBlock", [other], null],
    ["getBlockByHeight", [5], block],
    ["getBlockByHeight", [6], null],
    ["getTransaction", [HASH], { txid: HASH, verified: true }],
    ["getTransaction", [other], null],
    ["hasTransaction", [HASH], true],
    ["hasTransaction", [other], false],
    ["getUtxo", [{ hash: HASH, index: 0 }], { value: 5n }],
    ["getUtxo", [{ hash: HASH, index: 4294967295 }], null],
  ];
  for (const [method, params, answer] of rows) {
    expect([method, await cell.call(`chain.${method}`, ...params)]).toEqual([method, answer]);
  }
  expect(asked).toEqual([[HASH, 0], [HASH, 4294967295]]);
  const bad: [method: string, ...params: unknown[]][] = [
    ["getBlock"],
    ["getBlock", 5],
    ["getBlock", "ab"],
    ["getBlock", HASH, 1],
    ["getBlockByHeight"],
    ["getBlockByHeight", "5"],
    ["getBlockByHeight", -1],
    ["getBlockByHeight", 1.5],
    ["getTransaction", null],
    ["getUtxo"],
    ["getUtxo", HASH],
    ["getUtxo", { hash: HASH }],
    ["getUtxo", { hash: "zz", index: 0 }],
    ["getUtxo", { hash: HASH, index: -1 }],
    ["getUtxo", { hash: HASH, index: 4294967296 }],
  ];
  for (const [method, ...params] of bad) {
    expect([method, params, await codeOf(async () => await cell.call(`chain.${method}`, ...params))])
      .toEqual([method, params, "INVALID_PARAMS"]);
  }
});

Deno.test("a fault of a source reaches the module as what it is", async () => {
  const fails = (code: string) => () =>
    Promise.reject(new CommonsError(code as "UNAVAILABLE", "Cannot get the block: nobody has it"));
  const blocks = {
    block: fails("UNAVAILABLE"),
    blockAt: fails("SOURCE_FAULT"),
    transaction: fails("TIMEOUT"),
  };
  await using t = new TestHost({}, { blocks: blocks as never });
  const cell = await cellOf(t, ["read_blockchain"]);
  expect(await codeOf(async () => await cell.call("chain.getBlock", HASH))).toBe("UNAVAILABLE");
  expect(await codeOf(async () => await cell.call("chain.getBlockByHeight", 1))).toBe("UNAVAILABLE");
  expect(await codeOf(async () => await cell.call("chain.getTransaction", HASH))).toBe("TIMEOUT");
});

Deno.test("mempool.* asks the view and the full node", async () => {
  const sent: Uint8Array[] = [];
  const targets: number[] = [];
  const mempool = {
    txids: (most: number) => [HASH, `most ${most}`],
    has: (hash: string) => hash === HASH,
    size: () => ({ transaction_count: 1, size_bytes: 2, total_fee_sats: 3 }),
    transaction: (hash: string) => Promise.resolve(hash === HASH ? { txid: HASH } : undefined),
    feeEstimate: (target: number) => Promise.resolve(targets.push(target)),
    send: (raw: Uint8Array) => (sent.push(raw), Promise.resolve(HASH)),
  };
  await using t = new TestHost({}, { mempool: mempool as never });
  const cell = await cellOf(t, ["read_mempool", "send_transactions"]);
  expect(await cell.call("mempool.getMempoolTransactions")).toEqual([HASH, "most 100000"]);
  expect(await cell.call("mempool.checkTransactionInMempool", HASH)).toBe(true);
  expect(await cell.call("mempool.getMempoolSize")).toEqual(mempool.size());
  expect(await cell.call("mempool.getMempoolTransaction", HASH)).toEqual({ txid: HASH });
  expect(await cell.call("mempool.getMempoolTransaction", "00".repeat(32))).toBe(null);
  for (const target of [0, 1, 6, 1008]) await cell.call("mempool.getFeeEstimate", target);
  expect(targets).toEqual([1, 1, 6, 1008]);
  expect(await cell.call("mempool.sendTransaction", new Uint8Array([1, 2]))).toBe(HASH);
  expect(sent).toEqual([new Uint8Array([1, 2])]);
  for (const target of [1009, -1, 1.5, "6", undefined]) {
    expect(await codeOf(async () => await cell.call("mempool.getFeeEstimate", target))).toBe(
      "INVALID_PARAMS",
    );
  }
  for (const raw of ["00", undefined, new Uint8Array(400_001)]) {
    expect(await codeOf(async () => await cell.call("mempool.sendTransaction", raw))).toBe("INVALID_PARAMS");
  }
  t.add("b", { capabilities: ["read_mempool"] });
  await t.host.load("b");
  const reader = t.cells.of("b");
  expect(await codeOf(async () => await reader.call("mempool.sendTransaction", new Uint8Array(1))))
    .toBe("PERMISSION_DENIED");
});

Deno.test("mining.* asks the full node", async () => {
  const asked: unknown[] = [];
  const mining = {
    template: (request: unknown) => (asked.push(request), Promise.resolve({ height: 5 })),
    submit: (raw: Uint8Array) => Promise.resolve({ status: "rejected", reason: `${raw.length} bytes` }),
  };
  const inboundBlocks = {
    queue: (raw: Uint8Array, module: string) => Promise.resolve(void asked.push([raw.length, module])),
  };
  await using t = new TestHost({}, { mining: mining as never, inboundBlocks });
  const cell = await cellOf(t, ["read_blockchain", "submit_block", "queue_inbound_block"]);
  expect(await cell.call("mining.getBlockTemplate")).toEqual({ height: 5 });
  await cell.call("mining.getBlockTemplate", ["segwit", "!signet"], new Uint8Array([0x51]));
  await cell.call("mining.getBlockTemplate", [], null, "hex:51AB");
  expect(asked.splice(0)).toEqual([
    { rules: ["segwit"], coinbaseScript: undefined },
    { rules: ["segwit", "!signet"], coinbaseScript: new Uint8Array([0x51]) },
    { rules: [], coinbaseScript: new Uint8Array([0x51, 0xab]) },
  ]);
  expect(await cell.call("mining.submitBlock", new Uint8Array(81))).toEqual({
    status: "rejected",
    reason: "81 bytes",
  });
  await cell.call("mining.queueReceivedBlockBytes", new Uint8Array(81));
  expect(asked).toEqual([[81, "a"]]);
  const bad: unknown[][] = [
    ["mining.getBlockTemplate", "segwit"],
    ["mining.getBlockTemplate", ["a b"]],
    ["mining.getBlockTemplate", Array(33).fill("segwit")],
    ["mining.getBlockTemplate", [], "51"],
    ["mining.getBlockTemplate", [], null, "bc1q"],
    ["mining.getBlockTemplate", [], null, "hex:5"],
    ["mining.getBlockTemplate", [], new Uint8Array(1), "hex:51"],
    ["mining.getBlockTemplate", [], new Uint8Array(10_001)],
    ["mining.submitBlock", "00"],
    ["mining.submitBlock", new Uint8Array(4_000_001)],
    ["mining.queueReceivedBlockBytes"],
  ];
  for (const [method, ...params] of bad) {
    expect([method, params, await codeOf(async () => await cell.call(String(method), ...params))])
      .toEqual([method, params, "INVALID_PARAMS"]);
  }
});
