import { expect } from "expect";
import { isCommonsError } from "./base/mod.ts";
import { genesisOf, silentLogger, testChain } from "./chain/_fixture.ts";
import { configuredAnchor, warnOfUnusedAnchor } from "./chain_anchor.ts";
import { type Config, loadConfig } from "./config/mod.ts";
import { mineHeaders, tipOf } from "../tests/support/mining.ts";

const { headers } = mineHeaders(tipOf(genesisOf("regtest")), 7);
const HEADER = headers.subarray(-80).toHex();

function configOf(anchor: Record<string, string | number>): Config {
  const set = Object.entries(anchor).map(([key, value]) => `chain.anchor.${key}=${JSON.stringify(value)}`);
  const read = () => {
    throw new Deno.errors.NotFound();
  };
  return loadConfig({ set: ['node.network="regtest"', ...set], env: {}, read }).config;
}

Deno.test("configuredAnchor() is where an empty chain begins, and only such a one", async () => {
  expect(configuredAnchor(configOf({}))).toBeUndefined();
  const anchor = configuredAnchor(configOf({ height: 7, header: HEADER.toUpperCase(), chainwork: "10" }));
  expect(anchor).toEqual({ height: 7, header: Uint8Array.fromHex(HEADER), chainwork: 16n });
  if (anchor === undefined) throw new Error("no anchor");
  const warnings: unknown[] = [];
  const logger = { ...silentLogger, warn: (_text: string, fields?: unknown) => void warnings.push(fields) };
  await using anchored = await testChain({ anchor });
  expect(anchored.chain.tip()).toMatchObject({ height: 7, chainwork: "10".padStart(64, "0") });
  warnOfUnusedAnchor(anchor, { chain: anchored.chain, logger });
  expect(warnings).toEqual([]);
  await using other = await testChain();
  warnOfUnusedAnchor(anchor, { chain: other.chain, logger });
  expect(warnings).toEqual([{ anchor: 7, height: 0 }]);
  const twin = mineHeaders(tipOf(genesisOf("regtest")), 7, { tag: 1 }).headers.subarray(-80);
  await using fork = await testChain({ anchor: { ...anchor, header: twin } });
  warnOfUnusedAnchor(anchor, { chain: fork.chain, logger });
  expect(warnings.length).toBe(2);
});

Deno.test("configuredAnchor() names the key of what cannot be an anchor", async (t) => {
  const rows: [name: string, anchor: Record<string, string | number>, state: RegExp][] = [
    ["no work", { height: 7, header: HEADER, chainwork: "1" }, /its chainwork is out of range/],
    ["no proof of work", { height: 7, header: "11".repeat(80), chainwork: "10" }, /its /],
    ["another first header", { height: 0, header: HEADER, chainwork: "10" }, /must be the genesis header/],
  ];
  for (const [name, anchor, state] of rows) {
    await t.step(name, () => {
      let error: unknown;
      try {
        configuredAnchor(configOf(anchor));
      } catch (thrown) {
        error = thrown;
      }
      if (!isCommonsError(error, "INVALID_ANCHOR")) throw error;
      expect(error.message).toMatch(/^Cannot use chain\.anchor of the configuration: /);
      expect(error.message).toMatch(state);
    });
  }
});
