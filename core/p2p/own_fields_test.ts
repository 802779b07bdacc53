import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { testInit } from "./_fixture.ts";
import { checkScope, hubWarning, ownFields } from "./own_fields.ts";
import type { P2pInit } from "./types.ts";

function own(init: Partial<P2pInit>) {
  const whole = testInit(init);
  const scope = checkScope(whole, new FakeClock());
  const status = () => ({ type: "node_status" as const, timestamp: "now", block_assembly_details: null });
  return ownFields(whole, { peerId: "me", scope, status });
}

Deno.test("checkScope() believes heights up to 10,000 above the own one, which it asks for once a second", async () => {
  const clock = new FakeClock();
  let height = 100;
  let asked = 0;
  const tip = () => {
    asked++;
    return { hash: "", height, chainwork: "" };
  };
  const { believable } = checkScope(testInit({ tip }), clock);
  expect([10_099, 10_100, 10_101, 2 ** 32 - 1].map(believable)).toEqual([10_099, 10_100, 10_100, 10_100]);
  height = 200;
  expect([believable(99_999), asked]).toEqual([10_100, 1]);
  await clock.advance(1_000);
  expect([believable(99_999), asked]).toEqual([10_200, 2]);
});

Deno.test("checkScope() has no opinion about heights in a node without a chain", () => {
  expect(checkScope(testInit(), new FakeClock()).believable(2 ** 32 - 1)).toBe(2 ** 32 - 1);
});

Deno.test("ownFields() names the network and offers no URL that others would refuse", async (t) => {
  const rows: readonly (readonly [string, Partial<P2pInit>, string])[] = [
    ["a private one where these are shared", {}, "http://127.0.0.1:9906"],
    ["a private one", { sharePrivateAddresses: false }, ""],
    ["a public one", { sharePrivateAddresses: false, dataHubUrl: "https://A.example" }, "https://a.example"],
    ["any in a node that only listens", { listenMode: "listen_only" }, ""],
  ];
  for (const [name, init, url] of rows) {
    await t.step(name, () => expect(own(init).dataHubUrl).toBe(url));
  }
  expect(own({ topicPrefix: "teranode/bitcoin/1.0.0" }).chain).toBe("teranode/bitcoin/1.0.0/regtest");
  expect(own({}).status()).toEqual({ type: "node_status" });
});

Deno.test("hubWarning() tells of a URL that is not told, and of none where others ask for one", () => {
  const warning = (init: Partial<P2pInit>, told = "") => hubWarning(testInit(init), told);
  expect(warning({ dataHubUrl: "http://10.0.0.1" })).toMatch("not told");
  expect(warning({ dataHubUrl: "", topicPrefix: "teranode/bitcoin/1.0.0" })).toMatch("p2p.data_hub_url");
  expect(warning({ dataHubUrl: "" })).toBeUndefined();
  expect(warning({ dataHubUrl: "", topicPrefix: "teranode/x", listenMode: "listen_only" })).toBeUndefined();
  expect(warning({ topicPrefix: "teranode/x" }, "https://a.example")).toBeUndefined();
});
