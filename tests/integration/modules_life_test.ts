import { expect } from "expect";
import { isCommonsError } from "../../core/base/mod.ts";
import { eventually } from "../support/eventually.ts";
import { type ModuleRig, startModuleRig } from "../support/module_rig.ts";
import { helloModule } from "../support/modules.ts";

const TALKS = ["discover_modules", "call_module", "subscribe_events", "register_module_api"];

function stateOf(rig: ModuleRig, name: string): string | undefined {
  return rig.host.get(name)?.state;
}

/** `[type, module]` of the events of these types. */
function told(rig: ModuleRig, ...types: string[]): string[] {
  return rig.published.flatMap(({ type, payload }) =>
    types.includes(type) && "module_name" in payload ? [`${type} ${payload.module_name}`] : []
  );
}

async function errorOf(work: Promise<unknown>): Promise<{ code: string; message: string; detail: unknown }> {
  const error = await work.then(() => undefined, (reason) => reason);
  if (isCommonsError(error)) return { code: error.code, message: error.message, detail: error.detail };
  throw error ?? new Error("it should have been refused");
}

Deno.test("a real module end to end: command, route, API, event, storage, log, end", async () => {
  await using rig = await startModuleRig({ modules: { hello: await helloModule() } });
  expect(rig.host.get("hello")).toMatchObject({ state: "running", health: "healthy", restarts: 0 });
  expect(await rig.host.runCli("hello", "greet", ["Ada"])).toEqual({
    stdout: "Hello, Ada!\n",
    stderr: "",
    exit_code: 0,
  });
  const request = { method: "GET", path: "/greet", query: {}, headers: {}, body: new Uint8Array() };
  expect((await rig.host.handleHttp("hello", request)).status).toBe(200);
  expect(String(await rig.ask("hello", "greet", { name: "Ada" }))).toContain("Hello, Ada");
  expect((await rig.host.unload("hello")).lastExit).toMatchObject({ reason: "stopped" });
  expect(rig.host.cliSpecs()).toEqual({});
});

const COUNTER = `
export default {
  async start(node) {
    node.api.expose("add", async (by, caller) => {
      const count = (await node.storage.get(["count"]) ?? 0) + by;
      await node.storage.set(["count"], count);
      return { count, caller };
    });
  },
};`;

const ASKER = `
export default {
  start(node) {
    const loaded = [];
    node.events.on("ModuleLoaded", ({ module_name, module_id }) => loaded.push([module_name, module_id]));
    node.api.expose("loaded", () => loaded);
    node.api.expose("add", (by) => node.modules.call("counter", "add", by));
    node.api.expose("own", async () => await node.storage.get(["count"]) ?? null);
    node.api.expose("seen", async () => (await node.modules.list()).map(({ module_name }) => module_name).sort());
  },
};`;

Deno.test("two modules at once: they call each other, and share nothing else", async (t) => {
  const storage = ["read_storage", "write_storage"];
  await using rig = await startModuleRig({
    modules: {
      counter: { source: COUNTER, capabilities: [...storage, "register_module_api"] },
      asker: { source: ASKER, capabilities: [...TALKS, ...storage] },
    },
  });
  await t.step("a capability takes effect when it is approved", async () => {
    expect(rig.host.get("asker")).toMatchObject({
      state: "needs_approval",
      capabilities: { missing: ["call_module"] },
    });
    expect(await rig.host.approve("asker")).toMatchObject({ state: "running" });
  });
  await t.step("calls, with the caller's name from the node", async () => {
    expect(await rig.ask("asker", "add", 2)).toEqual({ count: 2, caller: "asker" });
    expect(await rig.ask("counter", "add", 3)).toEqual({ count: 5, caller: "test" });
    expect(await rig.ask("asker", "own")).toBeNull();
    expect(await rig.ask("asker", "seen")).toEqual(["asker", "counter"]);
  });
  await t.step("ModuleLoaded: once to everybody, and of those before to who subscribes later", async () => {
    const ids = Object.fromEntries(
      rig.published.flatMap(({ type, payload }) =>
        type === "ModuleLoaded" && "module_id" in payload && "module_name" in payload
          ? [[payload.module_name, payload.module_id]]
          : []
      ),
    );
    await eventually("both", async () => (await rig.ask("asker", "loaded") as unknown[]).length === 2);
    expect(await rig.ask("asker", "loaded")).toEqual([["counter", ids["counter"]], ["asker", ids["asker"]]]);
    await rig.host.reload("counter");
    await eventually("the third", async () => (await rig.ask("asker", "loaded") as unknown[]).length === 3);
  });
  await t.step("a revoked capability is gone at once, and with it the module", async () => {
    expect(await rig.host.revoke("asker")).toMatchObject({ state: "needs_approval", pid: null });
    expect(stateOf(rig, "counter")).toBe("running");
  });
});

const DENIED = `
export default {
  start(node) {
    node.api.expose("store", async () => {
      try { await node.storage.set(["k"], 1); return "stored"; } catch (error) { return error.code; }
    });
  },
};`;

Deno.test("a capability holds from one start to the next, never longer", async () => {
  await using rig = await startModuleRig({
    modules: { saver: { source: DENIED, capabilities: ["register_module_api"] } },
  });
  expect(await rig.ask("saver", "store")).toBe("PERMISSION_DENIED");
  await rig.put("saver", { source: DENIED, capabilities: ["register_module_api", "write_storage"] });
  await rig.host.reload("saver");
  expect(await rig.ask("saver", "store")).toBe("stored");
  await rig.put("saver", { source: DENIED, capabilities: ["register_module_api"] });
  await rig.host.reload("saver");
  expect(await rig.ask("saver", "store")).toBe("PERMISSION_DENIED");
});

const FRAGILE = `
export default {
  start(node) {
    node.api.expose("boom", () => { setTimeout(() => { throw new Error("boom"); }); return "soon"; });
    node.api.expose("ping", () => "pong");
  },
};`;
const USER = `
export default {
  start(node) {
    node.api.expose("ping", () => node.modules.call("base", "ping"));
    return node.storage.set(["starts"], Date.now());
  },
  stop() {},
};`;

Deno.test("a crash is told, stops the dependents in order, and its end brings them back", async () => {
  const capabilities = ["register_module_api", "write_storage"];
  await using rig = await startModuleRig({
    modules: {
      top: { source: USER, capabilities, dependencies: { middle: "^1" } },
      middle: { source: USER, capabilities, dependencies: { base: "^1" } },
      base: { source: FRAGILE, capabilities },
      other: { source: FRAGILE, capabilities },
    },
  });
  const pids = ["top", "middle", "base", "other"].map((name) => rig.host.get(name)?.pid);
  rig.published.length = 0;
  expect(await rig.ask("base", "boom")).toBe("soon");
  await eventually("the end of the dependents", () => stateOf(rig, "middle") === "stopped");
  expect(rig.host.get("middle")?.reason).toMatchObject({ code: "DEPENDENCY_NOT_RUNNING" });
  await eventually("everybody's return", () => stateOf(rig, "top") === "running");
  expect(told(rig, "ModuleCrashed", "ModuleStopped", "ModuleUnloaded", "ModuleStarted", "ModuleLoaded"))
    .toEqual([
      "ModuleCrashed base",
      "ModuleUnloaded base",
      "ModuleStopped top",
      "ModuleUnloaded top",
      "ModuleStopped middle",
      "ModuleUnloaded middle",
      "ModuleStarted base",
      "ModuleLoaded base",
      "ModuleStarted middle",
      "ModuleLoaded middle",
      "ModuleStarted top",
      "ModuleLoaded top",
    ]);
  const after = ["top", "middle", "base", "other"].map((name) => rig.host.get(name)?.pid);
  expect(after.map((pid, i) => pid === pids[i])).toEqual([false, false, false, true]);
  expect(rig.host.get("base")).toMatchObject({ restarts: 1, lastExit: { reason: "crashed" } });
});

const VERSIONED = (version: string, start = "") => `
export default {
  async start(node) {
    ${start}
    node.cli.command({ name: "version" }, () => "${version}");
    node.http.get("/version", () => "${version}");
    node.api.expose("slow", () => new Promise(() => {}));
    node.api.expose("saved", () => node.storage.get(["saved"]));
    this.node = node;
  },
  async stop() { await this.node.storage.set(["saved"], "by ${version}"); },
};`;

Deno.test("a live module is unloaded and reloaded, and goes back to what ran", async (t) => {
  const capabilities = ["register_module_api", "read_storage", "write_storage"];
  await using rig = await startModuleRig({ modules: { it: { source: VERSIONED("1"), capabilities } } });
  const shown = async () => (await rig.host.runCli("it", "version", [])).stdout;
  await t.step("reload: the old one saves, the new one has its commands, routes and data", async () => {
    const slow = rig.ask("it", "slow").then(() => "answered", (error) => error.code);
    await rig.put("it", { source: VERSIONED("2"), version: "2.0.0", capabilities });
    expect(await rig.host.reload("it")).toMatchObject({ state: "running", version: "2.0.0" });
    expect(await slow).toBe("MODULE_NOT_RUNNING");
    expect([await shown(), await rig.ask("it", "saved")]).toEqual(["2", "by 1"]);
  });
  await t.step("a refused version changes nothing", async () => {
    const { pid } = rig.host.get("it") ?? {};
    await rig.put("it", { source: `import "node:fs";\n${VERSIONED("3")}`, version: "3.0.0", capabilities });
    expect(await errorOf(rig.host.reload("it"))).toMatchObject({
      code: "MODULE_REJECTED",
      detail: { running: "2.0.0" },
    });
    expect(rig.host.get("it")).toMatchObject({ state: "running", version: "2.0.0", pid });
  });
  await t.step("one that does not start is rolled back", async () => {
    const source = VERSIONED("4", `throw new Error("not today");`);
    await rig.put("it", { source, version: "4.0.0", capabilities });
    const error = await errorOf(rig.host.reload("it"));
    expect(error).toMatchObject({ code: "START_FAILED", detail: { reason: "crashed", running: "2.0.0" } });
    expect(error.message).toMatch(/not today.*; version 2\.0\.0 runs again/s);
    expect([await shown(), await rig.ask("it", "saved")]).toEqual(["2", "by 2"]);
    expect(told(rig, "ModuleReloaded")).toEqual(["ModuleReloaded it"]);
  });
  await t.step("unload: nothing of it is left but its data", async () => {
    await rig.host.unload("it");
    expect(rig.host.get("it")).toMatchObject({
      state: "stopped",
      pid: null,
      lastExit: { reason: "stopped" },
    });
    expect([rig.host.cliSpecs(), rig.host.rpcMethods()]).toEqual([{}, []]);
    await rig.put("it", { source: VERSIONED("5"), version: "5.0.0", capabilities });
    await rig.host.load("it");
    expect([await shown(), await rig.ask("it", "saved")]).toEqual(["5", "by 2"]);
  });
});

const HOG = `
const kept = [];
export default {
  start(node) {
    node.api.expose("take", (mb) => { for (let i = 0; i < mb; i++) kept.push(new Uint8Array(1048576).fill(i)); });
  },
};`;

Deno.test("a module near its memory limit is warned of, and ends at it", async () => {
  const module = { source: HOG, capabilities: ["register_module_api"] };
  await using rig = await startModuleRig({
    modules: { hog: module, neighbour: module },
    limits: { memoryBytes: 100 * 1_048_576, unresponsiveMs: 2_000 },
  });
  const { pid } = rig.host.get("neighbour") ?? {};
  await rig.ask("hog", "take", 88);
  const warning = await eventually(
    "the warning",
    () => rig.published.find(({ type }) => type === "ResourceLimitWarning"),
  );
  expect(warning.payload).toMatchObject({
    module_name: "hog",
    resource_type: "memory",
    threshold_percent: 80,
  });
  expect(rig.host.get("hog")).toMatchObject({ state: "running", health: "degraded" });
  await rig.ask("hog", "take", 100).catch(() => {}); // it may end before it has answered
  await eventually("its end", () => rig.host.get("hog")?.lastExit ?? undefined);
  expect(rig.host.get("hog")).toMatchObject({
    health: "unhealthy",
    lastExit: { reason: "out_of_memory" },
  });
  expect(rig.host.get("neighbour")).toMatchObject({ state: "running", pid, health: "healthy" });
});

const CONFIGURED = `
export default {
  start(node) {
    node.log.info("configured with " + node.config.api_token, { again: node.config.api_token });
    node.api.expose("config", () => node.config);
    node.api.expose("write", () => {
      const tries = [
        () => { node.config.port = 1; }, () => { node.config.db.name = "x"; }, () => { node.config.list.push(1); },
        () => { delete node.config.db; }, () => { node.config.__proto__.x = 1; Object.defineProperty(node, "config", {}); },
      ];
      return tries.map((attempt) => { try { attempt(); return "done"; } catch (error) { return error.name; } });
    });
  },
};`;

Deno.test("configuration reaches the module: merged, typed, frozen, its secrets kept out of the log", async () => {
  const own = `port = 1
ratio = 0.5
name = "own"
list = [1, 2]
api_token = "own-s3cr3t-token"
since = 2024-05-01T00:00:00Z
db.name = "own"
[db.pool]
size = 5
lazy = true
`;
  const module = {
    source: CONFIGURED,
    capabilities: ["register_module_api"],
    files: { "config.toml": own },
  };
  await using rig = await startModuleRig({
    modules: { it: module },
    moduleConfig: {
      it: { name: "node", db: { pool: { size: 10 } }, list: ["x"], api_token: "node-s3cr3t-token" },
    },
  });
  const merged = {
    port: 1,
    ratio: 0.5,
    name: "node",
    list: ["x"],
    api_token: "node-s3cr3t-token",
    since: "2024-05-01T00:00:00.000Z",
    db: { name: "own", pool: { size: 10, lazy: true } },
  };
  expect(await rig.ask("it", "config")).toEqual(merged);
  expect(await rig.ask("it", "write")).toEqual([
    "TypeError",
    "TypeError",
    "TypeError",
    "TypeError",
    "TypeError",
  ]);
  expect(await rig.ask("it", "config")).toEqual(merged);
  expect(JSON.stringify(rig.host.logs("it"))).toContain("configured with [redacted]");
  expect(JSON.stringify([rig.host.logs("it"), rig.log])).not.toContain("s3cr3t");
  await rig.put("it", { ...module, files: { "config.toml": own.replace("port = 1", "port = 2") } });
  await rig.host.reload("it");
  expect(await rig.ask("it", "config")).toEqual({ ...merged, port: 2 });
});
