import { createHash } from "node:crypto";
import { expect } from "expect";
import { CommonsError, FakeClock, systemClock } from "../base/mod.ts";
import { createModuleBuilder, type ModuleBuilder } from "./build.ts";
import { findDenoDir } from "./deno_dir.ts";
import type { ModuleSources } from "./source.ts";

const SDK = `export const defineModule = (definition) => definition;
export class NodeApiError extends Error {}
`;
const denoDir = findDenoDir(Deno.build.os, (name) => Deno.env.get(name));

function builder(clock = systemClock): ModuleBuilder & AsyncDisposable {
  const made = createModuleBuilder({ clock }, { sdkText: SDK, denoDir });
  return { ...made, [Symbol.asyncDispose]: () => made.close() };
}

function sources(files: Record<string, string>): ModuleSources {
  const entry = Object.keys(files)[0] ?? "";
  return { entry, files: new Map(Object.entries(files)), bytes: 0 };
}

async function load(text: string): Promise<Record<string, unknown>> {
  const found: unknown = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  return { ...Object(found) };
}

async function failure(work: Promise<unknown>): Promise<CommonsError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (error instanceof CommonsError) return error;
  throw new Error(`no CommonsError but ${String(error)}`);
}

Deno.test("build() leaves self-contained JavaScript alone, byte for byte", async (t) => {
  await using made = builder();
  const rows: [title: string, text: string][] = [
    ["plain", "export default { start() {} };\r\n"],
    ["byte order mark", "\ufeffexport default {};"],
    ["hashbang", "#!/usr/bin/env node\nexport default {};"],
    ["import in comments and strings", '// import "x"\nexport default "import(y)"; /* import.meta */'],
    ["not ASCII", "export default '日本語\u2028';"],
    ["empty", ""],
  ];
  for (const [title, text] of rows) {
    await t.step(title, async () => {
      const built = await made.build(sources({ "mod.js": text }));
      const bytes = new TextEncoder().encode(text);
      const hash = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      expect(built).toEqual({ text, hash, bytes: bytes.length });
    });
  }
});

Deno.test("build() makes one text of TypeScript, relative files and the SDK", async (t) => {
  await using made = builder();
  const sdk = 'import { defineModule } from "@commons/sdk";\n';
  const rows: [title: string, files: Record<string, string>, expected: unknown][] = [
    ["one .ts without imports", { "mod.ts": "const a: number = 41;\nexport default a + 1;" }, 42],
    ["one .ts with the SDK", { "mod.ts": `${sdk}export default defineModule(42 as number);` }, 42],
    ["one .js with the SDK", { "mod.js": `${sdk}export default defineModule(42);` }, 42],
    ["SDK on two lines", {
      "mod.ts":
        'import {\n  defineModule as d,\n  type Node,\n} from "@commons/sdk"\n;[1].map(d);\nexport default d(42);',
    }, 42],
    [
      "type import of the SDK",
      { "mod.ts": 'import type { Node } from "@commons/sdk";\nexport default 42;' },
      42,
    ],
    ["namespace of the SDK", {
      "mod.ts": 'import * as s from "@commons/sdk";\nexport default s.defineModule(42);',
    }, 42],
    ["SDK imported twice", {
      "mod.ts":
        `${sdk}import { NodeApiError } from "@commons/sdk";\nexport default defineModule(NodeApiError ? 42 : 0);`,
    }, 42],
    ["import after its use", { "mod.ts": `export default defineModule(42);\n${sdk}` }, 42],
    ["a name of the SDK's own", {
      "mod.ts": `${sdk}const $commonsSdk = 42;\nexport default defineModule($commonsSdk);`,
    }, 42],
    [
      "hashbang before the SDK",
      { "mod.js": `#!/usr/bin/env node\n${sdk}export default defineModule(42);` },
      42,
    ],
    ["relative files", {
      "mod.ts": 'import { a } from "./lib/a.ts";\nimport { b } from "./b";\nexport default a + b;',
      "lib/a.ts": 'import { b } from "../b.js";\nexport const a: number = 40 + b - b;',
      "b.js": "export const b = 2;",
    }, 42],
    ["relative files and the SDK", {
      "mod.ts": `${sdk}import { b } from "./b.ts";\nexport default defineModule(b);`,
      "b.ts": `${sdk}export const b = defineModule(42);`,
    }, 42],
    ["same names in two files", {
      "mod.ts": 'import { a } from "./a.ts";\nconst inner = 2;\nexport default a + inner;',
      "a.ts": "const inner = 40;\nexport const a = inner;",
    }, 42],
    ["files that import each other", {
      "mod.ts": 'import { a } from "./a.ts";\nexport const one = () => 2;\nexport default a();',
      "a.ts": 'import { one } from "./mod.ts";\nexport const a = () => 40 + 2 * (one ? 1 : 0);',
    }, 42],
  ];
  for (const [title, files, expected] of rows) {
    await t.step(title, async () => {
      expect((await load((await made.build(sources(files))).text))["default"]).toBe(expected);
    });
  }
});

Deno.test("build() moves no line of a single TypeScript file", async () => {
  await using made = builder();
  const text =
    'import { defineModule } from "@commons/sdk";\n\n/* note */ throw new Error("line 3");\nexport default defineModule(1);';
  const built = await made.build(sources({ "mod.ts": text }));
  expect(built.text.split("\n")[2]).toContain('throw new Error("line 3")');
});

Deno.test("build() gives the same bytes for the same sources", async () => {
  const files = {
    "mod.ts": 'import { b } from "./b.ts";\nexport default b as number;',
    "b.ts": "export const b = 1;",
  };
  await using one = builder();
  await using two = builder();
  expect((await one.build(sources(files))).hash).toBe((await two.build(sources(files))).hash);
  expect(await one.build(sources(files))).toBe(await one.build(sources(files))); // remembered
});

Deno.test("build() names file, line and specifier of what it refuses", async (t) => {
  await using made = builder();
  const rows: [
    title: string,
    files: Record<string, string>,
    code: string,
    detail: Record<string, unknown>,
  ][] = [
    ...[
      "npm:chalk",
      "node:fs",
      "jsr:@std/fs",
      "http://a.example/x.js",
      "https://a.example/x.js",
      "file:///etc/passwd",
      "data:text/javascript,1",
      "blob:null/1",
      "/etc/x.js",
      "chalk",
      "fs",
      "../out.ts",
      "./../../out.ts",
      "./a.json",
      "./a.tsx",
      "./%2e%2e/x.ts",
      "./a\\\\b.ts",
      "./a.ts?x",
      "./.hidden.ts",
      "@commons/sdk/x",
      "",
    ].map((
      specifier,
    ): [string, Record<string, string>, string, Record<string, unknown>] => [
      `specifier ${specifier}`,
      { "mod.ts": `\n\n  import x from "${specifier}";\nexport default x;` },
      "IMPORT_NOT_ALLOWED",
      { file: "mod.ts", line: 3, column: 3 },
    ]),
    [
      "in a second file",
      { "mod.ts": 'import "./b.ts";', "b.ts": '\nexport * from "node:fs";' },
      "IMPORT_NOT_ALLOWED",
      {
        file: "b.ts",
        line: 2,
        specifier: "node:fs",
      },
    ],
    ["plain JavaScript", { "mod.js": '\nimport fs from "node:fs";' }, "IMPORT_NOT_ALLOWED", {
      file: "mod.js",
      line: 2,
      specifier: "node:fs",
    }],
    [
      "attributes",
      { "mod.ts": 'import a from "./a.ts" with { type: "json" };', "a.ts": "" },
      "IMPORT_NOT_ALLOWED",
      { line: 1 },
    ],
    [
      "dynamic in TypeScript",
      { "mod.ts": 'const a: number = 1;\nawait import("./b.ts");' },
      "IMPORT_NOT_ALLOWED",
      { line: 2, column: 7, specifier: "import()" },
    ],
    ["dynamic in JavaScript", { "mod.js": "\nimport(x);" }, "IMPORT_NOT_ALLOWED", { line: 2, column: 1 }],
    ["import.meta", { "mod.ts": "export default import.meta.url as string;" }, "IMPORT_NOT_ALLOWED", {
      line: 1,
      column: 16,
      specifier: "import.meta",
    }],
    ["no such file", { "mod.ts": '\nimport "./b.ts";' }, "IMPORT_NOT_FOUND", {
      file: "mod.ts",
      line: 2,
      specifier: "./b.ts",
    }],
    ["enum", { "mod.ts": "\nexport enum A { B }" }, "TYPESCRIPT_NOT_ERASABLE", { file: "mod.ts", line: 2 }],
    ["namespace", { "mod.ts": "namespace A { export const b = 1; }" }, "TYPESCRIPT_NOT_ERASABLE", {
      line: 1,
    }],
    [
      "parameter property",
      { "mod.ts": "class A {\n  constructor(private b: number) {}\n}" },
      "TYPESCRIPT_NOT_ERASABLE",
      { line: 2 },
    ],
    ["import = require", { "mod.ts": 'import fs = require("fs");' }, "TYPESCRIPT_NOT_ERASABLE", { line: 1 }],
    ["TypeScript syntax", { "mod.ts": "const a: number = 1;\nconst b: = 2;" }, "MODULE_SYNTAX", {
      file: "mod.ts",
      line: 2,
    }],
    ["JavaScript syntax", { "mod.js": "const a = 1;\nconst b = ;" }, "MODULE_SYNTAX", {
      file: "mod.js",
      line: 2,
      column: 11,
    }],
    ["types in JavaScript", { "mod.js": "const a: number = 1;" }, "MODULE_SYNTAX", { line: 1 }],
    ["script only", { "mod.js": "with (a) b;" }, "MODULE_SYNTAX", { line: 1 }],
    ["NUL byte in code", { "mod.js": "a\0b" }, "MODULE_SYNTAX", { line: 1 }],
    [
      "name that the SDK has not",
      { "mod.ts": 'import { nope } from "@commons/sdk";\nnope();' },
      "BUILD_FAILED",
      { file: "mod.ts", line: 1 },
    ],
  ];
  for (const [title, files, code, detail] of rows) {
    await t.step(title, async () => {
      const error = await failure(made.build(sources(files)));
      expect(error).toMatchObject({ code, detail });
      expect(error.message).toContain(String(Object.keys(files)[0] === "mod.js" ? "mod.js" : ".ts"));
    });
  }
});

Deno.test("build() outlives sources that crash, hang or bloat a parser", async (t) => {
  const deep = (unit: string) => `export default ${unit.repeat(50_000)}`;
  const rows: [title: string, text: string, codes: string[]][] = [
    ["nested brackets", deep("["), ["BUILD_CRASHED", "MODULE_SYNTAX"]],
    ["nested templates", deep("`${"), ["BUILD_CRASHED", "MODULE_SYNTAX"]],
    ["chain of not", deep("!") + "1", ["BUILD_CRASHED", "MODULE_SYNTAX"]],
    ["nested types", `type A = ${"B<".repeat(50_000)}1${">".repeat(50_000)}`, [
      "BUILD_CRASHED",
      "MODULE_SYNTAX",
    ]],
  ];
  await using made = builder();
  for (const [title, text, codes] of rows) {
    await t.step(title, async () => {
      expect(codes).toContain((await failure(made.build(sources({ "mod.ts": text })))).code);
    });
  }
  await t.step("the next module is built", async () => {
    expect((await made.build(sources({ "mod.ts": "export default 1 as number;" }))).text).toContain(
      "export default 1",
    );
  });
  await t.step("deep JavaScript", async () => {
    const code = (await failure(made.build(sources({ "mod.js": deep("[") })))).code;
    expect(code).toBe("MODULE_SYNTAX");
  });
});

Deno.test("build() gives up at its deadline and builds others meanwhile", async () => {
  const clock = new FakeClock();
  await using made = builder(clock);
  // Each level makes the type stripper try again all that follows: 2^n steps.
  const hang = made.build(sources({ "mod.ts": `type x=${"(a: of =( a< ".repeat(60)}` }));
  const outcome = failure(hang);
  const other = await made.build(sources({ "mod.ts": "export default 1 as number;" }));
  expect(other.bytes).toBeGreaterThan(0);
  await clock.advance(10_000);
  expect((await outcome).code).toBe("TIMEOUT");
});

Deno.test("build() is refused after close()", async () => {
  const made = builder();
  await made.close();
  expect((await failure(made.build(sources({ "mod.ts": "1 as number" })))).code).toBe("BUILD_FAILED");
});

Deno.test("build() refuses a text over 4 MiB", async () => {
  await using made = builder();
  const big = "//" + "x".repeat(4 * 1024 * 1024 - 1);
  expect((await failure(made.build(sources({ "mod.js": big })))).code).toBe("BUILD_TOO_LARGE");
});
