import { expect } from "expect";
import { mineOne, tipOf } from "../../tests/support/mining.ts";
import { genesisOf, testChain } from "./_fixture.ts";
import { syncStateOf } from "./sync_state.ts";

const ROOT = tipOf(genesisOf("regtest"));
const DAY = 86_400;

Deno.test("syncStateOf() goes by the tip's age and work", async () => {
  await using t = await testChain();
  expect(syncStateOf(t.chain, (ROOT.time + 10 * DAY) * 1000)).toEqual({ phase: "initial", progress: 0 });
  const time = ROOT.time + 5 * DAY;
  await t.chain.accept(mineOne(ROOT, { time }).headers, { lowWork: "store" });
  expect(syncStateOf(t.chain, (ROOT.time + 10 * DAY) * 1000)).toEqual({ phase: "headers", progress: 0.5 });
  expect(syncStateOf(t.chain, (time + DAY) * 1000)).toEqual({ phase: "synced", progress: 1 });
  expect(syncStateOf(t.chain, (time + DAY) * 1000 + 1).phase).toBe("headers");
  expect(syncStateOf(t.chain, 0).phase).toBe("synced"); // a clock that is behind
  const harder = { ...t.chain.params, minimumChainWork: 1_000n };
  const chain = { params: harder, tip: () => t.chain.tip(), base: () => t.chain.base() };
  expect(syncStateOf(chain, time * 1000)).toEqual({ phase: "headers", progress: 1 });
});
