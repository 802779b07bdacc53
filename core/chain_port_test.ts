import { expect } from "expect";
import { FakeClock, type HashHex } from "./base/mod.ts";
import { genesisOf, testChain } from "./chain/_fixture.ts";
import { chainPort } from "./chain_port.ts";

Deno.test("chainPort() shows the chain in the words of the node API", async () => {
  await using t = await testChain();
  const time = new DataView(genesisOf("regtest").buffer).getUint32(68, true);
  const port = chainPort(t.chain, new FakeClock(time * 1000));
  const { hash, chainwork } = t.chain.tip();
  expect(port.tip()).toMatchObject({ hash, height: 0 });
  expect(port.info()).toEqual({
    tip_hash: hash,
    height: 0,
    difficulty: expect.any(Number),
    chain_work: chainwork,
    is_synced: true,
  });
  expect(port.syncStatus()).toEqual({ phase: "synced", progress: 1, is_synced: true, error_message: null });
  expect(port.header(hash)).toEqual({
    hash,
    height: 0,
    confirmations: 1,
    version: 1,
    prev_block_hash: "0".repeat(64),
    merkle_root: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
    timestamp: time,
    bits: 0x207fffff,
    nonce: 2,
  });
  expect(port.header("00".repeat(32) as HashHex)).toBeUndefined();
});
