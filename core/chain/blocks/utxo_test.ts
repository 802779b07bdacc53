import { expect } from "expect";
import { CommonsError, type HashHex } from "../../base/mod.ts";
import { blockRig, FakeNode, rejection } from "../../../tests/support/block_rig.ts";
import { tipOf } from "../../../tests/support/mining.ts";
import { genesisOf } from "../_fixture.ts";
import type { SourceUtxo } from "../source_types.ts";

const TXID = "cd".repeat(32) as HashHex;
const UNKNOWN = "ab".repeat(32) as HashHex;
const SCRIPT = Uint8Array.of(0x51);

Deno.test("utxo() tells an output on the full node's word, with its height on this chain", async (t) => {
  const node = new FakeNode("rpc");
  await using rig = await blockRig({ fullNode: node });
  const stale = await rig.mine({ tag: 1 });
  let parent = tipOf(genesisOf("regtest"));
  for (let i = 1; i <= 5; i++) parent = (await rig.mine({ parent, height: i, tag: 2 })).tip;
  const { hash: bestBlock } = rig.chain.tip();
  const told: SourceUtxo = {
    sats: 5000n,
    scriptPubKey: SCRIPT,
    confirmations: 2,
    coinbase: false,
    bestBlock,
  };
  const table: readonly (readonly [string, Partial<SourceUtxo>, number | undefined])[] = [
    ["of the tip", { confirmations: 1 }, 5],
    ["of the block before it", {}, 4],
    ["of the genesis block", { confirmations: 6 }, 0],
    ["older than the chain", { confirmations: 7 }, undefined],
    ["of the mempool", { confirmations: 0 }, undefined],
    ["of a node on another branch", { bestBlock: stale.hash }, undefined],
    ["of a node with an unknown tip", { bestBlock: UNKNOWN }, undefined],
    ["the full node is a block behind", { bestBlock: rig.chain.hashAt(4) ?? UNKNOWN }, 3],
  ];
  for (const [name, part, height] of table) {
    await t.step(name, async () => {
      node.utxos = () => ({ ...told, ...part });
      expect(await rig.service.utxo({ txid: TXID, index: 3 })).toEqual({
        ...told,
        ...part,
        height,
        verified: false,
      });
    });
  }
  await t.step("spent", async () => {
    node.utxos = () => undefined;
    expect(await rig.service.utxo({ txid: TXID, index: 3 })).toBe(undefined);
  });
});

Deno.test("utxo() refuses what makes no sense", async (t) => {
  const node = new FakeNode("rpc");
  await using rig = await blockRig({ fullNode: node });
  for (const index of [-1, 0.5, NaN, 2 ** 32]) {
    expect(await rejection(rig.service.utxo({ txid: TXID, index }))).toBe("INVALID_OUTPOINT");
  }
  expect(node.questions).toEqual([]);
  const told = { sats: 1n, scriptPubKey: SCRIPT, confirmations: 1, coinbase: false, bestBlock: UNKNOWN };
  for (
    const part of [{ sats: -1n }, { sats: 21_000_000_0000_0001n }, { confirmations: -1 }, {
      confirmations: 0.5,
    }]
  ) {
    await t.step(Object.entries(part).join(), async () => {
      rig.refused.length = 0;
      node.utxos = () => ({ ...told, ...part });
      expect(await rejection(rig.service.utxo({ txid: TXID, index: 0 }))).toBe("SOURCE_FAULT");
      expect(rig.refused).toEqual(["rpc BAD_UTXO"]);
    });
  }
  await t.step("and passes on the full node's own refusal", async () => {
    rig.refused.length = 0;
    node.utxos = () => {
      throw new CommonsError("REFUSED", "Cannot find an output: the index is being built");
    };
    expect(await rejection(rig.service.utxo({ txid: TXID, index: 0 }))).toBe("REFUSED");
    node.utxos = () => {
      throw new CommonsError("SOURCE_FAULT", "Cannot read the answer: not JSON");
    };
    expect(await rejection(rig.service.utxo({ txid: TXID, index: 0 }))).toBe("SOURCE_FAULT");
    expect(rig.refused).toEqual(["rpc SOURCE_FAULT"]);
  });
});
