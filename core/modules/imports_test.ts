import { expect } from "expect";
import { CommonsError, seededRandom } from "../base/mod.ts";
import { checkImports, readImports } from "./imports.ts";
import { resolveImport } from "./imports_resolve.ts";

function refusal(text: string): CommonsError | undefined {
  try {
    checkImports(text, { file: "mod.js" });
    return undefined;
  } catch (error) {
    if (error instanceof CommonsError) return error;
    throw error;
  }
}

Deno.test("checkImports() refuses every kind of import, with its place", async (t) => {
  const rows: [text: string, specifier: string, line: number, column: number][] = [
    ['import "a";', "a", 1, 1],
    ["\nimport a from 'b';", "b", 2, 1],
    ['let x;\n  import * as a from "b";', "b", 2, 3],
    ['import a, { b as c } from "d";', "d", 1, 1],
    ['import/**/"a"', "a", 1, 1],
    ['import{a}from"b"', "b", 1, 1],
    ['import a from "b" with { type: "json" };', "b", 1, 1],
    ['\n\nexport { a } from "b";', "b", 3, 1],
    ['export * from "b";', "b", 1, 1],
    ['export * as a from "b";', "b", 1, 1],
    ['export { default as import } from "b";', "b", 1, 1],
    ['import "\\u0061";', "a", 1, 1],
    ['import "file:///etc/passwd";', "file:///etc/passwd", 1, 1],
    ['import("a")', "import()", 1, 1],
    ["import(a + b)", "import()", 1, 1],
    ["await import(`a`)", "import()", 1, 7],
    ['import/**/("a")', "import()", 1, 1],
    ['import// note\n("a")', "import()", 1, 1],
    ['import\n\n("a")', "import()", 1, 1],
    ['import\u2028("a")', "import()", 1, 1],
    ['import\ufeff("a")', "import()", 1, 1],
    ["export default import.meta.url", "import.meta", 1, 16],
    ["import . meta", "import.meta", 1, 1],
    ["import/* a */./* b */meta", "import.meta", 1, 1],
    ["`${import.meta.url}`", "import.meta", 1, 4],
    ["`${`${import('a')}`}`", "import()", 1, 7],
    ["function f() { return import('a'); }", "import()", 1, 23],
    ["const f = () => import('a');", "import()", 1, 17],
    ["class A { static { import('a'); } }", "import()", 1, 20],
    ["class A { [import('a')]() {} }", "import()", 1, 12],
    ["const { a = import('b') } = {};", "import()", 1, 13],
    ["({ import: import('a') })", "import()", 1, 12],
    ["a.import(1); import('a')", "import()", 1, 14],
    ["/import('a')/; import('b')", "import()", 1, 16],
    ["'import(a)' + import('b')", "import()", 1, 15],
    ["// import('a')\r\nimport('b')", "import()", 2, 1],
    ["/* import('a')\n*/import('b')", "import()", 2, 3],
    ["#!/bin/sh import('a')\nimport('b')", "import()", 2, 1],
    // a slash that a lexer may take for the wrong thing
    ["let a = 1, g; a++ / import('b') / g;", "import()", 1, 21],
    ["if (a) /'/.exec(b); import('c') //'", "import()", 1, 21],
    ["{}/'/ + import('c') //'", "import()", 1, 9],
    ["x = {}/1; y = '/' + import('c') + '/'", "import()", 1, 21],
    ["let a = b\n/`/`; import('c') //`", "import()", 2, 7],
    ["for (const a of /'/.b) import('c') //'", "import()", 1, 24],
    // what a TypeScript lexer skips and JavaScript runs
    ["var type, X\ntype\nX = import('a')", "import()", 3, 5],
    ["var declare\ndeclare\nconst x = import('a')", "import()", 3, 11],
    ["var type;\ntype\nexport { a } from 'b'", "b", 3, 1],
  ];
  for (const [text, specifier, line, column] of rows) {
    await t.step(JSON.stringify(text), () => {
      const error = refusal(text);
      expect({ code: error?.code, ...error?.detail }).toEqual({
        code: "IMPORT_NOT_ALLOWED",
        file: "mod.js",
        specifier,
        line,
        column,
      });
      expect(error?.message).toContain(`mod.js:${line}:${column}`);
    });
  }
});

Deno.test("checkImports() lets texts pass that only mention imports", async (t) => {
  const rows = [
    "",
    "export default { start() {} };",
    'const a = 1;\nexport { a };\nexport { a as "b c" };',
    '// import "a"\n/* import("b") import.meta */',
    "'import(\"a\")'; \"import.meta\"; `import('a') ${1} import.meta`;",
    "/import('a')/.test('import.meta'); a / b.import(1) / 2; var a, b;",
    "var a; a.import('b'); a?.import('b'); a\n.import\n('b');",
    "({ import: 1, import() {}, get 'import.meta'() { return 1; } });",
    "class A { import() {} #import() {} static import() { } }",
    "const imports = 1, importx = imports, $import = (a) => a; $import(importx);",
    "String.raw`import('a')\\u`;",
    "#!/usr/bin/env node import('a')\nexport default 1;",
    "\ufeffexport default 1;",
    "export const from = 'x'; var type = 'import(a)';",
    "var enum_ = 'enum'; export default enum_;",
  ];
  for (const text of rows) await t.step(JSON.stringify(text), () => expect(refusal(text)).toBe(undefined));
});

Deno.test("checkImports() refuses what is no ES module", async (t) => {
  const rows = [
    "const a = ;",
    "with (a) b;",
    "let let = 1;",
    "a <!-- import('b')",
    "--> import('a')",
    "im\\u0070ort('a')",
    "im\\u0070ort.meta",
    "imp\\u{6f}rt 'a'",
    "import.meta = 1",
    "import()",
    "new import('a')",
    "import.nothing",
    "if (a) import 'b';",
    "`${",
    "/*",
    "a\0b",
    "\ud800",
    "export default 1; export default 2;",
    "const a: number = 1;",
    "@decorated class A {}",
    "[".repeat(200_000),
    "(".repeat(200_000),
    "`${".repeat(100_000),
    "x=>".repeat(100_000) + "1",
  ];
  for (const text of rows) {
    await t.step(JSON.stringify(text.slice(0, 30)), () => expect(refusal(text)?.code).toBe("MODULE_SYNTAX"));
  }
});

Deno.test("checkImports() takes big texts, many mentions and deep nesting", async (t) => {
  const rows: [title: string, text: string, code: string | undefined][] = [
    ["3 MB", "[1,2];\n".repeat(450_000), undefined],
    ["mentions in comments", "// import('a')\n".repeat(20_000), undefined],
    ["mentions in one comment", `/*${"import (".repeat(20_000)}*/`, undefined],
    ["unclosed comments after mentions", `// ${"import /* ".repeat(20_000)}`, undefined],
    ["the last of many", "// import('a')\n".repeat(20_000) + "import('b')", "IMPORT_NOT_ALLOWED"],
    ["deep but fine", "[".repeat(500) + "]".repeat(500), undefined],
  ];
  for (const [title, text, code] of rows) await t.step(title, () => expect(refusal(text)?.code).toBe(code));
});

Deno.test("checkImports() finds an import wherever random pieces put it", () => {
  const pieces = [
    "'",
    '"',
    "`",
    "/",
    "//",
    "/*",
    "*/",
    "\n",
    "${",
    "}",
    "(",
    ")",
    "{",
    "a",
    "1",
    ";",
    "\\",
    "+",
    "=>",
    "if(a)",
    " ",
  ];
  const random = seededRandom(20_260_101);
  let parsed = 0;
  for (let round = 0; round < 4000; round++) {
    const some = () =>
      Array.from(
        { length: 1 + Math.floor(random.number() * 5) },
        () => pieces[Math.floor(random.number() * pieces.length)],
      )
        .join("");
    const [before, after] = [some(), some()];
    if (/[a1]$/.test(before)) continue; // would make another word
    // `@` is no token of the language: where it parses it stands in a comment, a string, a template or a regular expression
    const mentioned = refusal(`${before}@@@@@@@@${after}`) === undefined;
    const code = refusal(`${before}import(a)${after}`)?.code;
    if (code === "MODULE_SYNTAX") continue;
    parsed++;
    expect([before, after, code]).toEqual([before, after, mentioned ? undefined : "IMPORT_NOT_ALLOWED"]);
  }
  expect(parsed).toBeGreaterThan(100);
});

Deno.test("readImports() answers static imports in order", () => {
  const text =
    'import a from "./a.ts"; import/**/"./b.ts"; export * from "./c.ts"; import "./d.ts" with { type: "json" };';
  expect(readImports(text, { file: "mod.js" })).toEqual([
    { specifier: "./a.ts", hasAttributes: false },
    { specifier: "./b.ts", hasAttributes: false },
    { specifier: "./c.ts", hasAttributes: false },
    { specifier: "./d.ts", hasAttributes: true },
  ]);
});

Deno.test("resolveImport() stays inside of the folder", async (t) => {
  const rows: [specifier: string, importer: string, paths: string[] | "sdk" | "refused"][] = [
    ["./a.ts", "mod.ts", ["a.ts"]],
    ["./a", "mod.ts", ["a.ts", "a.js"]],
    ["../a.js", "lib/mod.ts", ["a.js"]],
    ["./x/../a.mjs", "mod.ts", ["a.mjs"]],
    ["././a.ts", "mod.ts", ["a.ts"]],
    ["@commons/sdk", "mod.ts", "sdk"],
    ["../a.ts", "mod.ts", "refused"],
    ["./x/../../a.ts", "mod.ts", "refused"],
    ["../../a.ts", "lib/mod.ts", "refused"],
    [".", "mod.ts", "refused"],
    ["./", "mod.ts", "refused"],
    ["..", "lib/mod.ts", "refused"],
    [".//a.ts", "mod.ts", "refused"],
    ["./a\0.ts", "mod.ts", "refused"],
    ["./а.ts", "mod.ts", "refused"],
    ["./module.toml", "mod.ts", "refused"],
    ["@commons/sdk/mod.ts", "mod.ts", "refused"],
    ["@Commons/sdk", "mod.ts", "refused"],
  ];
  for (const [specifier, importer, expected] of rows) {
    await t.step(`${specifier} in ${importer}`, () => {
      const resolved = resolveImport(specifier, importer);
      expect(resolved.kind === "file" ? resolved.paths : resolved.kind).toEqual(expected);
    });
  }
});
