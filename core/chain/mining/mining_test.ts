import { expect } from "expect";
import { concatBytes, displayDoubleSha256, isCommonsError } from "../../base/mod.ts";
import {
  checkBlock,
  commitmentOf,
  commitmentScript,
  parseBlock,
  parseTransaction,
} from "../../bitcoin/mod.ts";
import { genesisOf, silentLogger, testChain } from "../_fixture.ts";
import { mineHeader, tipOf } from "../../../tests/support/mining.ts";
import { createMining } from "./mining.ts";
import { templateCoinbase } from "./template_coinbase.ts";

const SCRIPT = new Uint8Array([0x51]);
const COMMITMENT = commitmentScript(commitmentOf([], new Uint8Array(32)));
const TEMPLATE = {
  height: 1,
  coinbasevalue: 5_000_000_000,
  default_witness_commitment: COMMITMENT.toHex(),
  transactions: [],
};

/** The block of a template without transactions, on regtest's first one, with real proof of work. */
function mined(coinbase = templateCoinbase(TEMPLATE, SCRIPT)): Uint8Array<ArrayBuffer> {
  const { hash, time } = tipOf(genesisOf("regtest"));
  const header = new Uint8Array(80);
  const view = new DataView(header.buffer);
  view.setInt32(0, 0x20000000, true);
  header.set(hash, 4);
  header.set(parseTransaction(coinbase).hash, 36);
  view.setUint32(68, time + 600, true);
  view.setUint32(72, 0x207fffff, true);
  mineHeader(header);
  return concatBytes([header, new Uint8Array([1]), coinbase]);
}

async function codeOf(run: () => Promise<unknown>): Promise<string> {
  const error: unknown = await run().then(() => undefined, (error) => error);
  return isCommonsError(error) ? error.code : String(error);
}

Deno.test("templateCoinbase() pays all to the script and commits to the witnesses", async (t) => {
  const coinbase = parseTransaction(templateCoinbase(TEMPLATE, SCRIPT));
  expect(coinbase.isCoinbase).toBe(true);
  expect(coinbase.outputs).toEqual([
    { sats: 5_000_000_000n, scriptPubKey: SCRIPT },
    { sats: 0n, scriptPubKey: COMMITMENT },
  ]);
  checkBlock(parseBlock(mined()), { height: 1 });
  const hashAlone = { ...TEMPLATE, default_witness_commitment: COMMITMENT.subarray(6).toHex() };
  expect(templateCoinbase(hashAlone, SCRIPT)).toEqual(templateCoinbase(TEMPLATE, SCRIPT));
  const { default_witness_commitment: _, ...bare } = TEMPLATE;
  const plain = parseTransaction(templateCoinbase({ ...bare, height: 840_000 }, SCRIPT));
  expect([plain.hasWitness, plain.outputs.length]).toEqual([false, 1]);
  expect(plain.inputs[0]?.scriptSig.toHex()).toBe("0340d10c");
  const bad: [name: string, template: unknown][] = [
    ["nothing", null],
    ["a text", "template"],
    ["no height", { ...TEMPLATE, height: undefined }],
    ["a negative height", { ...TEMPLATE, height: -1 }],
    ["no value", { ...TEMPLATE, coinbasevalue: "5" }],
    ["more than there is", { ...TEMPLATE, coinbasevalue: 2_100_000_000_000_001 }],
    ["a broken commitment", { ...TEMPLATE, default_witness_commitment: "6a2" }],
    ["a commitment of another type", { ...TEMPLATE, default_witness_commitment: 5 }],
  ];
  for (const [name, template] of bad) {
    await t.step(name, async () => {
      // deno-lint-ignore require-await -- what it throws is asked for
      expect(await codeOf(async () => templateCoinbase(template, SCRIPT))).toBe("SOURCE_FAULT");
    });
  }
});

Deno.test("mining without a full node takes blocks for their headers", async () => {
  await using t = await testChain();
  const mining = createMining({ chain: t.chain, logger: silentLogger });
  expect(await codeOf(() => mining.template({ rules: ["segwit"] }))).toBe("UNAVAILABLE");
  expect(await codeOf(() => mining.submit(mined()))).toBe("UNAVAILABLE");
  const block = mined();
  await mining.queue(block, "radio");
  expect(t.chain.tip()).toMatchObject({ height: 1, hash: displayDoubleSha256(block.subarray(0, 80)) });
  await mining.queue(block, "radio");
});

Deno.test("mining.queue() refuses what is no block", async (t) => {
  await using chain = await testChain();
  const mining = createMining({ chain: chain.chain, logger: silentLogger });
  const block = mined();
  const cases: [name: string, bytes: Uint8Array][] = [
    ["nothing", new Uint8Array()],
    ["a header alone", block.subarray(0, 80)],
    ["cut off", block.subarray(0, -1)],
    ["one byte more", concatBytes([block, new Uint8Array(1)])],
    ["other transactions", block.with(140, 0xff)],
    ["a difficulty of its own", block.with(75, 0x1d)],
    ["4 MB of zeros", new Uint8Array(4_000_001)],
  ];
  for (const [name, bytes] of cases) {
    await t.step(name, async () => {
      expect(await codeOf(() => mining.queue(bytes, "radio"))).toBe("INVALID_PARAMS");
    });
  }
  expect(chain.chain.tip().height).toBe(0);
});

Deno.test("mining asks the full node", async () => {
  await using t = await testChain();
  const reasons: (string | undefined)[] = [
    "high-hash",
    "duplicate",
    "rejected: already have block 1f",
    undefined,
  ];
  const submitted: Uint8Array[] = [];
  const gate = Promise.withResolvers<void>();
  const fullNode = {
    blockTemplate: (request: unknown) => Promise.resolve({ ...TEMPLATE, request }),
    async submitBlock(raw: Uint8Array) {
      submitted.push(raw);
      if (reasons.length === 0) await gate.promise;
      return reasons.shift();
    },
  };
  const mining = createMining({ chain: t.chain, fullNode, logger: silentLogger });
  expect(await mining.template({ rules: ["segwit"] })).toEqual({
    ...TEMPLATE,
    request: { rules: ["segwit"] },
  });
  const template = await mining.template({ rules: [], coinbaseScript: SCRIPT });
  expect(template).toMatchObject({ coinbase_transaction: templateCoinbase(TEMPLATE, SCRIPT) });
  const block = mined();
  expect(await mining.submit(block)).toEqual({ status: "rejected", reason: "high-hash" });
  for (let i = 0; i < 2; i++) {
    expect(await mining.submit(block)).toEqual({ status: "duplicate", reason: null });
  }
  expect(t.chain.tip().height).toBe(0);
  expect(await mining.submit(block)).toEqual({ status: "accepted", reason: null });
  expect([submitted.length, t.chain.tip().height]).toEqual([4, 1]);
  expect(await codeOf(() => mining.submit(block.subarray(1)))).toBe("INVALID_PARAMS");
  const waiting = [1, 2, 3, 4].map(() => mining.submit(block));
  expect(await codeOf(() => mining.submit(block))).toBe("BUSY");
  gate.resolve();
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(4).fill("accepted"));
});

Deno.test("a full node that is down keeps no header from the chain", async () => {
  await using t = await testChain();
  const fullNode = {
    blockTemplate: () => Promise.reject(new Error("down")),
    submitBlock: () => Promise.reject(new Error("down")),
  };
  const mining = createMining({ chain: t.chain, fullNode, logger: silentLogger });
  await mining.queue(mined(), "radio");
  expect(t.chain.tip().height).toBe(1);
  expect(await codeOf(() => mining.submit(mined()))).toBe("Error: down");
});

Deno.test("blocks that are relayed do not keep a miner's own from the full node", async () => {
  await using t = await testChain();
  const gate = Promise.withResolvers<undefined>();
  const mining = createMining({
    chain: t.chain,
    fullNode: { blockTemplate: () => Promise.resolve({}), submitBlock: () => gate.promise },
    logger: silentLogger,
  });
  const block = mined();
  const relayed = [1, 2, 3, 4].map(() => mining.queue(block, "radio"));
  expect(await codeOf(() => mining.queue(block, "radio"))).toBe("BUSY");
  const own = mining.submit(block);
  gate.resolve(undefined);
  expect((await own).status).toBe("accepted");
  await Promise.all(relayed);
});

Deno.test("mining.submit() calls a block accepted that the full node keeps on a branch", async () => {
  await using t = await testChain();
  const words = ["inconclusive", "duplicate-inconclusive", "duplicate-invalid"];
  const fullNode = {
    blockTemplate: () => Promise.resolve({}),
    submitBlock: () => Promise.resolve(words.shift()),
  };
  const mining = createMining({ chain: t.chain, fullNode, logger: silentLogger });
  const block = mined();
  expect(await mining.submit(block)).toEqual({ status: "accepted", reason: null });
  expect(t.chain.tip().height).toBe(1);
  expect(await mining.submit(block)).toEqual({ status: "duplicate", reason: null });
  expect(await mining.submit(block)).toEqual({ status: "rejected", reason: "duplicate-invalid" });
});
