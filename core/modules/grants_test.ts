import { expect } from "expect";
import { keys } from "../store/mod.ts";
import { codeOf, TestHost } from "./test_host.ts";

const CONSENT = ["subscribe_events", "publish_events"];

Deno.test("a module that lacks a grant is not started until it is approved", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: CONSENT });
  expect(await codeOf(() => t.host.load("hello"))).toBe("NEEDS_APPROVAL");
  expect(t.host.get("hello")?.capabilities).toEqual({
    requested: CONSENT,
    granted: ["subscribe_events"],
    missing: ["publish_events"],
  });
  expect([t.state("hello"), t.cells.all.length]).toEqual(["needs_approval", 0]);
  const view = await t.host.approve("hello");
  expect([view.state, view.capabilities.granted, view.capabilities.missing]).toEqual([
    "running",
    CONSENT,
    [],
  ]);
});

Deno.test("an approval is pinned to code and powers", async (t) => {
  const changes: [name: string, change: object, covered: boolean][] = [
    ["the same", {}, true],
    ["fewer powers", { capabilities: ["publish_events"] }, true],
    ["other code", { source: "other" }, false],
    ["more powers", { capabilities: [...CONSENT, "call_module"] }, false],
    ["another host", { toml: `[permissions]\nnet = ["b.example:443"]` }, false],
    ["one host more", { toml: `[permissions]\nnet = ["a.example:443", "b.example:443"]` }, false],
  ];
  for (const [name, change, covered] of changes) {
    await t.step(name, async () => {
      await using h = new TestHost();
      const module = {
        capabilities: [...CONSENT, "net"],
        source: "code",
        toml: `[permissions]\nnet = ["a.example:443"]`,
      };
      if (name === "fewer powers") module.toml = "";
      h.add("hello", module);
      await codeOf(() => h.host.load("hello"));
      await h.host.approve("hello");
      expect(h.state("hello")).toBe("running");
      h.add("hello", {
        ...module,
        ...change,
        ...("capabilities" in change && name === "more powers"
          ? { capabilities: [...CONSENT, "net", "call_module"] }
          : {}),
      });
      await h.host.unload("hello");
      expect(await codeOf(() => h.host.load("hello"))).toBe(covered ? "" : "NEEDS_APPROVAL");
      expect(h.state("hello")).toBe(covered ? "running" : "needs_approval");
    });
  }
});

Deno.test("approve() agrees to what was shown, not to what the files say now", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: CONSENT, source: "shown" });
  await codeOf(() => t.host.load("hello"));
  t.add("hello", { capabilities: CONSENT, source: "swapped" });
  expect((await t.host.approve("hello")).state).toBe("needs_approval");
  expect(t.cells.all.length).toBe(0);
});

Deno.test("approve() before the first load lets it load", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: CONSENT });
  expect((await t.host.approve("hello")).state).toBe("discovered");
  expect((await t.host.load("hello")).state).toBe("running");
});

Deno.test("revoke() stops a running module that needs the approval", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: CONSENT });
  await t.host.approve("hello");
  await t.host.load("hello");
  const cell = t.cells.of("hello");
  let late = "";
  cell.onStop = () => void codeOf(() => cell.call("node.info")).then((code) => late = code);
  const view = await t.host.revoke("hello");
  expect([view.state, view.capabilities.missing, view.capabilities.granted]).toEqual([
    "needs_approval",
    ["publish_events"],
    ["subscribe_events"],
  ]);
  expect([t.cells.alive().length, late]).toEqual([0, "UNAVAILABLE"]);
  expect(await codeOf(() => t.host.load("hello"))).toBe("NEEDS_APPROVAL");
});

Deno.test("revoke() leaves a module alone that needs no approval", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: ["subscribe_events"] });
  await t.host.load("hello");
  expect((await t.host.revoke("hello")).state).toBe("running");
});

Deno.test("revoke() in backoff ends the restarts", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: CONSENT });
  await t.host.approve("hello");
  t.cells.onStart = (cell) => cell.end("crashed");
  await codeOf(() => t.host.load("hello"));
  expect((await t.host.revoke("hello")).state).toBe("needs_approval");
  await t.clock.advance(10_000);
  expect(t.cells.all.length).toBe(1);
});

Deno.test("a damaged approval counts for nothing", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: CONSENT });
  await t.host.approve("hello");
  const name = t.host.list()[0]?.name;
  await t.store.set(keys.grant(name as never), { hash: t.host.get("hello")?.hash, scopes: "all" });
  expect(await codeOf(() => t.host.load("hello"))).toBe("NEEDS_APPROVAL");
});

Deno.test("a store that fails grants nothing", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: CONSENT });
  await t.host.approve("hello");
  await t.store.close();
  expect(await codeOf(() => t.host.load("hello"))).toBe("MODULE_REJECTED");
  expect(t.state("hello")).toBe("rejected");
});

Deno.test("hosts reach the cell only with a granted net", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: ["net"], toml: `[permissions]\nnet = ["a.example:443"]` });
  await codeOf(() => t.host.load("hello"));
  await t.host.approve("hello");
  expect(t.cells.of("hello").init.net).toEqual(["a.example:443"]);
});
