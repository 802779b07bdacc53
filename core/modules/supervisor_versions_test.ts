import { expect } from "expect";
import { CommonsError, isCommonsError } from "../base/mod.ts";
import { codeOf, TestHost } from "./test_host.ts";

const CONSENT = ["subscribe_events", "publish_events"];

async function errorOf(work: Promise<unknown>): Promise<CommonsError> {
  const error = await work.then(() => undefined, (reason) => reason);
  if (isCommonsError(error)) return error;
  throw error ?? new Error("it should have been refused");
}

Deno.test("reload() reads the module again and replaces the cell", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.load("hello");
  await t.clock.advance(0);
  t.took();
  t.add("hello", { version: "2.0.0", source: "export default { start() { 2 } };" });
  const view = await t.host.reload("hello");
  await t.clock.advance(0);
  expect([view.state, view.version, t.cells.all.length, t.cells.alive().length]).toEqual([
    "running",
    "2.0.0",
    2,
    1,
  ]);
  expect(t.files.reads.get("hello")).toBe(2);
  expect(t.took("ModuleReloaded", "ModuleUpdated").sort()).toEqual([
    ["ModuleReloaded", { module_name: "hello", old_version: "1.0.0", new_version: "2.0.0" }],
    ["ModuleUpdated", { module_name: "hello", old_version: "1.0.0", new_version: "2.0.0" }],
  ]);
});

Deno.test("reload() leaves what runs alone when the new version is refused", async (t) => {
  const cases: [name: string, change: object, reason: string][] = [
    ["another hash", { toml: `[binary]\nhash = "sha256:${"0".repeat(64)}"` }, "HASH_MISMATCH"],
    [
      "a broken folder",
      { fault: new CommonsError("MANIFEST_SYNTAX", "Cannot read it: line 3") },
      "MANIFEST_SYNTAX",
    ],
    ["something missing", { toml: `[dependencies]\nother = "*"` }, "DEPENDENCY_MISSING"],
  ];
  for (const [name, change, reason] of cases) {
    await t.step(name, async () => {
      await using h = new TestHost();
      h.add("hello", { source: "old" });
      await h.host.load("hello");
      await h.clock.advance(0);
      h.took();
      h.add("hello", { source: "new", version: "2.0.0", ...change });
      const error = await errorOf(h.host.reload("hello"));
      expect([error.code, error.detail?.["reason"], error.detail?.["running"]])
        .toEqual(["MODULE_REJECTED", reason, "1.0.0"]);
      expect(error.message).toContain("; version 1.0.0 runs on");
      const view = h.host.get("hello");
      expect([view?.state, view?.health, view?.version, view?.reason?.code])
        .toEqual(["running", "healthy", "1.0.0", reason]);
      expect(h.cells.all.map((cell) => cell.init.source)).toEqual(["old"]);
      await h.clock.advance(0);
      expect(h.published).toEqual([]);
      // Its restart after a crash is of the old bytes, too.
      h.cells.of("hello").end("crashed");
      await h.clock.advance(0);
      await h.clock.advance(2_000);
      expect(h.cells.all.map((cell) => cell.init.source)).toEqual(["old", "old"]);
      h.add("hello", { source: "fixed", version: "2.0.1" });
      const fixed = await h.host.reload("hello");
      expect([fixed.state, fixed.version, fixed.reason]).toEqual(["running", "2.0.1", undefined]);
    });
  }
});

Deno.test("reload() to a version that wants more waits for the approval, and runs just what was approved", async () => {
  await using t = new TestHost();
  t.add("hello", { source: "old", capabilities: ["subscribe_events"] });
  await t.host.load("hello");
  t.add("hello", { source: "shown", version: "2.0.0", capabilities: CONSENT });
  const error = await errorOf(t.host.reload("hello"));
  expect([error.code, error.detail]).toEqual(["NEEDS_APPROVAL", {
    missing: ["publish_events"],
    running: "1.0.0",
  }]);
  const view = t.host.get("hello");
  expect([view?.state, view?.version, view?.reason?.code]).toEqual(["running", "1.0.0", "NEEDS_APPROVAL"]);
  expect(view?.capabilities).toEqual({
    requested: ["subscribe_events"],
    granted: ["subscribe_events"],
    missing: ["publish_events"],
  });
  t.add("hello", { source: "swapped", version: "3.0.0", capabilities: CONSENT });
  const after = await t.host.approve("hello");
  expect([after.state, after.version, after.reason, after.capabilities.granted, after.capabilities.missing])
    .toEqual(["running", "2.0.0", undefined, CONSENT, []]);
  expect(t.cells.alive("hello").map((cell) => cell.init.source)).toEqual(["shown"]);
});

Deno.test("reload() starts the old version again when the new one does not start", async () => {
  await using t = new TestHost();
  t.add("hello", { source: "old" });
  await t.host.load("hello");
  await t.clock.advance(0);
  t.took();
  t.add("hello", { source: "new", version: "2.0.0" });
  t.cells.onStart = (cell) => cell.init.source === "new" ? cell.end("crashed", "Error: no") : cell.run();
  const error = await errorOf(t.host.reload("hello"));
  expect(error.code).toBe("START_FAILED");
  expect(error.message).toBe("Cannot start module hello: crashed: Error: no; version 1.0.0 runs again");
  expect(error.detail).toEqual({ reason: "crashed", running: "1.0.0" });
  const view = t.host.get("hello");
  expect([
    view?.state,
    view?.health,
    view?.version,
    view?.reason?.code,
    view?.restarts,
    view?.lastExit?.detail,
  ])
    .toEqual(["running", "healthy", "1.0.0", "ROLLED_BACK", 0, "Error: no"]);
  expect(t.cells.all.map((cell) => cell.init.source)).toEqual(["old", "new", "old"]);
  expect(t.files.reads.get("hello")).toBe(2);
  await t.clock.advance(0);
  const changes = t.published.map(({ type, payload }) =>
    "new_state" in payload ? `${payload.old_state} → ${payload.new_state}` : type
  );
  expect(changes).toEqual([
    "running → stopping",
    "stopping → stopped",
    "ModuleHealthChanged",
    "ModuleStopped",
    "ModuleUnloaded",
    "stopped → starting",
    "ModuleCrashed",
    "starting → stopped",
    "stopped → starting",
    "starting → running",
    "ModuleHealthChanged",
    "ModuleStarted",
    "ModuleLoaded",
  ]);
});

Deno.test("reload() backs off when neither version starts", async () => {
  await using t = new TestHost();
  t.add("hello", { source: "old" });
  await t.host.load("hello");
  t.add("hello", { source: "new", version: "2.0.0" });
  t.cells.onStart = (cell) => cell.end("crashed", "Error: no");
  const error = await errorOf(t.host.reload("hello"));
  expect([error.code, error.detail]).toEqual(["START_FAILED", { reason: "crashed" }]);
  expect(error.message).toContain("; version 1.0.0 did not start again either");
  expect([t.state("hello"), t.host.get("hello")?.version]).toEqual(["backoff", "1.0.0"]);
  t.cells.onStart = (cell) => cell.run();
  await t.clock.advance(2_000);
  expect([t.state("hello"), t.cells.of("hello").init.source]).toEqual(["running", "old"]);
});

Deno.test("unload() during a reload gives it up, and nothing is started again", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.load("hello");
  t.cells.onStart = () => {};
  const reloading = codeOf(() => t.host.reload("hello"));
  await t.clock.advance(0);
  expect(t.state("hello")).toBe("starting");
  const view = await t.host.unload("hello");
  expect([await reloading, view.state, t.cells.alive().length]).toEqual(["START_FAILED", "stopped", 0]);
});

Deno.test("reload() of a module that does not run loads it", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.load("hello");
  await t.host.unload("hello");
  expect((await t.host.reload("hello")).state).toBe("running");
  await t.clock.advance(0);
  expect(t.took("ModuleReloaded")).toEqual([]);
});

Deno.test("reload() in backoff puts the new version in place, without a way back", async () => {
  await using t = new TestHost();
  t.add("hello", { source: "old" });
  t.cells.onStart = (cell) => cell.init.source === "old" ? cell.end("crashed") : cell.run();
  await codeOf(() => t.host.load("hello"));
  t.add("hello", { source: "broken", version: "2.0.0", toml: `[compatibility]\nsdk = 9` });
  expect(await codeOf(() => t.host.reload("hello"))).toBe("MODULE_REJECTED");
  expect(t.state("hello")).toBe("backoff");
  t.add("hello", { source: "new", version: "2.0.0" });
  expect((await t.host.reload("hello")).state).toBe("running");
  await t.clock.advance(60_000);
  expect(t.cells.all.map((cell) => cell.init.source)).toEqual(["old", "new"]);
});

Deno.test("reload() takes over a changed configuration", async () => {
  await using t = new TestHost({ moduleConfig: { hello: { level: 2 } } });
  t.add("hello", { config: { level: 1, name: "a" } });
  await t.host.load("hello");
  t.add("hello", { config: { level: 1, name: "b" } });
  await t.host.reload("hello");
  expect(t.cells.all.map((cell) => cell.init.config)).toEqual([{ level: 2, name: "a" }, {
    level: 2,
    name: "b",
  }]);
});

Deno.test("a module that stays near its limits is degraded, and warned of once", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: ["report_metrics"] });
  await t.host.load("hello");
  await t.clock.advance(0);
  t.took();
  t.cells.of("hello").rssBytes = 60 * 1_048_576;
  await t.clock.advance(60_000);
  expect(t.took("ResourceLimitWarning", "ModuleHealthChanged")).toEqual([
    ["ResourceLimitWarning", {
      module_name: "hello",
      resource_type: "memory",
      usage_percent: 93.8,
      current_usage: 62_914_560,
      limit: 67_108_864,
      threshold_percent: 80,
    }],
    ["ModuleHealthChanged", { module_name: "hello", old_health: "healthy", new_health: "degraded" }],
  ]);
  t.cells.of("hello").call("health.report", "healthy");
  expect(t.host.get("hello")?.health).toBe("degraded");
  t.cells.of("hello").rssBytes = 0;
  await t.clock.advance(2_000);
  expect(t.host.get("hello")?.health).toBe("healthy");
  t.cells.of("hello").cpuPercent = 100;
  await t.clock.advance(40_000);
  expect(t.host.get("hello")?.health).toBe("degraded");
  await t.host.unload("hello");
  expect([t.host.get("hello")?.health, t.clock.pending]).toEqual(["unknown", 0]);
});
