import { expect } from "expect";
import { parse } from "smol-toml";
import { isCommonsError } from "../base/mod.ts";
import { configSecretsOf, moduleConfig } from "./module_config.ts";

Deno.test("moduleConfig() lays the node's keys over the module's own", async (t) => {
  const cases: [name: string, own: string, node: Record<string, unknown>, merged: unknown][] = [
    ["nothing", "", {}, {}],
    ["own only", "a = 1", {}, { a: 1 }],
    ["node only", "", { a: 1 }, { a: 1 }],
    ["the node wins", "a = 1\nb = 2", { a: 3 }, { a: 3, b: 2 }],
    ["dotted keys and tables are the same", "a.b.c = 1\na.d = 2", { a: { b: { e: 3 } } }, {
      a: { b: { c: 1, e: 3 }, d: 2 },
    }],
    ["tables", "[a]\nx = 1\ny = 1\n[a.deep]\nz = 1", { a: { x: 2, deep: { w: 2 } } }, {
      a: { x: 2, y: 1, deep: { z: 1, w: 2 } },
    }],
    ["a table over a value and back", "a = 1\n[b]\nx = 1", { a: { x: 2 }, b: 2 }, { a: { x: 2 }, b: 2 }],
    ["lists are replaced", "a = [1, 2, 3]\nb = [{ x = 1 }]", { a: [4], b: [{ y: 2 }] }, {
      a: [4],
      b: [{ y: 2 }],
    }],
    ["types are kept", 'a = "1"\nb = 1.5\nc = false\nd = 2024-05-01T10:00:00Z\ne = ""', { a: 1 }, {
      a: 1,
      b: 1.5,
      c: false,
      d: "2024-05-01T10:00:00.000Z",
      e: "",
    }],
    ["quoted keys with a dot are keys of their own", '"a.b" = 1', { a: { b: 2 } }, { "a.b": 1, a: { b: 2 } }],
    ["names that objects have anyway", "constructor = 1\ntoString = 2", { toString: 3 }, {
      constructor: 1,
      toString: 3,
    }],
  ];
  for (const [name, own, node, merged] of cases) {
    await t.step(name, () => {
      expect(moduleConfig("a", { own: parse(own), node })).toEqual(merged);
    });
  }
});

Deno.test("moduleConfig() shares nothing with its parts", () => {
  const node = { list: [1], table: { x: 1 } };
  const merged = moduleConfig("a", { own: {}, node });
  expect(merged["list"] === node.list || merged["table"] === node.table).toBe(false);
});

Deno.test("moduleConfig() refuses what a module cannot be given, without showing it", async (t) => {
  const deep = Array.from({ length: 17 }, () => "a").join(".") + " = 1";
  const cases: [name: string, own: string, code: string, says: string][] = [
    ["infinity", "x.y = inf", "MODULE_CONFIG_INVALID", "x.y must be a finite number"],
    ["depth", deep, "MODULE_CONFIG_INVALID", "is nested too deeply"],
    [
      "a prototype",
      '"__proto__" = { secret = "s3cr3t" }',
      "MODULE_CONFIG_INVALID",
      "__proto__ cannot be used",
    ],
    ["size", `x = "${"s3cr3t".repeat(50_000)}"`, "MODULE_CONFIG_TOO_LARGE", "300008 characters"],
  ];
  for (const [name, own, code, says] of cases) {
    await t.step(name, () => {
      let error: unknown;
      try {
        moduleConfig("a", { own: parse(own), node: {} });
      } catch (caught) {
        error = caught;
      }
      expect(isCommonsError(error) && error.code).toBe(code);
      expect(String(error)).toContain(says);
      expect(String(error)).not.toContain("s3cr3t");
    });
  }
});

Deno.test("configSecretsOf() finds texts under secret names, at any depth, longest first", () => {
  const config = {
    api_key: "abcdef",
    url: "https://example.org",
    auth: { user: "somebody", list: ["longer-than-others"] },
    password: "12345",
    port: 1,
  };
  expect(configSecretsOf(config)).toEqual(["longer-than-others", "somebody", "abcdef"]);
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`secret${i}`, `value-${i}`]));
  expect(configSecretsOf(many).length).toBe(64);
});
