import { expect } from "expect";
import { CommonsError, isCommonsError } from "../base/mod.ts";
import { codeOf, measure, TestHost } from "./test_host.ts";

Deno.test("load() starts one cell and announces it once", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: ["subscribe_events"] });
  const view = await t.host.load("hello");
  expect([view.state, view.health, view.pid, view.hash]).toEqual([
    "running",
    "healthy",
    1,
    measure("export default { start() {} }; // hello").hash,
  ]);
  expect(view.capabilities).toEqual({
    requested: ["subscribe_events"],
    granted: ["subscribe_events"],
    missing: [],
  });
  const id = t.cells.of("hello").init.instanceId;
  expect(id).toMatch(/^hello_[0-9a-f]{32}$/);
  await t.clock.advance(0);
  expect(t.took(
    "ModuleDiscovered",
    "ModuleStateChanged",
    "ModuleHealthChanged",
    "ModuleStarted",
    "ModuleLoaded",
  )).toEqual([
    ["ModuleDiscovered", { module_name: "hello", version: "1.0.0", source: "filesystem" }],
    ["ModuleStateChanged", { module_name: "hello", old_state: "discovered", new_state: "starting" }],
    ["ModuleStateChanged", { module_name: "hello", old_state: "starting", new_state: "running" }],
    ["ModuleHealthChanged", { module_name: "hello", old_health: "unknown", new_health: "healthy" }],
    ["ModuleStarted", { module_name: "hello" }],
    ["ModuleLoaded", { module_id: id, module_name: "hello", version: "1.0.0" }],
  ]);
});

Deno.test("load() announces an install once, over restarts of the node", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.load("hello");
  await t.clock.advance(0);
  expect(t.took("ModuleInstalled")).toEqual([["ModuleInstalled", {
    module_name: "hello",
    version: "1.0.0",
  }]]);
  await t.host.reload("hello");
  await t.clock.advance(0);
  expect(t.took("ModuleInstalled", "ModuleUpdated")).toEqual([]);
});

Deno.test("load() twice at once starts one cell", async () => {
  await using t = new TestHost();
  t.add("hello");
  const codes = await Promise.all([1, 2, 3].map(() => codeOf(() => t.host.load("hello"))));
  expect(codes).toEqual(["", "MODULE_ALREADY_LOADED", "MODULE_ALREADY_LOADED"]);
  expect(t.cells.all.length).toBe(1);
  expect(t.files.reads.get("hello")).toBe(1);
});

Deno.test("load() finds what was dropped into the folder, and nothing else", async () => {
  await using t = new TestHost();
  await t.host.start();
  expect(await codeOf(() => t.host.load("hello"))).toBe("MODULE_NOT_FOUND");
  expect(await codeOf(() => t.host.load("../etc"))).toBe("MODULE_NOT_FOUND");
  expect(await codeOf(() => t.host.unload("hello"))).toBe("MODULE_NOT_FOUND");
  t.add("hello");
  expect((await t.host.load("hello")).state).toBe("running");
});

Deno.test("unload() stops the cell, lets it save, and takes back what it registered", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: ["write_storage", "read_storage"] });
  await t.host.load("hello");
  const cell = t.cells.of("hello");
  cell.call("cli.register", { name: "greet" });
  let saved: unknown;
  cell.onStop = () => saved = cell.call("storage.set", ["last"], 1);
  expect(Object.keys(t.host.cliSpecs())).toEqual(["hello"]);
  t.took();
  const view = await t.host.unload("hello");
  await saved;
  expect([view.state, view.health, view.pid, view.lastExit?.reason]).toEqual([
    "stopped",
    "unknown",
    null,
    "stopped",
  ]);
  expect(t.host.cliSpecs()).toEqual({});
  const id = cell.init.instanceId;
  expect(t.took("ModuleStateChanged", "ModuleStopped", "ModuleUnloaded")).toEqual([
    ["ModuleStateChanged", { module_name: "hello", old_state: "running", new_state: "stopping" }],
    ["ModuleStateChanged", { module_name: "hello", old_state: "stopping", new_state: "stopped" }],
    ["ModuleStopped", { module_name: "hello" }],
    ["ModuleUnloaded", { module_id: id, module_name: "hello", version: "1.0.0" }],
  ]);
  expect(await codeOf(() => cell.call("node.info"))).toBe("UNAVAILABLE");
  expect(await codeOf(() => t.host.unload("hello"))).toBe("MODULE_NOT_RUNNING");
});

Deno.test("unload() kills a cell that does not stop", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.load("hello");
  t.cells.of("hello").stopsAtOnce = false;
  const unloading = t.host.unload("hello");
  await t.clock.advance(0);
  await t.clock.advance(4_000);
  expect((await unloading).lastExit?.reason).toBe("killed");
  expect(t.state("hello")).toBe("stopped");
});

Deno.test("unload() gives up a start under way", async (t) => {
  await t.step("while the cell starts", async () => {
    await using h = new TestHost();
    h.add("hello");
    h.cells.onStart = () => {};
    const loading = codeOf(() => h.host.load("hello"));
    await h.clock.advance(0);
    await h.host.unload("hello");
    expect(await loading).toBe("START_FAILED");
    expect(h.state("hello")).toBe("stopped");
    expect(h.cells.alive()).toEqual([]);
  });
  await t.step("while it is read", async () => {
    await using h = new TestHost();
    h.add("hello");
    const gate = Promise.withResolvers<void>();
    h.files.gate = gate.promise;
    const loading = codeOf(() => h.host.load("hello"));
    await h.clock.advance(0);
    const unloading = h.host.unload("hello");
    gate.resolve();
    expect(await loading).toBe("START_FAILED");
    expect((await unloading).state).toBe("stopped");
    expect(h.cells.all).toEqual([]);
  });
});

Deno.test("a crash restarts the very bytes that were checked, with backoff", async () => {
  await using t = new TestHost();
  t.add("hello", { source: "first" });
  await t.host.load("hello");
  t.took();
  t.add("hello", { source: "second" });
  t.cells.of("hello").end("out_of_memory", "used too much");
  await t.clock.advance(0);
  const view = t.host.get("hello");
  expect([view?.state, view?.health, view?.reason, view?.lastExit?.reason]).toEqual([
    "backoff",
    "unhealthy",
    { code: "OUT_OF_MEMORY", message: "used too much" },
    "out_of_memory",
  ]);
  expect(t.took("ModuleCrashed", "ModuleUnloaded", "ModuleStopped").map((event) => (event as unknown[])[0]))
    .toEqual(["ModuleCrashed", "ModuleUnloaded"]);
  await t.clock.advance(799);
  expect(t.cells.all.length).toBe(1);
  await t.clock.advance(402);
  expect([t.state("hello"), t.cells.all.length, t.cells.of("hello").init.source]).toEqual([
    "running",
    2,
    "first",
  ]);
  expect(t.host.get("hello")?.restarts).toBe(1);
  expect(t.files.reads.get("hello")).toBe(1);
});

Deno.test("a crash loop ends in failed, and only a load starts it again", async () => {
  await using t = new TestHost();
  t.add("bad");
  t.cells.onStart = (cell) => cell.end("crashed", "Error: no");
  expect(await codeOf(() => t.host.load("bad"))).toBe("START_FAILED");
  expect(t.state("bad")).toBe("backoff");
  await t.clock.advance(60_000);
  expect([t.state("bad"), t.cells.all.length]).toEqual(["failed", 5]);
  await t.clock.advance(600_000);
  expect(t.cells.all.length).toBe(5);
  expect(t.clock.pending).toBe(0);
  t.cells.onStart = (cell) => cell.run();
  expect((await t.host.load("bad")).state).toBe("running");
});

Deno.test("load() in backoff starts at once and cancels the timer", async () => {
  await using t = new TestHost();
  t.add("hello");
  t.cells.onStart = (cell) => cell.end("crashed");
  await codeOf(() => t.host.load("hello"));
  t.cells.onStart = (cell) => cell.run();
  await t.host.load("hello");
  await t.clock.advance(10_000);
  expect(t.cells.all.length).toBe(2);
});

Deno.test("unload() in backoff and in failed ends the waiting", async () => {
  await using t = new TestHost();
  t.add("hello");
  t.cells.onStart = (cell) => cell.end("crashed");
  await codeOf(() => t.host.load("hello"));
  expect((await t.host.unload("hello")).state).toBe("stopped");
  await t.clock.advance(10_000);
  expect(t.cells.all.length).toBe(1);
});

Deno.test("how a cell ends decides what comes next", async (t) => {
  const cases = [
    ["crashed", "backoff"],
    ["out_of_memory", "backoff"],
    ["unresponsive", "backoff"],
    ["protocol_violation", "backoff"],
    ["killed", "backoff"],
    ["completed", "stopped"],
  ] as const;
  for (const [reason, state] of cases) {
    await t.step(reason, async () => {
      await using h = new TestHost();
      h.add("hello");
      await h.host.load("hello");
      h.cells.of("hello").end(reason, "detail");
      await h.clock.advance(0);
      expect([h.state("hello"), h.host.get("hello")?.lastExit?.reason]).toEqual([state, reason]);
    });
  }
  await t.step("start_timeout", async () => {
    await using h = new TestHost();
    h.add("slow");
    h.cells.onStart = (cell) => cell.end("start_timeout", "did not start within 5000 ms");
    const error = await h.host.load("slow").catch((reason) => reason);
    expect(isCommonsError(error, "START_FAILED") && error.detail).toEqual({ reason: "start_timeout" });
    expect(error.message).toBe("Cannot start module slow: start timeout: did not start within 5000 ms");
    expect([h.state("slow"), h.host.get("slow")?.lastExit?.reason]).toEqual(["backoff", "start_timeout"]);
  });
  await t.step("cell cannot be made", async () => {
    await using h = new TestHost();
    h.add("hello");
    h.cells.onStart = () => {
      throw new Error("no process left");
    };
    expect(await codeOf(() => h.host.load("hello"))).toBe("START_FAILED");
    expect(h.host.get("hello")?.lastExit?.detail).toBe("no process left");
  });
});

Deno.test("a crash while it is being unloaded is no crash", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.load("hello");
  const cell = t.cells.of("hello");
  cell.onStop = () => cell.end("crashed", "in stop()");
  t.took();
  await t.host.unload("hello");
  await t.clock.advance(60_000);
  expect([t.state("hello"), t.cells.all.length]).toEqual(["stopped", 1]);
  expect(t.took("ModuleCrashed")).toEqual([]);
});

Deno.test("a crash during a reload does not start two cells", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.load("hello");
  const first = t.cells.of("hello");
  first.end("crashed", "now");
  await Promise.all([t.host.reload("hello"), codeOf(() => t.host.load("hello"))]);
  await t.clock.advance(60_000);
  expect([t.state("hello"), t.cells.alive().length]).toEqual(["running", 1]);
});

Deno.test("load() refuses", async (t) => {
  const zeros = "0".repeat(64);
  const signed = `[signatures]\nthreshold = "1-of-1"\n[[signatures.maintainers]]\nname = "a"\n` +
    `public_key = "${zeros}"\nsignature = "${zeros}${zeros}"\n`;
  const { hash, bytes } = measure("code");
  const binary = `[binary]\nhash = "${hash}"\n`;
  const cases: [name: string, toml: string, reason: string, init?: object][] = [
    ["another hash", `[binary]\nhash = "sha256:${zeros}"`, "HASH_MISMATCH"],
    ["another size", `[binary]\nsize = ${bytes + 1}`, "SIZE_MISMATCH"],
    ["signatures nobody can check", binary + signed, "SIGNATURE_UNVERIFIABLE"],
    ["no signatures where required", binary, "SIGNATURE_MISSING", { requireSignatures: true }],
    ["an older node", `[compatibility]\nnode = ">=0.2.0"`, "INCOMPATIBLE"],
    ["another sdk", `[compatibility]\nsdk = 2`, "INCOMPATIBLE"],
    ["a node dependency", `[dependencies]\n"blvm-node" = ">=1.0.0"`, "DEPENDENCY_VERSION"],
    ["a missing dependency", `[dependencies]\nother = "^1.0.0"`, "DEPENDENCY_MISSING"],
    ["a pinned version", "", "VERSION_NOT_ENABLED", { enabled: { hello: "^2" } }],
  ];
  for (const [name, toml, reason, init] of cases) {
    await t.step(name, async () => {
      await using h = new TestHost(init);
      h.add("hello", { toml, source: "code" });
      const error = await h.host.load("hello").catch((caught) => caught);
      expect(isCommonsError(error, "MODULE_REJECTED") && error.detail?.["reason"]).toBe(reason);
      expect([h.state("hello"), h.host.get("hello")?.reason?.code]).toEqual(["rejected", reason]);
      expect(h.cells.all.length).toBe(0);
    });
  }
  await t.step("what cannot be read", async () => {
    await using h = new TestHost();
    h.add("hello", { fault: new CommonsError("MANIFEST_SYNTAX", "Cannot read module.toml: line 3") });
    await h.host.start();
    expect(h.host.get("hello")?.reason).toEqual({
      code: "MANIFEST_SYNTAX",
      message: "Cannot read module.toml: line 3",
    });
    expect(await codeOf(() => h.host.load("hello"))).toBe("MODULE_REJECTED");
    h.add("hello");
    expect((await h.host.load("hello")).state).toBe("running");
  });
});

Deno.test("load() accepts what matches", async () => {
  await using t = new TestHost();
  const { hash, bytes } = measure("code");
  t.add("hello", {
    source: "code",
    toml: `[binary]\nhash = "${hash}"\nsize = ${bytes}\n[compatibility]\nnode = ">=0.1.0"\nsdk = 1\n` +
      `[dependencies]\n"commons-node" = ">=0.1.0"`,
  });
  expect((await t.host.load("hello")).state).toBe("running");
});

Deno.test("a cell gets the operator's configuration and at most his limits", async () => {
  await using t = new TestHost({ moduleConfig: { hello: { a: { x: 2 }, b: "node" } } });
  t.add("hello", {
    config: { a: { x: 1, y: 1 }, b: "own", c: [1] },
    toml: `[limits]\nmemory_mb = 4096\nstartup_ms = 500`,
  });
  await t.host.load("hello");
  const { config, limits, dataDir, net } = t.cells.of("hello").init;
  expect(config).toEqual({ a: { x: 2, y: 1 }, b: "node", c: [1] });
  expect([limits.memoryBytes, limits.startupMs]).toEqual([64 * 1_048_576, 500]);
  expect([dataDir, net]).toEqual(["/data/modules/hello", []]);
});
