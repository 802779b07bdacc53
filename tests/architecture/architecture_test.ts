import { fileURLToPath } from "node:url";
import { expect } from "expect";
import { findCycle, offences, sourceFiles, valueImports } from "./check.ts";
import { repositoryPath } from "./paths.ts";

Deno.test("the house keeps its rules", async () => {
  const files = await sourceFiles();
  expect(files.size).toBeGreaterThan(50);
  const found = [...files].flatMap(([path, source]) => offences(path, source));
  expect(found).toEqual([]);
});

Deno.test("the house has no import cycles", async () => {
  const files = await sourceFiles();
  const graph = new Map([...files].map(([path, source]) => [path, valueImports(path, source)]));
  expect(findCycle(graph)).toBeUndefined();
});

Deno.test("offences() names what breaks a rule", async (t) => {
  const rows: { path: string; source: string; offence: string | undefined }[] = [
    // arrows
    { path: "core/base/a.ts", source: 'import "../store/mod.ts";', offence: "base must not know store" },
    { path: "core/store/a.ts", source: 'import "../base/mod.ts";', offence: undefined },
    {
      path: "core/store/a.ts",
      source: 'export * from "../events/mod.ts";',
      offence: "store must not know events",
    },
    {
      path: "core/p2p/a.ts",
      source: 'import type { A } from "../http/mod.ts";',
      offence: "p2p must not know http",
    },
    {
      path: "core/p2p/a.ts",
      source: 'await import("../modules/mod.ts");',
      offence: "p2p must not know modules",
    },
    { path: "core/http/a.ts", source: 'import "../modules/mod.ts";', offence: undefined },
    { path: "core/cli/a.ts", source: 'import "../http/mod.ts";', offence: "cli must not know http" },
    { path: "core/http/a.ts", source: 'import "../node.ts";', offence: "http must not know node" },
    { path: "core/node.ts", source: 'import "./http/mod.ts";', offence: undefined },
    {
      path: "workers/sandbox.ts",
      source: 'import "../core/base/mod.ts";',
      offence: "workers must not know base",
    },
    {
      path: "core/modules/a.ts",
      source: 'import "../../workers/sdk/mod.ts";',
      offence: "modules must not know sdk",
    },
    { path: "core/modules/a.ts", source: 'import "@commons/sdk";', offence: "modules must not know sdk" },
    {
      path: "core/modules/a.ts",
      source: 'import "../../tests/x.ts";',
      offence: "modules must not know tests",
    },
    {
      path: "core/newcomer/a.ts",
      source: 'import "../base/mod.ts";',
      offence: "newcomer must not know base",
    },
    // doors
    { path: "core/store/a.ts", source: 'import "../base/errors.ts";', offence: "reaches past a door" },
    { path: "core/store/sub/a.ts", source: 'import "../port.ts";', offence: undefined },
    { path: "core/modules/a.ts", source: 'import "../../workers/protocol/cli.ts";', offence: "past a door" },
    { path: "core/modules/a.ts", source: 'import "../../workers/protocol/mod.ts";', offence: undefined },
    { path: "workers/sandbox.ts", source: 'import "./sdk/types.ts";', offence: undefined },
    { path: "core/store/a_test.ts", source: 'import "../base/errors.ts";', offence: undefined },
    { path: "modules/hello/mod.ts", source: 'import "@commons/sdk"; import "./b.ts";', offence: undefined },
    { path: "modules/hello/mod.ts", source: 'import "../other/mod.ts";', offence: "only its own files" },
    {
      path: "modules/hello/mod.ts",
      source: 'import "../../core/base/mod.ts";',
      offence: "only its own files",
    },
    // powers
    { path: "core/p2p/a.ts", source: "await Deno.openKv();", offence: "Deno.openKv is not for this file" },
    { path: "core/store/a.ts", source: "await Deno.openKv();", offence: undefined },
    { path: "core/p2p/a.ts", source: 'globalThis.Deno["openKv"]();', offence: "Deno.openKv is not for" },
    { path: "core/p2p/a.ts", source: "Deno[name]();", offence: "name the member" },
    { path: "core/p2p/a.ts", source: "const { openKv } = Deno;", offence: "another name" },
    { path: "core/p2p/a.ts", source: "new Deno.Command('ls');", offence: "Deno.Command is not" },
    { path: "core/p2p/a.ts", source: "new Worker('x');", offence: "Worker is not for this file" },
    { path: "core/p2p/a.ts", source: "new globalThis.Worker('x');", offence: "Worker is not for this file" },
    { path: "workers/cell.ts", source: "new Worker('x');", offence: undefined },
    { path: "core/p2p/a.ts", source: "new Function('x');", offence: "Function is not" },
    { path: "core/p2p/a.ts", source: "eval('x');", offence: "eval is not" },
    { path: "core/p2p/a.ts", source: "Deno.env.get('X');", offence: "Deno.env is not" },
    { path: "core/p2p/a.ts", source: "Deno.serve(() => r);", offence: "Deno.serve is not" },
    { path: "core/p2p/a.ts", source: "Deno.listen({ port: 1 });", offence: "Deno.listen is not" },
    { path: "core/p2p/a.ts", source: "type A = Deno.Command;", offence: undefined },
    { path: "core/http/a.ts", source: 'import "libp2p";', offence: "libp2p is not for this file" },
    { path: "core/http/a.ts", source: 'import "@libp2p/tcp";', offence: "@libp2p/tcp is not for this file" },
    { path: "core/identity/a.ts", source: 'import "@libp2p/crypto/keys";', offence: undefined },
    { path: "core/http/a.ts", source: 'import "npm:zod";', offence: "named in deno.json" },
    { path: "core/http/a.ts", source: 'import "node:child_process";', offence: "not for this file" },
    // style
    { path: "core/p2p/a.ts", source: "try { a(); } catch {}", offence: "swallowed" },
    { path: "core/p2p/a.ts", source: "try { a(); } catch { /* gone already */ }", offence: undefined },
    { path: "core/p2p/a.ts", source: "a().catch(() => {});", offence: "swallowed" },
    { path: "core/p2p/a.ts", source: "a().catch(() => {\n // gone\n});", offence: undefined },
    { path: "core/p2p/a.ts", source: "// gone\na().catch(() => {});", offence: undefined },
    { path: "core/p2p/a.ts", source: "// gone\n\na().catch(() => {});", offence: "swallowed" },
    { path: "core/p2p/a.ts", source: "const a: any = 1;", offence: "any:" },
    {
      path: "core/p2p/a.ts",
      source: "// deno-lint-ignore no-explicit-any\nconst a: any = 1;",
      offence: "any:",
    },
    {
      path: "core/p2p/a.ts",
      source: "// deno-lint-ignore no-explicit-any -- why\nlet a: any;",
      offence: undefined,
    },
    { path: "core/p2p/a.ts", source: "a!.b();", offence: "x!:" },
    { path: "core/p2p/a.ts", source: "// @ts-ignore why\na();", offence: "silenced" },
    { path: "core/p2p/a_test.ts", source: "// @ts-expect-error not a text\na(1);", offence: undefined },
    { path: "core/p2p/a.ts", source: "export default 1;", offence: "no default exports" },
    { path: "modules/hello/mod.ts", source: "export default {};", offence: undefined },
    { path: "core/p2p/a.ts", source: "enum A { B }", offence: "no enums" },
    { path: "core/p2p/a.ts", source: "class A { private b = 1; }", offence: "#private" },
    { path: "core/p2p/a.ts", source: "class A extends B {}", offence: "no inheritance" },
    { path: "core/p2p/a.ts", source: "class A extends TypeError {}", offence: undefined },
    { path: "core/p2p/a.ts", source: "\n".repeat(400) + "a();\n", offence: "file of 401 lines" },
    { path: "core/p2p/a.ts", source: `function a() {${"\n".repeat(90)}}`, offence: "function of 91 lines" },
    { path: "core/p2p/a_test.ts", source: `function a() {${"\n".repeat(90)}}`, offence: undefined },
  ];
  for (const { path, source, offence } of rows) {
    await t.step(`${path}: ${source.slice(0, 60).trim()}`, () => {
      const found = offences(path, source);
      if (offence === undefined) expect(found).toEqual([]);
      else expect(found).toEqual([expect.stringContaining(offence)]);
    });
  }
});

Deno.test("offences() names file and line", () => {
  const [first] = offences("core/p2p/a.ts", 'const a = 1;\n\nimport "../http/mod.ts";\n');
  expect(first).toMatch(
    /^core\/p2p\/a\.ts:3: "\.\.\/http\/mod\.ts": p2p must not know http \(house\/imports\)$/,
  );
});

Deno.test("repositoryPath() knows the house, also below a folder with a space", () => {
  const own = fileURLToPath(import.meta.url);
  expect(repositoryPath(own)).toBe("tests/architecture/architecture_test.ts");
});

Deno.test("findCycle() answers the way around", () => {
  expect(findCycle(new Map([["a", ["b"]], ["b", ["c"]], ["c", []]]))).toBeUndefined();
  expect(findCycle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]]))).toEqual(["b", "c", "b"]);
});

Deno.test("valueImports() leaves types out", () => {
  const source =
    'import type { A } from "./a.ts";\nimport { b } from "../b.ts";\nexport * from "./c.ts";\nimport "zod";';
  expect(valueImports("core/x/y.ts", source)).toEqual(["core/b.ts", "core/x/c.ts"]);
});
