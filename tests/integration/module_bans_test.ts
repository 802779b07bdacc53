import { expect } from "expect";
import { eventually } from "../support/eventually.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";

const SOURCE = `
const code = async (work) => { try { await work(); return "OK"; } catch (error) { return error.code; } };
export default {
  start(node) {
    node.api.expose("ban", (target) => code(() => node.network.banPeer(target.addr, target.seconds)));
    node.api.expose("peers", () => node.network.getNetworkPeers());
    node.api.expose("stats", () => node.network.getNetworkStats());
  },
};`;

const MANIFEST = `name = "guard"
version = "1.0.0"
entry_point = "mod.js"
capabilities = ["register_module_api", "read_network", "network_access"]
`;

async function peersOf(
  node: TestNode,
): Promise<readonly { readonly peerId: string; readonly kept: boolean }[]> {
  const { body } = await node.api("/api/v1/peers");
  return (body as { peers: { peerId: string; kept: boolean }[] }).peers;
}

Deno.test("a module that may bans a peer, and never one that the operator chose", async () => {
  await using kept = await startTestNode();
  await using node = await startTestNode({
    modules: { guard: { source: SOURCE, files: { "module.toml": MANIFEST } } },
    set: [`p2p.static_peers=${JSON.stringify(kept.run.p2p)}`],
  });
  await using stranger = await startTestNode({ set: [`p2p.static_peers=${JSON.stringify(node.run.p2p)}`] });
  const call = async (method: string, params?: unknown) => {
    const { body } = await node.api("/api/v1/modules/guard/call", { body: { method, params } });
    return Object(body).result;
  };
  expect((await node.module("guard")).state).toBe("needs_approval");
  await node.api("/api/v1/modules/guard/approve", { method: "POST" });
  await node.api("/api/v1/modules/guard/load", { method: "POST" });
  await eventually("both peers", async () => (await peersOf(node)).length === 2);
  expect((await call("stats")).bytes_received).toBeGreaterThan(0);

  expect(await call("ban", { addr: kept.run.peerId })).toBe("PERMISSION_DENIED");
  expect(await call("ban", { addr: "203.0.113.0/24" })).toBe("INVALID_PARAMS");
  expect(await call("ban", { addr: "203.0.113.7:9905", seconds: 60 })).toBe("OK");
  expect(await call("ban", { addr: stranger.run.peerId })).toBe("OK");
  await eventually("the end of the connection", async () => (await peersOf(node)).length === 1);
  expect(await peersOf(node)).toMatchObject([{ peerId: kept.run.peerId, kept: true }]);
  const { body } = await node.api("/api/v1/bans");
  expect(Object(body).bans).toMatchObject([
    { target: "203.0.113.7", source: "module", reason: "module guard" },
    { target: stranger.run.peerId, source: "module", reason: "module guard", until: null },
  ]);
  expect(await node.metric("commons_ban_events_total", { reason: "module_ban" })).toBe(2);
});
