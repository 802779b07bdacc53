import { expect } from "expect";
import type { FakeCell } from "./fake_cells.ts";
import { MAX_METRIC_SERIES, MAX_METRICS } from "./module_metrics.ts";
import { openModuleFolder } from "./module_folder.ts";
import { codeOf, TestHost, type TestModule } from "./test_host.ts";

async function cellOf(t: TestHost, name: string, module: TestModule): Promise<FakeCell> {
  t.add(name, module);
  await t.host.approve(name);
  await t.host.load(name);
  return t.cells.of(name);
}

const METRICS: TestModule = { capabilities: ["report_metrics", "read_metrics"] };

Deno.test("metrics.reportMetric shows in the node's metrics until the module is stopped", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "my-pool", METRICS);
  cell.call("metrics.reportMetric", { name: "shares_total", type: "counter", value: 3, help: "Shares seen" });
  cell.call("metrics.reportMetric", { name: "shares_total", type: "counter", value: 7 });
  cell.call("metrics.reportMetric", { name: "rate", type: "gauge", value: -1.5, labels: { who: 'a"\n' } });
  cell.call("metrics.reportMetric", { name: "wait", type: "histogram", values: [0.1, 3], buckets: [1, 2] });
  cell.call("metrics.reportMetric", { name: "wait", type: "histogram", value: 1.5 });
  const text = await t.metrics.text();
  expect(text).toContain("# HELP commons_module_my_pool_shares_total Shares seen");
  expect(text).toContain("# TYPE commons_module_my_pool_shares_total counter");
  expect(text).toContain("\ncommons_module_my_pool_shares_total 7\n");
  expect(text).toContain('commons_module_my_pool_rate{who="a\\"\\n"} -1.5');
  expect(text).toContain('commons_module_my_pool_wait_bucket{le="2"} 2');
  expect(text).toContain("commons_module_my_pool_wait_count 3");
  const at = Math.floor(t.clock.now() / 1000);
  const expected = [
    { name: "shares_total", type: "counter", labels: {}, value: 7, timestamp: at },
    { name: "rate", type: "gauge", labels: { who: 'a"\n' }, value: -1.5, timestamp: at },
    { name: "wait", type: "histogram", labels: {}, count: 3, sum: 4.6, timestamp: at },
  ];
  expect(cell.call("metrics.getModuleMetrics", "my-pool")).toEqual(expected);
  expect(cell.call("metrics.getModuleMetrics", cell.init.instanceId)).toEqual(expected);
  expect(cell.call("metrics.getModuleMetrics", "nobody")).toEqual([]);
  expect(cell.call("metrics.getAllMetrics")).toEqual({ "my-pool": expected });
  expect(cell.call("metrics.getModuleHealth", "my-pool")).toBe("healthy");
  expect(cell.call("metrics.getModuleHealth", "nobody")).toBe(null);
  expect(cell.call("metrics.getAllModuleHealth")).toEqual([
    { module_id: cell.init.instanceId, module_name: "my-pool", health: "healthy" },
  ]);
  await t.host.unload("my-pool");
  expect(await t.metrics.text()).not.toContain("my_pool");
  await t.host.load("my-pool");
  t.cells.of("my-pool").call("metrics.reportMetric", { name: "rate", type: "counter", value: 1 });
  expect(await t.metrics.text()).toContain("# TYPE commons_module_my_pool_rate counter");
});

Deno.test("metrics.reportMetric refuses what is no metric", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "a", METRICS);
  const good = { name: "x", type: "gauge", value: 1 };
  cell.call("metrics.reportMetric", good);
  const bad: unknown[] = [
    undefined,
    5,
    { ...good, name: "X" },
    { ...good, name: "1x" },
    { ...good, name: "a-b" },
    { ...good, name: "x\n# TYPE y gauge" },
    { ...good, name: "n".repeat(65) },
    { ...good, name: "wait_count" },
    { ...good, type: "summary" },
    { ...good, value: NaN },
    { ...good, value: Infinity },
    { ...good, value: "1" },
    { ...good, value: undefined },
    { ...good, type: "counter", name: "c", value: -1 },
    { ...good, labels: { "a-b": "1" } },
    { ...good, labels: { le: "1" } },
    { ...good, labels: { __proto__x: "1" } },
    { ...good, labels: { a: 1 } },
    { ...good, labels: { a: "x".repeat(129) } },
    { ...good, labels: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`l${i}`, ""])) },
    { ...good, labels: { other: "1" } },
    { ...good, type: "counter" },
    { ...good, help: 5 },
    { ...good, buckets: [1] },
    { name: "h", type: "histogram", values: [1], buckets: [2, 1] },
    { name: "h", type: "histogram", values: [1], buckets: [] },
    { name: "h", type: "histogram", values: Array(1_001).fill(1) },
    { name: "h", type: "histogram", values: "1" },
  ];
  for (const metric of bad) {
    expect([metric, await codeOf(() => cell.call("metrics.reportMetric", metric))]).toEqual([
      metric,
      "INVALID_PARAMS",
    ]);
  }
  expect(cell.call("metrics.getModuleMetrics", "a")).toHaveLength(1);
});

Deno.test("metrics.reportMetric is bounded, and no name can be taken from others", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "a-b", METRICS);
  const gauge = (name: string, labels = {}) => ({ name, type: "gauge", value: 1, labels });
  for (let i = 0; i < MAX_METRICS; i++) cell.call("metrics.reportMetric", gauge(`m${i}`, { n: "0" }));
  expect(await codeOf(() => cell.call("metrics.reportMetric", gauge("more")))).toBe("QUOTA_EXCEEDED");
  for (let i = 1; i <= MAX_METRIC_SERIES - MAX_METRICS; i++) {
    cell.call("metrics.reportMetric", gauge("m0", { n: `${i}` }));
  }
  const series = gauge("m0", { n: "more" });
  expect(await codeOf(() => cell.call("metrics.reportMetric", series))).toBe("QUOTA_EXCEEDED");
  cell.call("metrics.reportMetric", gauge("m0", { n: "1" }));
  const twin = await cellOf(t, "a_b", METRICS);
  expect(await codeOf(() => twin.call("metrics.reportMetric", gauge("m0")))).toBe("PERMISSION_DENIED");
  const liar = await cellOf(t, "memory", METRICS);
  t.metrics.gauge({ name: "commons_module_memory_used", help: "The node's own" });
  expect(await codeOf(() => liar.call("metrics.reportMetric", gauge("used")))).toBe("PERMISSION_DENIED");
  expect(await codeOf(() => liar.call("metrics.reportMetric", gauge("bytes")))).toBe("PERMISSION_DENIED");
  await t.host.unload("a-b");
  twin.call("metrics.reportMetric", gauge("m0"));
  expect(await t.metrics.text()).toContain("commons_module_a_b_m0 1");
});

Deno.test("rpc.registerCoreRpcOverride takes what the manifest declares, first come first served", async () => {
  await using t = new TestHost();
  const module = {
    capabilities: ["register_rpc_endpoint"],
    toml: 'rpc_overrides = ["analyzepsbt"]',
  };
  const first = await cellOf(t, "first", module);
  const second = await cellOf(t, "second", module);
  const plain = await cellOf(t, "plain", { capabilities: ["register_rpc_endpoint"] });
  const register = "rpc.registerCoreRpcOverride";
  first.call(register, "analyzepsbt", "Analyses a PSBT");
  first.call(register, "analyzepsbt");
  first.answer = (invocation) => invocation;
  expect(t.host.rpcMethods()).toEqual(["analyzepsbt"]);
  expect(await t.host.callRpc("analyzepsbt", ["x"])).toEqual({
    kind: "rpc",
    method: "analyzepsbt",
    params: ["x"],
  });
  const rows: [FakeCell, string, string, string][] = [
    [second, register, "analyzepsbt", "PERMISSION_DENIED"],
    [second, "rpc.unregisterCoreRpcOverride", "analyzepsbt", "NOT_FOUND"],
    [first, register, "getdescriptorinfo", "PERMISSION_DENIED"],
    [plain, register, "analyzepsbt", "PERMISSION_DENIED"],
    [first, register, "getblockcount", "INVALID_PARAMS"],
    [first, register, "help", "INVALID_PARAMS"],
    [first, register, "__proto__", "INVALID_PARAMS"],
    [plain, "rpc.register", "getdescriptorinfo", "PERMISSION_DENIED"],
  ];
  for (const [cell, call, method, code] of rows) {
    expect([call, method, await codeOf(() => cell.call(call, method))]).toEqual([call, method, code]);
  }
  await t.host.unload("first");
  expect(t.host.rpcMethods()).toEqual([]);
  second.call(register, "analyzepsbt");
  second.call("rpc.unregisterCoreRpcOverride", "analyzepsbt");
  expect(await codeOf(() => t.host.callRpc("analyzepsbt", []))).toBe("NO_SUCH_METHOD");
});

Deno.test("a manifest can name only what can be overridden", async () => {
  await using t = new TestHost();
  expect(() => t.host.list()).not.toThrow();
  t.add("bad", { toml: 'rpc_overrides = ["getblockcount"]' });
  expect(await codeOf(() => t.host.load("bad"))).toBe("MANIFEST_INVALID");
});

Deno.test("fs is the module's own folder, by capability", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    await using t = new TestHost({}, {
      openFolder: (module) => openModuleFolder({ dataDir, module, quotaBytes: 1_000, quotaFiles: 10 }),
    });
    const cell = await cellOf(t, "a", {
      capabilities: ["read_filesystem", "write_filesystem", "manage_filesystem"],
    });
    const reader = await cellOf(t, "b", { capabilities: ["read_filesystem"] });
    await cell.call("fs.createDirectory", "logs");
    await cell.call("fs.writeFile", "logs/x", Uint8Array.of(1, 2, 3));
    await cell.call("fs.writeFile", "logs/x", Uint8Array.of(4), { offset: 3 });
    expect(await cell.call("fs.readFile", "logs/x")).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(await cell.call("fs.readFile", "logs/x", { offset: 1, length: 2 })).toEqual(Uint8Array.of(2, 3));
    expect(await cell.call("fs.listDirectory")).toEqual(["logs"]);
    await cell.call("fs.renameFile", "logs/x", "y");
    expect(await cell.call("fs.getFileMetadata", "y")).toMatchObject({ size: 4, is_file: true });
    await cell.call("fs.deleteFile", "logs");
    expect(await reader.call("fs.listDirectory", ".")).toEqual([]);
    const rows: [FakeCell, string, unknown[], string][] = [
      [cell, "fs.readFile", ["../b/files"], "INVALID_PARAMS"],
      [cell, "fs.readFile", ["/etc/passwd"], "INVALID_PARAMS"],
      [cell, "fs.readFile", [5], "INVALID_PARAMS"],
      [cell, "fs.readFile", ["y", { offset: -1 }], "INVALID_PARAMS"],
      [cell, "fs.readFile", ["y", { length: 1.5 }], "INVALID_PARAMS"],
      [cell, "fs.readFile", ["y", 5], "INVALID_PARAMS"],
      [cell, "fs.writeFile", ["y", "text"], "INVALID_PARAMS"],
      [cell, "fs.writeFile", ["y", new Uint8Array(1_048_577)], "INVALID_PARAMS"],
      [cell, "fs.writeFile", ["z", new Uint8Array(1_001)], "QUOTA_EXCEEDED"],
      [cell, "fs.readFile", ["z"], "NOT_FOUND"],
      [reader, "fs.writeFile", ["x", Uint8Array.of(1)], "PERMISSION_DENIED"],
      [reader, "fs.deleteFile", ["x"], "PERMISSION_DENIED"],
      [reader, "fs.createDirectory", ["x"], "PERMISSION_DENIED"],
    ];
    for (const [from, method, params, code] of rows) {
      expect([method, params[0], await codeOf(() => from.call(method, ...params))]).toEqual([
        method,
        params[0],
        code,
      ]);
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("storage.usage and storage.clear", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "a", { capabilities: ["read_storage", "write_storage", "manage_storage"] });
  const other = await cellOf(t, "b", { capabilities: ["read_storage", "write_storage"] });
  await cell.call("storage.set", ["x"], 1);
  await other.call("storage.set", ["x"], 2);
  expect(await cell.call("storage.usage")).toEqual({ bytes: expect.any(Number), keys: 1 });
  expect(await codeOf(() => other.call("storage.clear"))).toBe("PERMISSION_DENIED");
  await cell.call("storage.clear");
  expect(await cell.call("storage.usage")).toEqual({ bytes: 0, keys: 0 });
  expect(await other.call("storage.get", ["x"])).toBe(2);
});

Deno.test("network.* asks the node's network, where there is one", async () => {
  const peer = { peer_id: "p", addr: "/ip4/1.2.3.4/tcp/1", transport_type: "tcp", connected_since: 1 };
  const network = { stats: () => ({ peer_count: 1 }), peers: () => [peer] };
  await using t = new TestHost({}, { network: network as never });
  const cell = await cellOf(t, "a", { capabilities: ["read_network"] });
  expect(cell.call("network.getNetworkPeers")).toEqual([peer]);
  expect(cell.call("network.getNetworkStats")).toEqual({ peer_count: 1 });
  await using lonely = new TestHost();
  const hermit = await cellOf(lonely, "a", { capabilities: ["read_network"] });
  expect(() => hermit.call("network.getNetworkPeers")).toThrow("takes part in no network");
});

Deno.test("audit keeps refusals, and api says what works", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "a", {});
  cell.call("node.info");
  await codeOf(() => cell.call("storage.get", ["x"]));
  await codeOf(() => cell.call("secret text of the module"));
  expect(t.host.audit("a").map(({ method, outcome }) => [method, outcome])).toEqual([
    ["node.info", "ok"],
    ["storage.get", "denied"],
    ["(unknown)", "failed"],
  ]);
  expect(t.host.audit("a", { limit: 1 })).toHaveLength(1);
  expect(await codeOf(() => t.host.audit("nobody"))).toBe("MODULE_NOT_FOUND");
  const api = new Map(t.host.api().map((method) => [method.name, method]));
  expect(api.get("node.info")).toEqual({ name: "node.info", capability: null, tier: null, available: true });
  expect(api.get("fs.readFile")).toMatchObject({ capability: "read_filesystem", tier: "consent" });
  expect(api.get("chain.getBlock")).toMatchObject({
    available: false,
    reason: expect.stringContaining("chain"),
  });
  expect(api.get("timers.every")).toMatchObject({ capability: "manage_timers", available: true });
  expect(t.host.api().length).toBeGreaterThan(80);
});

Deno.test("chain.* asks the node's chain, where there is one", async () => {
  const hash = "ab".repeat(32);
  const header = { hash, height: 7 };
  const chain = {
    tip: () => ({ hash, height: 7 }),
    header: (asked: string) => asked === hash ? header : undefined,
    info: () => ({ tip_hash: hash }),
    syncStatus: () => ({ phase: "synced" }),
  };
  await using t = new TestHost({}, { chain: chain as never });
  const cell = await cellOf(t, "a", { capabilities: ["read_blockchain", "read_chain_state"] });
  const rows: [method: string, params: unknown[], answer: unknown][] = [
    ["getChainTip", [], hash],
    ["getBlockHeight", [], 7],
    ["getChainInfo", [], { tip_hash: hash }],
    ["getSyncStatus", [], { phase: "synced" }],
    ["getBlockHeader", [hash], header],
    ["getBlockHeader", [hash.toUpperCase()], header],
    ["getBlockHeader", ["00".repeat(32)], null],
  ];
  for (const [method, params, answer] of rows) {
    expect([method, cell.call(`chain.${method}`, ...params)]).toEqual([method, answer]);
  }
  for (const params of [[], [7], ["00"], ["zz".repeat(32)], [hash, 1]]) {
    expect(await codeOf(() => cell.call("chain.getBlockHeader", ...params))).toBe("INVALID_PARAMS");
  }
  expect(() => cell.call("chain.getBlock", hash)).toThrow("no source of blocks is configured");
  const other = await cellOf(t, "b", { capabilities: ["read_chain_state"] });
  expect(await codeOf(() => other.call("chain.getBlockHeader", hash))).toBe("PERMISSION_DENIED");
});

Deno.test("network.banPeer asks in the module's name", async () => {
  const bans: unknown[] = [];
  const network = { ban: (peer: unknown, module: string) => Promise.resolve(void bans.push([peer, module])) };
  await using t = new TestHost({}, { network: network as never });
  const cell = await cellOf(t, "guard", { capabilities: ["network_access"] });
  await cell.call("network.banPeer", "192.0.2.1:1");
  await cell.call("network.banPeer", "192.0.2.1:1", 0);
  await cell.call("network.banPeer", "192.0.2.1:1", 60);
  expect(bans).toEqual([
    [{ addr: "192.0.2.1:1" }, "guard"],
    [{ addr: "192.0.2.1:1" }, "guard"],
    [{ addr: "192.0.2.1:1", seconds: 60 }, "guard"],
  ]);
  for (const bad of [[], [1], ["x".repeat(513)], ["x", -1], ["x", 1.5], ["x", "1"], ["x", 1, 2]]) {
    expect(await codeOf(() => cell.call("network.banPeer", ...bad))).toBe("INVALID_PARAMS");
  }
  const reader = await cellOf(t, "reader", { capabilities: ["read_network"] });
  expect(await codeOf(() => reader.call("network.banPeer", "192.0.2.1"))).toBe("PERMISSION_DENIED");
});
