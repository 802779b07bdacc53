import { expect } from "expect";
import { seededRandom } from "../base/mod.ts";
import { codeOf, TestHost, type TestModule } from "./test_host.ts";

const needs = (...names: string[]) => `[dependencies]\n${names.map((name) => `${name} = "*"`).join("\n")}\n`;
const likes = (...names: string[]) =>
  `[optional_dependencies]\n${names.map((name) => `${name} = "*"`).join("\n")}\n`;
const states = (t: TestHost) => Object.fromEntries(t.host.list().map(({ name, state }) => [name, state]));

/** Lets everything run that waits for nothing but its turn. */
async function settle(t: TestHost): Promise<void> {
  for (let i = 0; i < 5; i++) await t.clock.advance(0);
}

/** `a` needs `b`, which needs `c`; `d` would like `c`. */
async function chain(more: Readonly<Record<string, TestModule>> = {}): Promise<TestHost> {
  const t = new TestHost();
  t.add("a", { toml: needs("b") });
  t.add("b", { toml: needs("c") });
  t.add("c");
  t.add("d", { toml: likes("c") });
  for (const [name, module] of Object.entries(more)) t.add(name, module);
  await t.host.start();
  await settle(t);
  t.took();
  return t;
}

/** `[module, new state]` of each change since the last look. */
function changes(t: TestHost): string[] {
  return t.published.splice(0).flatMap(({ payload }) =>
    "new_state" in payload && "module_name" in payload ? [`${payload.module_name} ${payload.new_state}`] : []
  );
}

Deno.test("unload() stops dependents first, farthest first, and load() brings them all back", async () => {
  await using t = await chain();
  await t.host.unload("c");
  await settle(t);
  expect(changes(t)).toEqual([
    "a stopping",
    "a stopped",
    "b stopping",
    "b stopped",
    "c stopping",
    "c stopped",
  ]);
  expect(states(t)).toEqual({ a: "stopped", b: "stopped", c: "stopped", d: "running" });
  expect(t.host.get("b")?.reason).toEqual({
    code: "DEPENDENCY_NOT_RUNNING",
    message: "Cannot use module b: it needs c, which does not run (stopping)",
  });
  await t.clock.advance(120_000);
  expect([t.cells.all.length, t.clock.pending > 0]).toEqual([4, true]); // d's own watch
  await t.host.load("c");
  await settle(t);
  expect(changes(t)).toEqual([
    "c starting",
    "c running",
    "b starting",
    "b running",
    "a starting",
    "a running",
  ]);
  expect([t.host.get("a")?.reason, t.host.get("b")?.restarts]).toEqual([undefined, 0]);
  expect(t.files.reads.get("a")).toBe(1); // the very bytes that were checked
});

Deno.test("a crash stops the dependents after the fact and its end brings them back", async () => {
  await using t = await chain();
  t.cells.of("c").end("out_of_memory", "too much");
  await settle(t);
  expect(changes(t)).toEqual([
    "c backoff",
    "a stopping",
    "a stopped",
    "b stopping",
    "b stopped",
  ]);
  expect(t.host.get("b")?.reason?.message).toContain(
    "it needs c, which does not run (backoff, OUT_OF_MEMORY)",
  );
  await t.clock.advance(1_300);
  await settle(t);
  expect(states(t)).toEqual({ a: "running", b: "running", c: "running", d: "running" });
});

Deno.test("modules are told of every stop and start of dependents", async () => {
  await using t = await chain();
  t.cells.of("c").end("crashed", "Error");
  await settle(t);
  const types = t.published.filter(({ payload }) => "module_name" in payload && payload.module_name === "b")
    .map(({ type }) => type);
  expect(types).toEqual([
    "ModuleStateChanged",
    "ModuleStateChanged",
    "ModuleHealthChanged",
    "ModuleStopped",
    "ModuleUnloaded",
  ]);
});

Deno.test("what the operator unloads stays stopped", async () => {
  await using t = await chain();
  await t.host.unload("c");
  expect((await t.host.unload("a")).state).toBe("stopped"); // it only waited
  expect(t.host.get("a")?.reason).toBeUndefined();
  await t.host.load("c");
  await settle(t);
  expect(states(t)).toEqual({ a: "stopped", b: "running", c: "running", d: "running" });
  expect(await codeOf(() => t.host.unload("a"))).toBe("MODULE_NOT_RUNNING");
});

Deno.test("load() starts what is needed and does not run", async () => {
  await using t = await chain();
  await t.host.unload("c");
  await t.host.unload("b");
  await t.host.unload("a");
  changes(t);
  expect((await t.host.load("a")).state).toBe("running");
  expect(changes(t).filter((change) => change.endsWith("running"))).toEqual([
    "c running",
    "b running",
    "a running",
  ]);
});

Deno.test("load() starts what a changed manifest needs by now", async () => {
  await using t = await chain({ e: {}, f: {} });
  for (const name of ["e", "f"]) await t.host.unload(name);
  t.add("e", { toml: needs("f", "g") });
  t.add("g");
  expect((await t.host.load("e")).state).toBe("running");
  expect([t.state("f"), t.state("g")]).toEqual(["running", "running"]);
});

Deno.test("reload() starts what the new version needs", async () => {
  await using t = await chain();
  t.add("d", { version: "1.1.0", toml: needs("new") });
  expect(await codeOf(() => t.host.reload("d"))).toBe("MODULE_REJECTED");
  expect(t.host.get("d")?.reason?.code).toBe("DEPENDENCY_MISSING");
  t.add("new");
  expect((await t.host.reload("d")).version).toBe("1.1.0");
  expect([t.state("d"), t.state("new")]).toEqual(["running", "running"]);
});

Deno.test("load() does not start what is disabled, nor a version that would not do", async () => {
  await using t = new TestHost({ disabled: ["off"] });
  t.add("off");
  t.add("a", { toml: needs("off") });
  t.add("old");
  t.add("b", { toml: `[dependencies]\nold = "^2"` });
  await t.host.start();
  await t.host.unload("old");
  const reason = (name: string) => t.host.get(name)?.reason;
  expect(await codeOf(() => t.host.load("a"))).toBe("MODULE_REJECTED");
  expect(reason("a")?.message).toBe(
    "Cannot use module a: it needs off, which does not run (discovered, DISABLED)",
  );
  expect(await codeOf(() => t.host.load("b"))).toBe("MODULE_REJECTED");
  expect([t.state("off"), t.state("old"), reason("b")?.code]).toEqual([
    "discovered",
    "stopped",
    "DEPENDENCY_VERSION",
  ]);
});

Deno.test("start() starts what an enabled module needs, too", async () => {
  await using t = new TestHost({ enabled: { a: "*" } });
  t.add("a", { toml: needs("b") });
  t.add("b", { toml: needs("c") });
  t.add("c");
  t.add("d");
  await t.host.start();
  expect(states(t)).toEqual({ a: "running", b: "running", c: "running", d: "discovered" });
});

Deno.test("start() leaves modules waiting that lack another one, and they start with it", async (t) => {
  await t.step("missing", async () => {
    await using h = new TestHost();
    h.add("a", { toml: needs("b") });
    h.add("z", { toml: needs("a") });
    await h.host.start();
    expect([h.host.get("a")?.reason?.code, h.host.get("z")?.reason?.code])
      .toEqual(["DEPENDENCY_MISSING", "DEPENDENCY_NOT_RUNNING"]);
    h.add("b");
    await h.host.load("b");
    await settle(h);
    expect(states(h)).toEqual({ a: "running", b: "running", z: "running" });
  });
  await t.step("not approved", async () => {
    await using h = new TestHost();
    h.add("a", { toml: needs("b") });
    h.add("b", { capabilities: ["publish_events"] });
    await h.host.start();
    expect(states(h)).toEqual({ a: "rejected", b: "needs_approval" });
    await h.host.approve("b");
    await settle(h);
    expect(states(h)).toEqual({ a: "running", b: "running" });
    await h.host.revoke("b");
    await settle(h);
    expect(states(h)).toEqual({ a: "stopped", b: "needs_approval" });
  });
  await t.step("crashing at its first start", async () => {
    await using h = new TestHost();
    h.add("a", { toml: needs("b") });
    h.add("b");
    let starts = 0;
    h.cells.onStart = (cell) => cell.init.name === "b" && starts++ === 0 ? cell.end("crashed") : cell.run();
    await h.host.start();
    expect(states(h)).toEqual({ a: "rejected", b: "backoff" });
    await h.clock.advance(1_300);
    await settle(h);
    expect(states(h)).toEqual({ a: "running", b: "running" });
  });
  await t.step("but not after a load that was refused to somebody's face", async () => {
    await using h = new TestHost();
    await h.host.start();
    h.add("a", { toml: needs("b") });
    expect(await codeOf(() => h.host.load("a"))).toBe("MODULE_REJECTED");
    h.add("b");
    await h.host.load("b");
    await settle(h);
    expect(h.state("a")).toBe("rejected");
  });
});

Deno.test("modules in a circle are refused and named, and nobody else is", async () => {
  await using t = new TestHost();
  t.add("a", { toml: needs("b") });
  t.add("b", { toml: needs("c") });
  t.add("c", { toml: needs("a") });
  t.add("outside", { toml: needs("a") });
  t.add("free");
  await t.host.start();
  expect(states(t)).toEqual({
    a: "rejected",
    b: "rejected",
    c: "rejected",
    free: "running",
    outside: "rejected",
  });
  expect(t.host.get("b")?.reason).toEqual({
    code: "DEPENDENCY_CYCLE",
    message: "Cannot use module b: its dependencies run in a circle: b → c → a → b",
  });
  expect(t.host.get("outside")?.reason?.code).toBe("DEPENDENCY_NOT_RUNNING");
  const codes = await Promise.all(["a", "b", "c"].map((name) => codeOf(() => t.host.load(name))));
  expect(codes).toEqual(["MODULE_REJECTED", "MODULE_REJECTED", "MODULE_REJECTED"]);
});

Deno.test("optional dependencies order the start and stop nobody", async () => {
  await using t = new TestHost();
  t.add("a", { toml: likes("z", "missing") });
  t.add("z", { version: "2.0.0" });
  t.add("b", { toml: `[optional_dependencies]\nz = "^1"` });
  await t.host.start();
  expect(t.cells.all.map(({ init }) => init.name)).toEqual(["z", "a", "b"]);
  await t.host.unload("z");
  await settle(t);
  expect(states(t)).toEqual({ a: "running", b: "running", z: "stopped" });
});

Deno.test("reload() keeps dependents that can live with the new version", async () => {
  await using t = await chain();
  t.add("c", { version: "2.0.0" });
  await t.host.reload("c");
  await settle(t);
  expect(changes(t)).toEqual(["c stopping", "c stopped", "c starting", "c running"]);
});

Deno.test("reload() stops dependents first that cannot live with the new version", async () => {
  await using t = await chain({ b: { toml: `[dependencies]\nc = "^1.0"` } });
  t.add("c", { version: "2.0.0" });
  await t.host.reload("c");
  await settle(t);
  expect(changes(t)).toEqual([
    "a stopping",
    "a stopped",
    "b stopping",
    "b stopped",
    "c stopping",
    "c stopped",
    "c starting",
    "c running",
  ]);
  expect(t.host.get("b")?.reason).toEqual({
    code: "DEPENDENCY_VERSION",
    message: "Cannot use module b: it needs c ^1.0, there is 2.0.0",
  });
  t.add("c", { version: "1.5.0" });
  await t.host.reload("c");
  await settle(t);
  expect(states(t)).toEqual({ a: "running", b: "running", c: "running", d: "running" });
});

Deno.test("reload() that rolls back brings the dependents back", async () => {
  await using t = await chain({ b: { toml: `[dependencies]\nc = "^1.0"` } });
  t.add("c", { version: "2.0.0", source: "bad" });
  t.cells.onStart = (cell) => cell.init.source === "bad" ? cell.end("crashed") : cell.run();
  expect(await codeOf(() => t.host.reload("c"))).toBe("START_FAILED");
  await settle(t);
  expect(states(t)).toEqual({ a: "running", b: "running", c: "running", d: "running" });
  expect(t.host.get("c")?.version).toBe("1.0.0");
});

Deno.test("reload() of a dependent refused for its dependencies runs on", async () => {
  await using t = await chain();
  t.add("b", { version: "1.1.0", toml: `[dependencies]\nc = ">=3"` });
  expect(await codeOf(() => t.host.reload("b"))).toBe("MODULE_REJECTED");
  await settle(t);
  expect(states(t)).toEqual({ a: "running", b: "running", c: "running", d: "running" });
  expect(changes(t)).toEqual([]);
});

Deno.test("a dependency that ends while a dependent starts takes it along", async () => {
  await using t = await chain();
  await t.host.unload("a");
  t.cells.onStart = (cell) => cell.init.name === "a" ? undefined : cell.run();
  const loading = t.host.load("a");
  await settle(t);
  t.cells.of("b").end("crashed");
  await settle(t);
  t.cells.of("a").run();
  await loading;
  await settle(t);
  expect([t.state("a"), t.state("b")]).toEqual(["stopped", "backoff"]);
  t.cells.onStart = (cell) => cell.run();
  await t.clock.advance(1_300);
  await settle(t);
  expect(states(t)).toEqual({ a: "running", b: "running", c: "running", d: "running" });
});

Deno.test("a dependent in backoff waits for what it needs", async () => {
  await using t = await chain();
  t.cells.of("b").end("crashed");
  await settle(t);
  t.cells.of("c").end("crashed");
  await settle(t);
  expect(states(t)).toEqual({ a: "stopped", b: "stopped", c: "backoff", d: "running" });
  await t.clock.advance(1_300);
  await settle(t);
  expect(states(t)).toEqual({ a: "running", b: "running", c: "running", d: "running" });
});

Deno.test("stop() of the node brings nobody back", async () => {
  await using t = await chain();
  const count = t.cells.all.length;
  t.cells.of("c").end("crashed");
  await t.host.stop();
  await t.clock.advance(60_000);
  expect([t.cells.all.length, t.cells.alive().length, t.clock.pending]).toEqual([count, 0, 0]);
});

Deno.test("whatever happens in whatever order, it ends with everybody who can run running", async (t) => {
  for (let seed = 1; seed <= 8; seed++) {
    await t.step(`seed ${seed}`, async () => {
      const random = seededRandom(seed);
      const pick = <T>(items: readonly T[]): T => items[(random.bytes(1)[0] ?? 0) % items.length] as T;
      const names = ["a", "b", "c", "d", "e", "f"];
      await using h = new TestHost();
      names.forEach((name, i) => {
        const lower = names.slice(i + 1).filter(() => (random.bytes(1)[0] ?? 0) < 110);
        h.add(name, { toml: needs(...lower) });
      });
      await h.host.start();
      for (let i = 0; i < 60; i++) {
        const name = pick(names);
        const act = pick<() => unknown>([
          () => void codeOf(() => h.host.unload(name)),
          () => void codeOf(() => h.host.load(name)),
          () => void codeOf(() => h.host.reload(name)),
          () => h.cells.alive(name).at(-1)?.end("crashed"),
          () => h.clock.advance(1_500),
          () => settle(h),
        ]);
        await act();
      }
      await settle(h);
      for (const name of names.toReversed()) await codeOf(() => h.host.load(name));
      await settle(h);
      expect(Object.values(states(h))).toEqual(names.map(() => "running"));
      expect(h.cells.alive().length).toBe(names.length);
    });
  }
});
