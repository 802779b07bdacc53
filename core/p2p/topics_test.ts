import { expect } from "expect";
import { topicPath, tryTopicName } from "./topics.ts";

Deno.test("topicPath() names topics as the network does", async (t) => {
  const cases = [
    ["commons/bitcoin/1.0.0", "mainnet", "block", "commons/bitcoin/1.0.0/mainnet-block"],
    ["teranode/bitcoin/1.0.0", "mainnet", "block", "teranode/bitcoin/1.0.0/mainnet-block"],
    ["teranode/bitcoin/1.0.0", "regtest", "rejected_tx", "teranode/bitcoin/1.0.0/regtest-rejected_tx"],
    ["x", "testnet", "node_status", "x/testnet-node_status"],
  ] as const;
  for (const [topicPrefix, network, topic, path] of cases) {
    await t.step(path, () => expect(topicPath({ topicPrefix, network }, topic)).toBe(path));
  }
});

Deno.test("topicPath() refuses a prefix that is no path", async (t) => {
  for (const topicPrefix of ["", "/a", "a/", "a b", "a\n", "ä", "a".repeat(129)]) {
    await t.step(JSON.stringify(topicPrefix.slice(0, 9)), () => {
      expect(() => topicPath({ topicPrefix, network: "regtest" }, "block"))
        .toThrow(expect.objectContaining({ code: "INVALID_TOPIC_PREFIX" }));
    });
  }
});

Deno.test("tryTopicName() knows the names, case and all", () => {
  expect(["block", "Block", "rejected-tx", "toString", ""].map(tryTopicName))
    .toEqual(["block", undefined, undefined, undefined, undefined]);
});
