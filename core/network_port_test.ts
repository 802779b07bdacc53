import { expect } from "expect";
import type { BanEntry } from "./bans/mod.ts";
import { CommonsError, type ErrorCode } from "./base/mod.ts";
import { networkPort } from "./network_port.ts";

const NOBODY = {
  peers: () => [],
  keptAddresses: (): string[] => [],
  stats: () => ({ bytesSent: 5, bytesReceived: 6, topics: [] }),
};
const peer = (peerId: string, kept: boolean) => ({ peerId, kept, address: "/ip4/192.0.2.9/tcp/1" });
const away = "/ip4/192.0.2.8/tcp/1/p2p/C"; // chosen, and not connected just now
const PEERS = {
  ...NOBODY,
  peers: () => [peer("A", true), peer("B", false)] as never,
  keptAddresses: () => [away],
};
const chosen = ["/ip4/192.0.2.9/tcp/1/p2p/A", away];

function port(answer: () => Promise<BanEntry>) {
  const asked: unknown[] = [];
  const banFor = (...args: unknown[]) => {
    asked.push(args);
    return answer();
  };
  return { asked, network: networkPort(() => PEERS, { banFor }) };
}

const entry = {} as BanEntry;

Deno.test("ban() asks the ban service in the module's name", async () => {
  const { asked, network } = port(() => Promise.resolve(entry));
  await network.ban({ addr: "192.0.2.1:1" }, "guard");
  await network.ban({ addr: "192.0.2.1:1", seconds: 60 }, "guard");
  expect(asked).toEqual([
    ["guard", "192.0.2.1:1", { until: null, chosen }],
    ["guard", "192.0.2.1:1", { durationMs: 60_000, chosen }],
  ]);
});

Deno.test("ban() tells modules why not in their own codes", async (t) => {
  const rows: [ErrorCode, ErrorCode][] = [
    ["INVALID_BAN_TARGET", "INVALID_PARAMS"],
    ["INVALID_BAN_TIME", "INVALID_PARAMS"],
    ["BAN_NOT_ALLOWED", "PERMISSION_DENIED"],
    ["BANS_FULL", "QUOTA_EXCEEDED"],
    ["STORE_CLOSED", "STORE_CLOSED"],
  ];
  for (const [code, told] of rows) {
    await t.step(code, async () => {
      const { network } = port(() => Promise.reject(new CommonsError(code, "Cannot ban: no")));
      await expect(network.ban({ addr: "x" }, "guard")).rejects.toMatchObject({ code: told });
    });
  }
  await t.step("without bans", async () => {
    await expect(networkPort(() => NOBODY).ban({ addr: "x" }, "guard")).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
  });
});

Deno.test("stats() has the bytes of all connections", () => {
  expect(networkPort(() => NOBODY).stats()).toMatchObject({
    peer_count: 0,
    bytes_sent: 5,
    bytes_received: 6,
  });
});
