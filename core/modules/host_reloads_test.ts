import { expect } from "expect";
import { CommonsError } from "../base/mod.ts";
import { codeOf, TestHost } from "./test_host.ts";
import type { ModuleHostInit } from "./host_types.ts";

/** A host that watches its folder. */
async function watched(init: Partial<ModuleHostInit> = {}) {
  const folder = { change: (_path: string) => {} };
  const t = new TestHost(init, {
    folder: {
      start: (onChange) => {
        folder.change = onChange;
        return { [Symbol.dispose]: () => folder.change = () => {} };
      },
    },
  });
  t.add("hello", { source: "one" });
  await t.host.start();
  await t.clock.advance(0);
  t.took();
  const change = async (...names: string[]) => {
    for (const name of names) folder.change(`${name}/mod.js`);
    await t.clock.advance(300);
    await t.clock.advance(0);
  };
  return { t, change, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() };
}

const sources = (t: TestHost) => t.cells.all.map(({ init }) => init.source);

Deno.test("a change reloads the module, once", async () => {
  await using w = await watched();
  w.t.add("hello", { source: "two", version: "1.1.0" });
  await w.change("hello", "hello", "hello");
  expect([sources(w.t), w.t.state("hello")]).toEqual([["one", "two"], "running"]);
  expect(w.t.took("ModuleReloaded").length).toBe(1);
});

Deno.test("a change of what does not run, or of nothing, changes nothing", async () => {
  await using w = await watched();
  await w.change("hello"); // a README
  w.t.add("hello", { source: "one", config: { a: 1 } });
  await w.change("hello");
  expect(sources(w.t)).toEqual(["one", "one"]); // the configuration counts
  await w.t.host.unload("hello");
  w.t.add("hello", { source: "two" });
  await w.change("hello");
  expect([sources(w.t).length, w.t.state("hello")]).toEqual([2, "stopped"]);
});

Deno.test("a change that is refused, or does not start, leaves what runs", async () => {
  await using w = await watched();
  w.t.add("hello", { fault: new CommonsError("MANIFEST_SYNTAX", "Cannot read it: line 3") });
  await w.change("hello");
  expect([w.t.state("hello"), w.t.host.get("hello")?.reason?.code]).toEqual(["running", "MANIFEST_SYNTAX"]);
  w.t.cells.onStart = (cell) => cell.init.source === "bad" ? cell.end("crashed") : cell.run();
  w.t.add("hello", { source: "bad" });
  await w.change("hello");
  expect([w.t.state("hello"), w.t.host.get("hello")?.reason?.code]).toEqual(["running", "ROLLED_BACK"]);
  w.t.add("hello", { source: "good" });
  await w.change("hello");
  expect([sources(w.t), w.t.host.get("hello")?.reason]).toEqual([["one", "bad", "one", "good"], undefined]);
});

Deno.test("a module that was refused is tried again when it changes", async () => {
  await using w = await watched();
  w.t.add("next", { fault: new CommonsError("MANIFEST_SYNTAX", "Cannot read it: line 3") });
  await w.change("next");
  expect(w.t.state("next")).toBe("rejected");
  w.t.add("next");
  await w.change("next");
  expect(w.t.state("next")).toBe("running");
});

Deno.test("a new folder is discovered, and loaded when it is enabled", async (t) => {
  await t.step("enabled", async () => {
    await using w = await watched();
    w.t.add("next");
    await w.change("next");
    expect(w.t.state("next")).toBe("running");
    expect(w.t.took("ModuleDiscovered").length).toBe(1);
  });
  await t.step("not enabled", async () => {
    await using w = await watched({ enabled: { hello: "*" } });
    w.t.add("next");
    await w.change("next");
    expect([w.t.state("next"), w.t.host.get("next")?.reason?.code]).toEqual(["discovered", "NOT_ENABLED"]);
  });
});

Deno.test("a folder that goes takes its module along, and what needs it waits", async () => {
  await using w = await watched();
  w.t.add("user", { toml: `[dependencies]\nhello = "*"` });
  await w.change("user");
  w.t.files.modules.delete("hello");
  await w.change("hello");
  expect([w.t.host.get("hello"), w.t.state("user")]).toEqual([undefined, "stopped"]);
  expect(w.t.took("ModuleRemoved")).toEqual([["ModuleRemoved", { module_name: "hello", version: "1.0.0" }]]);
  expect(w.t.cells.alive().length).toBe(0);
  w.t.add("hello", { source: "back" });
  await w.change("hello");
  await w.t.clock.advance(0);
  expect([w.t.state("hello"), w.t.state("user")]).toEqual(["running", "running"]);
});

Deno.test("several modules at once are followed each by itself", async () => {
  await using w = await watched();
  for (const name of ["a", "b", "c"]) w.t.add(name);
  w.t.add("bad", { fault: new CommonsError("MANIFEST_SYNTAX", "Cannot read it: line 3") });
  await w.change("a", "bad", "b", "c");
  expect(["a", "b", "bad", "c"].map((name) => w.t.state(name))).toEqual([
    "running",
    "running",
    "rejected",
    "running",
  ]);
});

Deno.test("stop() ends the watch", async () => {
  await using w = await watched();
  w.t.add("hello", { source: "two" });
  await w.t.host.stop();
  await w.change("hello");
  expect([sources(w.t), w.t.clock.pending]).toEqual([["one"], 0]);
});

Deno.test("discover() takes up folders that came and went, at most once a second", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.start();
  t.add("next");
  await t.host.discover();
  expect(t.state("next")).toBeUndefined(); // the start has just looked
  await t.clock.advance(1_000);
  await Promise.all([t.host.discover(), t.host.discover()]);
  expect(t.state("next")).toBe("discovered");
  expect(t.took("ModuleDiscovered").length).toBe(2);
  t.files.modules.clear();
  await t.clock.advance(1_000);
  await t.host.discover();
  expect(t.host.list().map(({ name }) => name)).toEqual(["hello"]); // it runs
  expect(t.took("ModuleRemoved")).toEqual([["ModuleRemoved", { module_name: "next", version: "1.0.0" }]]);
  await t.host.unload("hello");
  await t.clock.advance(1_000);
  await t.host.discover();
  expect(t.host.list()).toEqual([]);
  expect(await codeOf(() => t.host.load("hello"))).toBe("MODULE_NOT_FOUND");
});

Deno.test("discover() says a folder's fault once", async () => {
  await using t = new TestHost();
  t.add("bad", { fault: new CommonsError("MANIFEST_SYNTAX", "Cannot read it: line 3") });
  await t.host.start();
  for (let i = 0; i < 3; i++) {
    await t.clock.advance(1_000);
    await t.host.discover();
  }
  expect(t.host.logs("bad").length).toBe(1);
});
