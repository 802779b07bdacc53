import { expect } from "expect";
import { madeTransaction } from "../../tests/support/blocks.ts";
import { bitcoinRig, fakeMempool, NOWHERE, WAITING } from "../../tests/support/bitcoin_rig.ts";
import { btcText } from "./rpc/btc_amount.ts";
import { NODE_RPC_METHODS } from "./rpc/node_methods.ts";
import { BEARER, fakeService } from "./test_fakes.ts";

Deno.test("getblock answers bytes, ids or transactions", async () => {
  await using r = await bitcoinRig();
  const { hash, raw, transactions } = r.block;
  for (const verbosity of [0, false]) expect(await r.rpc("getblock", [hash, verbosity])).toBe(raw.toHex());
  const block = await r.rpc("getblock", [hash]);
  expect(block).toMatchObject({
    hash,
    confirmations: 2,
    height: 2,
    nTx: 4,
    previousblockhash: r.first.hash,
    nextblockhash: r.away.hash,
    size: raw.length,
    tx: transactions.map(({ txid }) => txid),
  });
  expect(block.weight).toBe(block.strippedsize * 3 + block.size);
  expect(await r.rpc("getblock", { blockhash: hash, verbosity: true })).toEqual(block);
  const { tx: [coinbase, , second], ...rest } = await r.rpc("getblock", [hash, 2]);
  expect(rest).toEqual((({ tx: _tx, ...others }) => others)(block));
  expect(coinbase.vin).toEqual([{
    coinbase: expect.any(String),
    txinwitness: ["00".repeat(32)],
    sequence: 0xffff_ffff,
  }]);
  expect(coinbase.vout[1].scriptPubKey.type).toBe("nulldata");
  expect(second).toEqual({
    txid: r.transactions[1]?.txid,
    hash: r.transactions[1]?.wtxid,
    version: 2,
    size: r.transactions[1]?.size,
    vsize: r.transactions[1]?.vsize,
    weight: r.transactions[1]?.weight,
    locktime: 1,
    vin: [{
      txid: "11".repeat(32),
      vout: 1,
      scriptSig: { asm: "", hex: "" },
      txinwitness: ["010201", ""],
      sequence: 0xffff_fffd,
    }],
    vout: [{ value: 0.00001, n: 0, scriptPubKey: { asm: "1", hex: "51", type: "nonstandard" } }],
    hex: r.transactions[1]?.raw.toHex(),
  });
});

Deno.test("getrawtransaction says what was verified", async () => {
  await using r = await bitcoinRig();
  const [found] = r.transactions;
  if (found === undefined) throw new Error("no transaction was made");
  expect(await r.rpc("getrawtransaction", [found.txid])).toBe(found.raw.toHex());
  const fields = await r.rpc("getrawtransaction", [found.txid, true]);
  expect(fields).toMatchObject({
    txid: found.txid,
    hex: found.raw.toHex(),
    blockhash: r.block.hash,
    confirmations: 2,
    time: r.block.tip.time,
    blocktime: r.block.tip.time,
    verified: true,
  });
  expect(await r.rpc("getrawtransaction", [found.txid, 1, r.block.hash]))
    .toEqual({ in_active_chain: true, ...fields, witness_verified: true });
  r.node.transactions = () => ({ raw: found.raw });
  const waiting = await r.rpc("getrawtransaction", [found.txid, 1]);
  expect(waiting).toMatchObject({ verified: false, witness_verified: false });
  expect(waiting).not.toHaveProperty("confirmations");
});

Deno.test("gettxoutproof makes what verifytxoutproof takes", async () => {
  await using r = await bitcoinRig();
  const txids = r.transactions.slice(0, 2).map(({ txid }) => txid);
  const proof = await r.rpc("gettxoutproof", [txids]);
  expect(await r.rpc("gettxoutproof", [txids, r.block.hash])).toBe(proof);
  expect(await r.rpc("verifytxoutproof", [proof])).toEqual(txids);
  const flipped = proof.replace(/(.)(?=.{8}$)/, (digit: string) => digit === "0" ? "1" : "0");
  expect(await r.rpc("verifytxoutproof", [flipped])).toEqual([]);
  expect(await r.rpc("verifytxoutproof", [proof.replace(/^../, "ff")]))
    .toMatchObject({ code: -5, message: "Block not found in chain" });
});

Deno.test("amounts are written to the last digit", async (t) => {
  const rows: [sats: bigint, text: string][] = [
    [0n, "0.00000000"],
    [1n, "0.00000001"],
    [100_000_000n, "1.00000000"],
    [2_099_999_997_690_000n, "20999999.97690000"],
    [2n ** 64n - 1n, "184467440737.09551615"],
  ];
  for (const [sats, text] of rows) {
    await t.step(text, async () => {
      expect(btcText(sats)).toBe(text);
      const hex = madeTransaction({ outputs: [{ sats }] }).raw.toHex();
      const { app } = fakeService();
      const body = JSON.stringify({ id: 1, method: "decoderawtransaction", params: [hex] });
      const answer = await (await app.request("/rpc", { method: "POST", body })).text();
      expect(answer).toContain(`"value":${text},`);
    });
  }
});

Deno.test("gettxout, mempool and fees are the full node's word, and say so", async (t) => {
  await using r = await bitcoinRig();
  const rows: [method: string, params: unknown, result: unknown][] = [
    ["gettxout", [NOWHERE, 0], {
      bestblock: r.away.hash,
      confirmations: 2,
      value: 1e-8,
      scriptPubKey: {
        asm: `0 ${"11".repeat(20)}`,
        hex: `0014${"11".repeat(20)}`,
        address: expect.stringMatching(/^bcrt1q[a-z0-9]{38}$/),
        type: "witness_v0_keyhash",
      },
      coinbase: false,
      verified: false,
    }],
    ["getmempoolinfo", [], {
      loaded: true,
      size: 1,
      bytes: 141,
      total_fee: 1e-8,
      truncated: false,
      verified: false,
    }],
    ["getrawmempool", [], [WAITING]],
    ["getrawmempool", { verbose: true }, {
      [WAITING]: { vsize: 141, time: 1_700_000_000, fees: { base: 1e-8 } },
    }],
    ["getmempoolentry", [WAITING], {
      vsize: 141,
      time: 1_700_000_000,
      fees: { base: 1e-8 },
      verified: false,
    }],
    ["estimatesmartfee", [6, "ECONOMICAL"], {
      feerate: 0.00012345,
      blocks: 6,
      from: "node",
      verified: false,
    }],
    ["sendrawtransaction", [r.transactions[0]?.raw.toHex()], r.transactions[0]?.txid],
    ["getblocktemplate", [{ rules: ["segwit", "!x"] }], { version: 1, rules: ["segwit", "!x"] }],
    ["submitblock", ["00".repeat(81)], null],
    ["submitblock", ["02".repeat(81), "dummy"], "duplicate"],
    ["submitblock", ["01".repeat(81)], "bad-cb-amount"],
    ["getmininginfo", [], {
      blocks: 3,
      bits: "207fffff",
      target: expect.any(String),
      difficulty: expect.any(Number),
      networkhashps: expect.any(Number),
      pooledtx: 1,
      chain: "regtest",
      warnings: [],
    }],
  ];
  for (const [method, params, result] of rows) {
    await t.step(method, async () => expect(await r.rpc(method, params)).toEqual(result));
  }
  await t.step("gettxout of nothing", async () => {
    r.node.utxos = () => undefined;
    expect(await r.rpc("gettxout", [NOWHERE, 0, false])).toBe(null);
  });
  await t.step("three blocks of two hashes each in 1,800 s", async () => {
    const { networkhashps } = await r.rpc("getmininginfo");
    expect(networkhashps).toBe(6 / 1_800);
  });
});

Deno.test("methods about blocks refuse as Bitcoin Core does", async (t) => {
  await using r = await bitcoinRig();
  const txid = r.transactions[0]?.txid;
  const rows: [method: string, params: unknown[], code: number, message?: string][] = [
    ["getblock", ["abc"], -8, "blockhash must be of length 64 (not 3, for 'abc')"],
    ["getblock", ["x".repeat(64)], -8, `blockhash must be hexadecimal string (not '${"x".repeat(64)}')`],
    ["getblock", [1], -32602],
    ["getblock", [], -32602],
    ["getblock", [NOWHERE], -5, "Block not found"],
    ["getblock", [r.away.hash], -1, "Block not available (no source has it)"],
    ["getblock", [r.block.hash, 3], -8],
    ["getblock", [r.block.hash, "1"], -8],
    ["getrawtransaction", [NOWHERE], -5, "No such mempool or blockchain transaction"],
    ["getrawtransaction", [txid, 2], -8],
    ["getrawtransaction", [txid, 0, NOWHERE], -5, "Block hash not found"],
    [
      "getrawtransaction",
      [txid, 0, r.first.hash],
      -5,
      "No such transaction found in the provided block",
    ],
    ["gettxout", [NOWHERE, -1], -32602],
    ["gettxout", [NOWHERE, 2 ** 40], -8],
    ["gettxout", [NOWHERE, 0, true], -8],
    ["gettxout", [NOWHERE, 0, 1], -32602],
    ["gettxoutproof", ["x"], -32602],
    ["gettxoutproof", [[]], -8, "Parameter 'txids' cannot be empty"],
    ["gettxoutproof", [[txid, txid]], -8, `Invalid parameter, duplicated txid: ${txid}`],
    ["gettxoutproof", [[NOWHERE]], -5],
    [
      "gettxoutproof",
      [[txid], r.first.hash],
      -5,
      "Not all transactions found in specified or retrieved block",
    ],
    ["gettxoutproof", [[txid], NOWHERE], -5, "Block not found"],
    ["verifytxoutproof", ["00"], -22],
    ["verifytxoutproof", ["0"], -22],
    ["verifytxoutproof", [1], -32602],
    ["decoderawtransaction", ["zz"], -22, "TX decode failed"],
    ["decoderawtransaction", ["00"], -22, "TX decode failed"],
    ["decoderawtransaction", ["00", 1], -32602],
    [
      "sendrawtransaction",
      ["00"],
      -22,
      "TX decode failed. Make sure the tx has at least one input.",
    ],
    ["sendrawtransaction", [r.refusedTransaction], -25],
    ["sendrawtransaction", [r.otherTransaction], -32603],
    ["sendrawtransaction", ["00", 0.1], -32602],
    ["getrawmempool", [1], -32602],
    ["getmempoolentry", [NOWHERE], -5, "Transaction not in mempool"],
    ["getmempoolentry", ["x"], -8],
    ["estimatesmartfee", [0], -8, "Invalid conf_target, must be between 1 and 1008"],
    ["estimatesmartfee", [1009], -8],
    ["estimatesmartfee", ["6"], -32602],
    ["estimatesmartfee", [6, "fast"], -8],
    ["getblocktemplate", [], -32602],
    [
      "getblocktemplate",
      [{}],
      -8,
      'getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})',
    ],
    ["getblocktemplate", [null], -8],
    ["getblocktemplate", [{ mode: "proposal", rules: ["segwit"] }], -8, "Invalid mode"],
    ["submitblock", ["zz"], -22, "Block decode failed"],
    ["submitblock", ["00"], -22],
  ];
  for (const [method, params, code, message] of rows) {
    await t.step(`${method} ${JSON.stringify(params)}`.slice(0, 80), async () => {
      const error = await r.rpc(method, params);
      expect(error.code).toBe(code);
      if (message !== undefined) expect(error.message).toBe(message);
    });
  }
});

Deno.test("methods without their source name what to configure", async (t) => {
  await using nothing = await bitcoinRig([]);
  await using peersOnly = await bitcoinRig(["blocks", "peers"]);
  const rows: [method: string, params: unknown[], key: string, rig?: typeof nothing][] = [
    ["getblock", [NOWHERE], "chain.bitcoin_peers"],
    ["getrawtransaction", [NOWHERE], "chain.bitcoin_peers"],
    ["gettxoutproof", [[NOWHERE]], "chain.bitcoin_peers"],
    ["verifytxoutproof", ["00"], "chain.bitcoin_peers"],
    ["gettxout", [NOWHERE, 0], "chain.rpc_url"],
    ["getmempoolinfo", [], "chain.rpc_url"],
    ["getrawmempool", [], "chain.rpc_url"],
    ["getmempoolentry", [NOWHERE], "chain.rpc_url"],
    ["estimatesmartfee", [6], "chain.rpc_url"],
    ["sendrawtransaction", ["00"], "chain.rpc_url"],
    ["getblocktemplate", [{ rules: ["segwit"] }], "chain.rpc_url"],
    ["submitblock", ["00"], "chain.rpc_url"],
    ["getrawtransaction", [NOWHERE], "chain.rpc_url", peersOnly],
    ["gettxoutproof", [[NOWHERE]], "chain.rpc_url", peersOnly],
    ["gettxout", [NOWHERE, 0], "chain.rpc_url", peersOnly],
  ];
  for (const [method, params, key, rig = nothing] of rows) {
    await t.step(`${method} ${key}`, async () => {
      const error = await rig.rpc(method, params);
      expect([error.code, error.data]).toEqual([-32603, { code: "UNAVAILABLE" }]);
      expect(error.message).toContain(key);
    });
  }
  await t.step("getmininginfo needs none", async () => {
    expect(await nothing.rpc("getmininginfo")).not.toHaveProperty("pooledtx");
  });
});

Deno.test("what changes something at the full node needs the token", async () => {
  await using r = await bitcoinRig();
  for (const method of ["sendrawtransaction", "submitblock"]) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: ["00"] });
    const response = await r.app.request("/rpc", { method: "POST", body });
    expect([response.status, (await response.json()).error.code]).toEqual([401, -32003]);
  }
});

Deno.test("large answers are bounded", async () => {
  const mempool = fakeMempool(100_001);
  const big = "00".repeat(16_000_000);
  const mining = {
    template: () => Promise.resolve({ big }),
    submit: () => Promise.reject(new Error("nobody submits")),
  };
  const { app } = fakeService({}, { bitcoin: { mempool, mining } });
  const ask = async (body: unknown) => {
    const response = await app.request("/rpc", {
      method: "POST",
      headers: BEARER,
      body: JSON.stringify(body),
    });
    return await response.json();
  };
  const described = await ask({ jsonrpc: "2.0", id: 1, method: "getrawmempool", params: [true] });
  expect(described.error.data).toEqual({ code: "RESULT_TOO_LARGE" });
  const template = { jsonrpc: "2.0", id: 1, method: "getblocktemplate", params: [{ rules: ["segwit"] }] };
  const answers = await ask([template, template, template]);
  expect(answers.map(({ error }: { error?: { data: unknown } }) => error?.data))
    .toEqual([undefined, undefined, { code: "RESULT_TOO_LARGE" }]);
});

Deno.test("every method of the node is reserved, and every one reserved is there", async () => {
  const { app } = fakeService();
  const body = JSON.stringify({ id: 1, method: "getrpcinfo" });
  const { result } = await (await app.request("/rpc", { method: "POST", body })).json();
  const own = result.methods.filter((name: string) => !result.module_methods.includes(name));
  expect(own).toEqual([...NODE_RPC_METHODS].sort());
});
