import { expect } from "expect";
import { CommonsError, parseModuleName } from "../base/mod.ts";
import { blamed, dependencyFault, isPassingFault, type Needed } from "./dependencies.ts";

type World = Readonly<Record<string, Partial<Needed>>>;

function faultOf(dependencies: Readonly<Record<string, string>>, world: World = {}) {
  return dependencyFault({ name: parseModuleName("a"), dependencies }, {
    nodeVersion: "0.3.1",
    find: (name) =>
      Object.hasOwn(world, name) ? { state: "discovered", needs: [], ...world[name] } : undefined,
  });
}

const runs = (running: string, ...needs: string[]): Partial<Needed> => ({ state: "running", running, needs });

Deno.test("dependencyFault() finds nothing when all that is needed runs", async (t) => {
  const cases: [range: string, version: string][] = [
    ["*", "0.0.1"],
    [">=1.0.0", "1.0.0"],
    [">=1.0.0,<2.0.0", "1.9.9"],
    ["^1.2", "1.9.0"],
    ["~1.2.3", "1.2.9"],
    ["==1.2.3", "1.2.3"],
    ["1.x", "1.7.0"],
    ["^1 || ^3", "3.1.0"],
    [">=2.0.0-beta.1", "2.0.0-beta.2"],
  ];
  for (const [range, version] of cases) {
    await t.step(`${version} fulfils ${range}`, () => {
      expect(faultOf({ b: range.replace(",", " ").replace("==", "=") }, { b: runs(version) }))
        .toBeUndefined();
    });
  }
});

Deno.test("dependencyFault() takes the node's own names for the node", () => {
  expect(faultOf({ "blvm-node": ">=0.3.0", "commons-node": "^0.3" })).toBeUndefined();
  const fault = faultOf({ "blvm-node": ">=1.0.0" }, { "blvm-node": runs("9.0.0") });
  expect([fault?.code, fault?.message]).toEqual([
    "DEPENDENCY_VERSION",
    "Cannot use module a: it needs a node >=1.0.0, this is 0.3.1",
  ]);
});

Deno.test("dependencyFault() names everything that is to blame", async (t) => {
  const rejected: Partial<Needed> = { state: "rejected", reason: "HASH_MISMATCH" };
  const cases: [string, Record<string, string>, World, code: string, names: string[], message: string][] = [
    [
      "missing ones first",
      { b: "*", c: "^1", d: "*" },
      { d: rejected },
      "DEPENDENCY_MISSING",
      ["b", "c"],
      "it needs b *, which is not there; it needs c ^1, which is not there",
    ],
    [
      "then what does not run",
      { b: "*", c: "^1" },
      { b: rejected, c: runs("2.0.0") },
      "DEPENDENCY_NOT_RUNNING",
      ["b"],
      "it needs b, which does not run (rejected, HASH_MISMATCH)",
    ],
    [
      "then versions",
      { b: "^1", c: ">=1 <2" },
      { b: runs("2.0.0"), c: runs("2.0.0-rc.1") },
      "DEPENDENCY_VERSION",
      ["b", "c"],
      "it needs b ^1, there is 2.0.0; it needs c >=1 <2, there is 2.0.0-rc.1",
    ],
    ["itself", { a: "*" }, {}, "DEPENDENCY_CYCLE", ["a"], "its dependencies run in a circle: a → a"],
    [
      "a circle over others, the shortest way",
      { b: "*", d: "*" },
      { b: { needs: ["c"] }, c: { needs: ["a"] }, d: { needs: ["a"] } },
      "DEPENDENCY_CYCLE",
      ["a", "d"],
      "its dependencies run in a circle: a → d → a",
    ],
    [
      "three in a circle",
      { b: "*" },
      { b: { needs: ["c"] }, c: { needs: ["a", "b"] } },
      "DEPENDENCY_CYCLE",
      ["a", "b", "c"],
      "its dependencies run in a circle: a → b → c → a",
    ],
  ];
  for (const [name, dependencies, world, code, names, message] of cases) {
    await t.step(name, () => {
      const fault = faultOf(dependencies, world);
      expect([fault?.code, fault?.message]).toEqual([code, `Cannot use module a: ${message}`]);
      expect(fault && blamed(fault)).toEqual(names);
    });
  }
});

Deno.test("dependencyFault() does not blame a module for a circle among others", () => {
  const world = { b: { ...runs("1.0.0"), needs: ["c"] }, c: { ...runs("1.0.0"), needs: ["b"] } };
  expect(faultOf({ b: "*" }, world)).toBeUndefined();
});

Deno.test("isPassingFault() tells what another module can cure", () => {
  const rejected = (reason: string) =>
    new CommonsError("MODULE_REJECTED", "Cannot use it", { detail: { reason } });
  expect(isPassingFault(faultOf({ b: "*" }))).toBe(true);
  expect(isPassingFault(rejected("DEPENDENCY_NOT_RUNNING"))).toBe(true);
  expect(isPassingFault(rejected("HASH_MISMATCH"))).toBe(false);
  expect(isPassingFault(faultOf({ a: "*" }))).toBe(false);
  expect(isPassingFault(new Error("DEPENDENCY_MISSING"))).toBe(false);
});
