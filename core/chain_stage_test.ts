import { expect } from "expect";
import { FakeClock } from "./base/mod.ts";
import { genesisOf, testChain } from "./chain/_fixture.ts";
import { chainStageOf, type ChainStageParts } from "./chain_stage.ts";
import { loadConfig } from "./config/mod.ts";

Deno.test("chainStageOf() tells how far a chain with a source has come", async (t) => {
  await using made = await testChain();
  const chain: ChainStageParts["chain"] = {
    params: made.chain.params,
    tip: () => made.chain.tip(),
    base: () => made.chain.base(),
  };
  const time = new DataView(genesisOf("regtest").buffer).getUint32(68, true);
  const clock = new FakeClock(time * 1000);
  const day = 86_400_000;
  const source = 'chain.bitcoin_peers=["127.0.0.1:8333"]';
  const rpc = 'chain.rpc_url="http://127.0.0.1:8332"';
  const rows: readonly [name: string, set: readonly string[], days: number, stage: string][] = [
    ["up to date", [source], 0, "running"],
    ["nothing but its first header", [source], 2, "idle"],
    ["over JSON-RPC", [rpc], 2, "idle"],
    ["no source to catch up from", [], 2, "running"],
    ["regtest", [source, 'node.network="regtest"'], 2, "running"],
  ];
  for (const [name, set, days, stage] of rows) {
    await t.step(name, () => {
      const { config } = loadConfig({ set, env: {}, read: () => "" });
      const at = new FakeClock(clock.now() + days * day);
      expect(chainStageOf({ config, chain, clock: at })()).toBe(stage);
    });
  }
  await t.step("behind", () => {
    const { config } = loadConfig({ set: [source], env: {}, read: () => "" });
    const at = new FakeClock(clock.now() + 2 * day);
    const ahead = { ...chain, tip: () => ({ ...chain.tip(), height: 7 }) };
    expect(chainStageOf({ config, chain: ahead, clock: at })()).toBe("catching_up");
  });
});
