import { expect } from "expect";
import type { HashHex } from "../../base/mod.ts";
import { eventually } from "../../../tests/support/eventually.ts";
import { RpcFailure } from "../../../tests/support/full_node.ts";
import { genesisOf } from "../_fixture.ts";
import { codeOf, isUp, nodeRig, TXID } from "../../../tests/support/full_node_rig.ts";
import { createFullNode } from "./full_node.ts";

const HASH = (n: number) => TXID(n) as HashHex;

Deno.test("a full node is asked for its first block before it is used", async () => {
  await using rig = nodeRig();
  expect(rig.node.available()).toBe(false);
  // A call that comes too early waits for the first contact.
  expect((await rig.node.bestBlock()).height).toBe(0);
  expect(rig.node.available()).toBe(true);
  expect(rig.fake.called.slice(0, 2)).toEqual(["getblockhash", "getblockchaininfo"]);
  expect(rig.node.status()).toEqual({
    state: "up",
    why: undefined,
    info: { chain: "regtest", blocks: 0, headers: 0, pruned: false, initialDownload: false },
  });
});

Deno.test("a full node of another network is not used, and told once", async () => {
  await using rig = nodeRig({ before: (fake) => fake.setChain(genesisOf("mainnet")) });
  expect(await codeOf(rig.node.bestBlock())).toBe("UNAVAILABLE");
  expect(rig.node.available()).toBe(false);
  expect(rig.node.status()).toMatchObject({
    state: "foreign",
    why: "its first block is not that of regtest",
  });
  const { requests } = rig.fake;
  await rig.clock.advance(60_000);
  await eventually("a second probe", () => rig.fake.requests > requests && rig.clock.pending === 1);
  expect(rig.lines.filter((line) => line.startsWith("error"))).toHaveLength(1);
  rig.fake.setChain(genesisOf("regtest")); // the operator starts the right one
  await rig.clock.advance(60_000);
  await isUp(rig);
});

Deno.test("a signet with another challenge is another network", async () => {
  const signet = (challenge: string | undefined) =>
    nodeRig({
      network: "signet",
      before(fake) {
        fake.setChain(genesisOf("signet"));
        fake.methods.set("getblockchaininfo", () => ({ chain: "signet", signet_challenge: challenge }));
      },
    });
  await using other = signet("51");
  expect(await codeOf(other.node.bestBlock())).toBe("UNAVAILABLE");
  expect(other.node.status().why).toBe("its signet has another challenge");
  await using older = signet(undefined); // before Bitcoin Core 28
  expect((await older.node.bestBlock()).height).toBe(0);
});

Deno.test("a login that may not ask for the chain's state is enough", async () => {
  await using rig = nodeRig({
    before: (fake) =>
      fake.methods.set("getblockchaininfo", () => {
        throw new RpcFailure(-32_600, "limited user not authorized for this method");
      }),
  });
  expect((await rig.node.bestBlock()).height).toBe(0);
  expect(rig.node.status().info).toBeUndefined();
});

Deno.test("blocks, transactions and outputs as the node tells them", async (t) => {
  await using rig = nodeRig();
  const { fake, node } = rig;
  fake.blocks.set(HASH(1), "00ff");
  fake.blockTxids.set(HASH(1), [TXID(5), TXID(6)]);
  await t.step("block() and blockTxids()", async () => {
    expect(await node.block(HASH(1))).toEqual(new Uint8Array([0, 255]));
    expect(await node.block(HASH(2))).toBeUndefined();
    expect(await node.blockTxids(HASH(1))).toEqual([TXID(5), TXID(6)]);
    expect(await node.blockTxids(HASH(2))).toBeUndefined();
    fake.methods.set("getblock", () => {
      throw new RpcFailure(-1, "Block not available (pruned data)");
    });
    expect(await node.block(HASH(1))).toBeUndefined();
  });
  await t.step("transaction()", async () => {
    fake.methods.set("getrawtransaction", ([txid, , place]) => {
      if (txid === TXID(1)) return { hex: "01", blockhash: place ?? HASH(9) };
      if (txid === TXID(2)) return { hex: "02", blockhash: "" }; // btcd's mempool
      throw new RpcFailure(-5, "No such mempool or blockchain transaction");
    });
    expect(await node.transaction(HASH(1))).toEqual({ raw: new Uint8Array([1]), blockHash: HASH(9) });
    expect(await node.transaction(HASH(1), { blockHash: HASH(8) })).toMatchObject({ blockHash: HASH(8) });
    expect(await node.transaction(HASH(2))).toEqual({ raw: new Uint8Array([2]) });
    expect(await node.transaction(HASH(3))).toBeUndefined();
    fake.methods.set("getrawtransaction", ([, , place]) => {
      if (place !== undefined) throw new RpcFailure(-32_602, "wrong number of params");
      return { hex: "03" };
    });
    expect(await node.transaction(HASH(1), { blockHash: HASH(8) })).toEqual({ raw: new Uint8Array([3]) });
  });
  await t.step("utxo()", async () => {
    const answer = {
      bestblock: HASH(7),
      confirmations: 3,
      value: 20999999.9769,
      scriptPubKey: { hex: "51" },
      coinbase: true,
    };
    fake.methods.set("gettxout", (params) => {
      expect(params).toEqual([TXID(1), 2, false]);
      return answer;
    });
    expect(await node.utxo({ txid: HASH(1), index: 2 })).toEqual({
      sats: 2_099_999_997_690_000n,
      scriptPubKey: new Uint8Array([0x51]),
      confirmations: 3,
      coinbase: true,
      bestBlock: HASH(7),
    });
    fake.methods.set("gettxout", () => null);
    expect(await node.utxo({ txid: HASH(1), index: 2 })).toBeUndefined();
  });
  await t.step("txOutProof()", async () => {
    expect(await codeOf(node.txOutProof([HASH(1)], HASH(2)))).toBe("REFUSED"); // btcd has none
    fake.methods.set("gettxoutproof", ([txids, block]) => {
      expect([txids, block]).toEqual([[TXID(1)], HASH(2)]);
      return "0a";
    });
    expect(await node.txOutProof([HASH(1)], HASH(2))).toEqual(new Uint8Array([10]));
  });
});

Deno.test("submitBlock(), sendTransaction() and blockTemplate() hand on what the node says", async () => {
  await using rig = nodeRig();
  const { fake, node } = rig;
  fake.methods.set("submitblock", ([hex]) => hex === "01" ? null : "duplicate");
  expect(await node.submitBlock(new Uint8Array([1]))).toBeUndefined();
  expect(await node.submitBlock(new Uint8Array([2]))).toBe("duplicate");
  fake.methods.set("sendrawtransaction", ([hex]) => {
    if (hex === "01") return TXID(1);
    throw new RpcFailure(-26, "min relay fee not met\n");
  });
  expect(await node.sendTransaction(new Uint8Array([1]))).toBe(TXID(1));
  const error: unknown = await node.sendTransaction(new Uint8Array([2])).catch((error) => error);
  expect(error).toMatchObject({
    code: "REFUSED",
    message: "Cannot do this at the full node: min relay fee not met",
    detail: { rpcCode: -26 },
  });
  fake.methods.set("getblocktemplate", ([request]) => ({ height: 1, request }));
  expect(await node.blockTemplate({ rules: ["segwit"] })).toEqual({
    height: 1,
    request: { rules: ["segwit"] },
  });
});

Deno.test("feeRate() asks Bitcoin Core's way, then btcd's", async () => {
  await using rig = nodeRig();
  const { fake, node } = rig;
  expect(await node.feeRate(6)).toBeUndefined(); // knows neither
  fake.methods.set("estimatefee", () => 0.00002);
  expect(await node.feeRate(6)).toBe(2);
  fake.methods.set("estimatefee", () => {
    throw new RpcFailure(-32_600, "not enough blocks have been observed");
  });
  expect(await node.feeRate(6)).toBeUndefined();
  fake.methods.set("estimatesmartfee", ([target]) => ({ feerate: 0.00001 * Number(target), blocks: target }));
  expect(await node.feeRate(6)).toBe(6);
  fake.methods.set(
    "estimatesmartfee",
    () => ({ errors: ["Insufficient data or no feerate found"], blocks: 2 }),
  );
  expect(await node.feeRate(6)).toBeUndefined();
});

Deno.test("mempool() asks for what is new only", async () => {
  await using rig = nodeRig();
  const { fake, node } = rig;
  for (let i = 1; i <= 600; i++) fake.mempool.set(TXID(i), { fee: i / 1e8, vsize: 100 + i, time: i });
  const entries = await node.mempool();
  expect(entries).toHaveLength(600);
  expect(entries[2]).toEqual({ txid: TXID(3), feeSats: 3n, vsize: 103, time: 3 });
  expect(fake.called.filter((method) => method === "getmempoolentry")).toHaveLength(600);
  fake.called.length = 0;
  fake.mempool.delete(TXID(1));
  fake.mempool.set(TXID(601), { fee: 1, vsize: 5 });
  expect((await node.mempool()).map(({ txid }) => txid)).toEqual([...fake.mempool.keys()]);
  expect(fake.called).toEqual(["getrawmempool", "getmempoolentry"]);
  // One that leaves between the two requests is left out.
  fake.mempool.set(TXID(700), { fee: 1, vsize: 5 });
  fake.methods.set("getmempoolentry", () => {
    throw new RpcFailure(-5, "Transaction not in mempool");
  });
  expect(await node.mempool()).toHaveLength(600);
  expect(await node.mempool({ limit: 10 })).toHaveLength(10);
});

Deno.test("mempool() of a node that describes no single transaction", async () => {
  await using rig = nodeRig({ flavour: "btcd" });
  const { fake, node } = rig;
  for (let i = 1; i <= 3; i++) fake.mempool.set(TXID(i), { fee: 0.00000141, vsize: 141 });
  expect((await node.mempool())[0]).toMatchObject({ txid: TXID(1), feeSats: 141n, vsize: 141 });
  fake.called.length = 0;
  expect(await node.mempool({ limit: 2 })).toHaveLength(2);
  expect(fake.called).toEqual(["getrawmempool"]);
});

Deno.test("createFullNode() refuses an address that is none or holds a login, without showing it", async (t) => {
  for (const url of ["", "nonsense", "ftp://127.0.0.1", "http://u:5ecret@127.0.0.1:1/", "http://5ecret@h/"]) {
    await t.step(url, () => {
      const make = () => createFullNode(NOBODY, { url, network: "regtest" });
      expect(make).toThrow(expect.objectContaining({ code: "CONFIG_INVALID_VALUE" }));
      expect(make).toThrow(/^Cannot use chain\.rpc_url: (?!.*5ecret)/);
    });
  }
});

/** Components that must not be touched. */
const NOBODY = new Proxy({}, {
  get() {
    throw new Error("must not be touched");
  },
}) as Parameters<typeof createFullNode>[0];
