import { expect } from "expect";
import { CAPABILITY_NAMES } from "./capabilities.ts";
import type { FakeCell } from "./fake_cells.ts";
import { createNodeMethods } from "./node_api.ts";
import { codeOf, LIMITS, TestHost, type TestModule } from "./test_host.ts";

const OPEN = [
  "subscribe_events",
  "read_storage",
  "write_storage",
  "report_metrics",
  "discover_modules",
  "register_module_api",
];

async function cellOf(
  t: TestHost,
  name: string,
  module: TestModule = { capabilities: OPEN },
): Promise<FakeCell> {
  t.add(name, module);
  await t.host.approve(name);
  await t.host.load(name);
  return t.cells.of(name);
}

Deno.test("every method needs a capability that exists", () => {
  const methods = createNodeMethods({} as never);
  expect(Object.keys(methods).length).toBeGreaterThan(70);
  for (const [name, { capability }] of Object.entries(methods)) {
    expect([name, capability === null || CAPABILITY_NAMES.includes(capability)]).toEqual([name, true]);
  }
  const free = Object.keys(methods).filter((name) => methods[name]?.capability === null).sort();
  expect(free).toEqual([
    "cli.register",
    "governance.getProposals",
    "governance.getResults",
    "http.register",
    "node.info",
  ]);
});

Deno.test("a module that was granted nothing can call nothing but what is its own", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "hello", {});
  const methods = createNodeMethods({} as never);
  let denied = 0;
  for (const [name, { capability }] of Object.entries(methods)) {
    if (capability === null) continue;
    expect([name, await codeOf(() => cell.call(name))]).toEqual([name, "PERMISSION_DENIED"]);
    denied++;
  }
  expect(t.host.get("hello")?.calls).toEqual({ total: denied, denied, failed: 0 });
});

Deno.test("node.info answers at once", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "hello", {});
  expect(cell.call("node.info")).toEqual({ name: "test", version: "0.1.0" });
  expect(t.host.get("hello")?.calls).toEqual({ total: 1, denied: 0, failed: 0 });
});

Deno.test("a call of what does not exist, or does not work yet, is refused", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "hello", { capabilities: ["read_chain_state"] });
  expect(await codeOf(() => cell.call("node.shutdown"))).toBe("NOT_FOUND");
  expect(await codeOf(() => cell.call("__proto__"))).toBe("NOT_FOUND");
  expect(await codeOf(() => cell.call("constructor"))).toBe("NOT_FOUND");
  expect(await codeOf(() => cell.call("chain.getChainTip"))).toBe("UNAVAILABLE");
  expect(() => cell.call("chain.getChainTip")).toThrow(
    "Cannot call chain.getChainTip: this node keeps no header chain",
  );
});

Deno.test("calls over the rate are refused, for this module alone", async () => {
  await using t = new TestHost({ limits: { ...LIMITS, requestsPerSecond: 150 } });
  const [cell, other] = [await cellOf(t, "hello", {}), await cellOf(t, "other", {})];
  for (let i = 0; i < 150; i++) cell.call("node.info");
  expect(await codeOf(() => cell.call("node.info"))).toBe("RATE_LIMITED");
  expect(await codeOf(() => cell.call("chain.getUtxo"))).toBe("RATE_LIMITED");
  expect(await codeOf(() => other.call("node.info"))).toBe("");
  await t.clock.advance(100);
  for (let i = 0; i < 15; i++) cell.call("node.info");
  expect(await codeOf(() => cell.call("node.info"))).toBe("RATE_LIMITED");
  expect(t.host.get("hello")?.calls.failed).toBe(3);
});

Deno.test("calls in flight are bounded", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "hello", { capabilities: ["call_module"] });
  const other = await cellOf(t, "other", { capabilities: ["register_module_api"] });
  other.call("api.expose", "wait");
  const gate = Promise.withResolvers<unknown>();
  other.answer = () => gate.promise;
  const waiting = Array.from(
    { length: LIMITS.maxInFlight },
    () => cell.call("modules.call", "other", "wait"),
  );
  expect(await codeOf(() => cell.call("modules.call", "other", "wait"))).toBe("RATE_LIMITED");
  gate.resolve("done");
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => "done"));
  expect(await cell.call("modules.call", "other", "wait")).toBe("done");
});

Deno.test("events reach a module once, from the first subscription to the last", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "hello");
  const block = { block_hash: "00".repeat(32), height: 1 };
  cell.call("events.subscribe", ["NewBlock"]);
  cell.call("events.subscribe", ["NewBlock", "PeerUnbanned"]);
  t.events.publish("NewBlock", block);
  t.events.publish("PeerUnbanned", { peer_addr: "a" });
  t.events.publish("BlockDisconnected", { hash: "00".repeat(32), height: 1 });
  expect(cell.events.map(({ type, payload }) => [type, payload])).toEqual([
    ["NewBlock", block],
    ["PeerUnbanned", { peer_addr: "a" }],
  ]);
  cell.call("events.unsubscribe", ["NewBlock"]);
  t.events.publish("NewBlock", block);
  expect(cell.events.length).toBe(2);
  await t.host.unload("hello");
  t.events.publish("PeerUnbanned", { peer_addr: "b" });
  expect(cell.events.length).toBe(2);
});

Deno.test("events.subscribe refuses what is no list of known types", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "hello");
  const bad = [[], [null], ["NewBlock"], [["NoSuchEvent"]], [["__proto__"]], [[5]], [["NewBlock"], 1]];
  for (const params of bad) {
    expect([params, await codeOf(() => cell.call("events.subscribe", ...params))]).toEqual([
      params,
      "INVALID_PARAMS",
    ]);
  }
});

Deno.test("ModuleLoaded comes first for those who run already, and once for each", async () => {
  await using t = new TestHost();
  await cellOf(t, "early", {});
  t.cells.onStart = (cell) => {
    if (cell.init.name === "watcher") cell.call("events.subscribe", ["ModuleLoaded"]);
    cell.run();
  };
  const watcher = await cellOf(t, "watcher", { capabilities: ["subscribe_events"] });
  await cellOf(t, "late", {});
  const names = watcher.events.map((
    { id, payload },
  ) => [id === 0, (payload as Record<string, unknown>)["module_name"]]);
  expect(names).toEqual([[true, "early"], [false, "watcher"], [false, "late"]]);
  watcher.call("events.subscribe", ["ModuleLoaded"]);
  expect(watcher.events.length).toBe(3);
});

Deno.test("events.publish lets modules say only what is theirs to say", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "hello", { capabilities: ["publish_events"] });
  const good = { payment_id: "p", reason: "late" };
  t.took();
  cell.call("events.publish", "PaymentRouteFailed", good);
  expect(t.took("PaymentRouteFailed")).toEqual([["PaymentRouteFailed", good]]);
  const cases: [params: unknown[], code: string][] = [
    [["NewBlock", { block_hash: "00".repeat(32), height: 1 }], "PERMISSION_DENIED"],
    [["NodeShutdown", { reason: "graceful", timeout_seconds: 1 }], "PERMISSION_DENIED"],
    [["ModuleLoaded", { module_id: "x", module_name: "x", version: "1" }], "PERMISSION_DENIED"],
    [["PaymentRouteFailed", { payment_id: "p" }], "INVALID_PARAMS"],
    [["PaymentRouteFailed", { ...good, extra: 1 }], "INVALID_PARAMS"],
    [["PaymentRouteFailed", null], "INVALID_PARAMS"],
    [["NoSuchEvent", {}], "INVALID_PARAMS"],
    [[5, {}], "INVALID_PARAMS"],
  ];
  for (const [params, code] of cases) {
    expect([params[0], await codeOf(() => cell.call("events.publish", ...params))]).toEqual([
      params[0],
      code,
    ]);
  }
  expect(t.took("NewBlock", "NodeShutdown", "ModuleLoaded", "PaymentRouteFailed")).toEqual([]);
  expect(t.host.get("hello")?.calls).toEqual({ total: 9, denied: 3, failed: 5 });
});

Deno.test("storage is the module's own, within its quota", async () => {
  await using t = new TestHost();
  const [a, b] = [await cellOf(t, "a"), await cellOf(t, "b")];
  await a.call("storage.set", ["x", 1], { n: 5n, b: Uint8Array.of(1) });
  expect(await a.call("storage.get", ["x", 1])).toEqual({ n: 5n, b: Uint8Array.of(1) });
  expect(await b.call("storage.get", ["x", 1])).toBe(undefined);
  expect(await a.call("storage.list", {})).toEqual([{
    key: ["x", 1],
    value: { n: 5n, b: Uint8Array.of(1) },
  }]);
  expect(await a.call("storage.list")).toHaveLength(1);
  const check = (value: unknown) => ({
    checks: [{ key: ["c"], value }],
    mutations: [{ type: "set", key: ["c"], value: 1 }],
  });
  expect(await a.call("storage.atomic", check(null))).toBe(true);
  expect(await a.call("storage.atomic", check(null))).toBe(false);
  await a.call("storage.delete", ["c"]);
  expect(await a.call("storage.get", ["c"])).toBe(undefined);
  expect(await codeOf(() => a.call("storage.set", ["big"], "x".repeat(20_000)))).toBe("QUOTA_EXCEEDED");
  expect(await codeOf(() => a.call("storage.set", "no list", 1))).toBe("INVALID_PARAMS");
  await t.host.reload("a");
  expect(await t.cells.of("a").call("storage.get", ["x", 1])).toEqual({ n: 5n, b: Uint8Array.of(1) });
});

Deno.test("a fault of the node itself stays with the node", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "hello");
  await t.store.close();
  expect(await codeOf(() => cell.call("storage.get", ["x"]))).toBe("UNAVAILABLE");
  expect(t.log.some((line) => line.includes("a call of a module failed in the node"))).toBe(true);
});

Deno.test("modules see and call each other, and are called by their true name", async () => {
  await using t = new TestHost();
  const caller = await cellOf(t, "caller", { capabilities: ["call_module", "discover_modules"] });
  const target = await cellOf(t, "target", { capabilities: ["register_module_api"] });
  target.call("api.expose", "greet");
  target.answer = (invocation) => invocation.kind === "api" ? { ...invocation } : undefined;
  const answer = { kind: "api", method: "greet", params: { name: "Ada" }, caller: "caller" };
  expect(await caller.call("modules.call", "target", "greet", { name: "Ada" })).toEqual(answer);
  expect(await caller.call("modules.call", target.init.instanceId, "greet", { name: "Ada" })).toEqual(answer);
  expect(caller.call("modules.available", "target")).toBe(true);
  expect(caller.call("modules.info", "target")).toEqual({
    module_id: target.init.instanceId,
    module_name: "target",
    version: "1.0.0",
    capabilities: ["register_module_api"],
    status: "running",
    health: "healthy",
    methods: ["greet"],
    api_version: 1,
  });
  expect((caller.call("modules.list") as unknown[]).length).toBe(2);
  expect(await codeOf(() => caller.call("modules.call", "target", "hidden"))).toBe("NOT_FOUND");
  expect(await codeOf(() => caller.call("modules.call", "nobody", "greet"))).toBe("NOT_FOUND");
  await t.host.unload("target");
  expect(await codeOf(() => caller.call("modules.call", "target", "greet"))).toBe("UNAVAILABLE");
  expect(caller.call("modules.info", "target")).toBe(null);
  expect(caller.call("modules.available", "target")).toBe(false);
});

Deno.test("modules that call each other in a circle do not lock up", async () => {
  await using t = new TestHost();
  const capabilities = ["call_module", "register_module_api"];
  const [a, b] = [await cellOf(t, "a", { capabilities }), await cellOf(t, "b", { capabilities })];
  a.call("api.expose", "ping");
  b.call("api.expose", "pong");
  let depth = 0;
  a.answer = () => ++depth > 5 ? depth : a.call("modules.call", "b", "pong");
  b.answer = () => b.call("modules.call", "a", "ping");
  expect(await t.host.call("a", "ping", null, { caller: "operator" })).toBe(6);
});

Deno.test("health.report changes the module's health while it runs", async () => {
  await using t = new TestHost();
  const cell = await cellOf(t, "hello");
  t.took();
  cell.call("health.report", "degraded", "no peers");
  cell.call("health.report", "degraded");
  expect(t.took("ModuleHealthChanged")).toEqual([
    ["ModuleHealthChanged", { module_name: "hello", old_health: "healthy", new_health: "degraded" }],
  ]);
  expect(t.host.get("hello")?.health).toBe("degraded");
  expect(await codeOf(() => cell.call("health.report", "splendid"))).toBe("INVALID_PARAMS");
});

Deno.test("what a module registers before it runs is not visible until it runs", async () => {
  await using t = new TestHost();
  t.add("hello");
  t.cells.onStart = (cell) => cell.call("cli.register", { name: "greet" });
  const loading = t.host.load("hello");
  await t.clock.advance(0);
  expect(t.host.cliSpecs()).toEqual({});
  t.cells.of("hello").run();
  await loading;
  expect(Object.keys(t.host.cliSpecs())).toEqual(["hello"]);
});
