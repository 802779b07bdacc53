import { expect } from "expect";
import { FakeClock, type HashHex } from "./base/mod.ts";
import { chainParams, type FoundBlock, type HeaderView } from "./chain/mod.ts";
import { parseBlock } from "./bitcoin/mod.ts";
import { bitcoinPorts } from "./bitcoin_ports.ts";
import { blocksPort } from "./blocks_port.ts";

/** Bitcoin's first block, a fact that everyone can look up. */
const GENESIS = Uint8Array.fromHex(
  chainParams("mainnet").genesis +
    "0101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054" +
    "696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f" +
    "722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6" +
    "bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000",
);
const PARSED = parseBlock(GENESIS);
const [COINBASE] = PARSED.transactions;
const HEADER = { hash: PARSED.hash, height: 0, confirmations: 1, bits: 0x1d00ffff } as HeaderView;
const FOUND: FoundBlock = { hash: PARSED.hash, height: 0, confirmations: 1, raw: GENESIS, parsed: PARSED };

Deno.test("blocksPort() shows what was found in the words of the node API", async () => {
  if (COINBASE === undefined) throw new Error("the first block has a coinbase");
  const found = { raw: COINBASE.raw, parsed: COINBASE, verified: true, witnessVerified: true };
  const port = blocksPort({
    block: (hash) => Promise.resolve(hash === PARSED.hash ? FOUND : undefined),
    blockAt: (height) => Promise.resolve(height === 0 ? FOUND : undefined),
    transaction: () => Promise.resolve({ ...found, blockHash: PARSED.hash, height: 0, confirmations: 1 }),
    utxo: ({ txid, index }) =>
      Promise.resolve(
        index !== 0 ? undefined : {
          sats: 5n,
          scriptPubKey: new Uint8Array([0x51]),
          confirmations: 1,
          coinbase: true,
          bestBlock: txid,
          verified: false,
        },
      ),
  }, { header: () => HEADER });
  const txid = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b" as HashHex;
  const block = await port.block(PARSED.hash);
  expect(block).toMatchObject({
    hash: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    size: 285,
    weight: 1140,
    txids: [txid],
    header: { height: 0, bits: 0x1d00ffff },
  });
  expect(await port.blockAt(0)).toEqual(block);
  expect(await port.blockAt(1)).toBe(undefined);
  expect(await port.block(txid)).toBe(undefined);
  expect(await port.transaction(txid)).toMatchObject({
    txid,
    wtxid: txid,
    size: 204,
    inputs: [{ vout: 0xffffffff, witness: [] }],
    outputs: [{ value: 5_000_000_000n }],
    block_hash: PARSED.hash,
    height: 0,
    confirmations: 1,
    verified: true,
    witness_verified: true,
  });
  expect(await port.utxo(txid, 0)).toEqual({
    value: 5n,
    script_pubkey: new Uint8Array([0x51]),
    height: null,
    is_coinbase: true,
    verified: false,
  });
  expect(await port.utxo(txid, 1)).toBe(undefined);
});

Deno.test("bitcoinPorts() leaves out what is not configured", () => {
  const ports = bitcoinPorts({ chain: {}, queue: () => Promise.resolve() } as never, new FakeClock());
  expect(Object.entries(ports).filter(([, port]) => port === undefined).map(([name]) => name))
    .toEqual(["blocks", "mempool", "mining"]);
});
