import { expect } from "expect";
import { startTestNode } from "../support/node_process.ts";

const SOURCE = `
const text = (bytes) => new TextDecoder().decode(bytes);
const code = async (work) => { try { await work(); return ""; } catch (error) { return error.code; } };
export default {
  migrations: [
    { version: 1, up: (storage) => storage.set(["n"], 1) },
    { version: 2, up: async (storage) => storage.set(["n"], await storage.get(["n"]) + 1) },
  ],
  async start(node) {
    node.api.expose("files", async () => {
      await node.fs.createDirectory("a/b");
      const big = new Uint8Array(1_500_000).fill(7);
      await node.fs.writeFile("a/b/big", big.subarray(0, 700_000));
      await node.fs.writeFile("a/b/big", big.subarray(700_000, 1_400_000), { offset: 700_000 });
      await node.fs.writeFile("a/b/big", big.subarray(1_400_000), { offset: 1_400_000 });
      const { size } = await node.fs.getFileMetadata("a/b/big");
      const tail = await node.fs.readFile("a/b/big", { offset: 1_499_998 });
      await Promise.all(Array.from({ length: 100 }, (_, i) => node.fs.writeFile("f" + i, big.subarray(0, i))));
      const names = await node.fs.listDirectory();
      const codes = await Promise.all([
        code(() => node.fs.readFile("../../../api.token")),
        code(() => node.fs.readFile("/etc/passwd")),
        code(() => node.fs.readFile("a/b/big")),
        code(() => node.fs.writeFile("a/b/big", big)),
        code(() => node.fs.writeFile("a/b/big", "text")),
      ]);
      return { size, tail: [...tail], names: names.length, codes };
    });
    node.api.expose("stored", () => node.storage.list());
    node.api.expose("network", async () => [await node.network.getNetworkStats(), await node.network.getNetworkPeers()]);
    node.api.expose("info", () => node.info());
    await node.metrics.reportMetric({ name: "wait_seconds", type: "histogram", values: [0.2, 4] });
    await node.rpc.registerCoreRpcOverride("analyzepsbt", "Analyses", ([psbt]) => ({ psbt }));
  },
};`;

const MANIFEST = `name = "services"
version = "1.0.0"
entry_point = "mod.js"
rpc_overrides = ["analyzepsbt"]
capabilities = ["register_module_api", "read_storage", "write_storage", "read_network", "report_metrics",
  "read_filesystem", "write_filesystem", "manage_filesystem", "register_rpc_endpoint"]
`;

Deno.test("a module's files, metrics, peers, migrations and overrides, in a real cell", async () => {
  await using node = await startTestNode({
    modules: { services: { source: SOURCE, files: { "module.toml": MANIFEST } } },
  });
  const call = async (method: string) => {
    const { body } = await node.api("/api/v1/modules/services/call", { body: { method } });
    return Object(body).result;
  };
  const rpc = async (method: string, params: unknown[]) => {
    const { body } = await node.api("/rpc", { body: { jsonrpc: "2.0", id: 1, method, params } });
    return Object(body);
  };
  expect((await rpc("analyzepsbt", ["x"])).error.code).toBe(-32001);
  const approved = await node.api("/api/v1/modules/services/approve", { method: "POST" });
  expect([approved.status, Object(approved.body).state]).toEqual([200, "running"]);
  expect(await call("files")).toEqual({
    size: 1_500_000,
    tail: [7, 7],
    names: 101,
    codes: ["INVALID_PARAMS", "INVALID_PARAMS", "QUOTA_EXCEEDED", "INVALID_PARAMS", "INVALID_PARAMS"],
  });
  expect((await Deno.stat(`${node.dataDir}/modules/services/files/a/b/big`)).size).toBe(1_500_000);
  expect(await call("stored")).toEqual([{ key: ["n"], value: 2 }]);
  expect(await call("network")).toEqual([expect.objectContaining({ peer_count: 0, hash_rate: null }), []]);
  expect(await call("info")).toMatchObject({ peer_id: node.run.peerId, network: node.run.network });
  expect((await rpc("analyzepsbt", ["x"])).result).toEqual({ psbt: "x" });
  expect(await node.metric("commons_module_services_wait_seconds_count")).toBe(2);
  const audit = await node.api("/api/v1/modules/services/audit?limit=1000");
  const calls: { method: string; outcome: string }[] = Object(audit.body).calls;
  expect(calls.filter(({ method }) => method === "fs.writeFile").length).toBe(104);
  expect(calls.some(({ method, outcome }) => method === "fs.readFile" && outcome === "failed")).toBe(true);
  const { body } = await node.api("/api/v1/module-api");
  const works = Object(body).methods.find(({ name }: { name: string }) => name === "network.getNetworkPeers");
  expect(works).toEqual({
    name: "network.getNetworkPeers",
    capability: "read_network",
    tier: "open",
    available: true,
  });
  await node.api("/api/v1/modules/services/unload", { method: "POST" });
  expect(String((await node.api("/metrics")).body)).not.toContain("commons_module_services_wait");
  expect((await rpc("analyzepsbt", ["x"])).error.code).toBe(-32001);
});
