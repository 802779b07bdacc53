import { expect } from "expect";
import { parse } from "smol-toml";
import { isCommonsError } from "../base/mod.ts";
import { signedBytes } from "./canonical_manifest.ts";
import { parseManifest } from "./manifest.ts";

const text = (raw: Readonly<Record<string, unknown>>) => new TextDecoder().decode(signedBytes({ raw }));
const ofToml = (toml: string) => signedBytes(parseManifest(new TextEncoder().encode(toml), { file: "m" }));

Deno.test("signedBytes() is the domain, a line break and the canonical JSON without signatures", () => {
  const raw = parse(`version = "1.0"
name = "hello" # a comment
entry_point = 'mod.js'
"capabilities" = [
  "net",
]
[signatures]
threshold = "1-of-1"
[binary]
size = 0x10
[permissions]
net = ["b:1", "a:2"]
`);
  expect(text(raw)).toBe(
    'commons-module/v1\n{"binary":{"size":16},"capabilities":["net"],"entry_point":"mod.js","name":"hello",' +
      '"permissions":{"net":["b:1","a:2"]},"version":"1.0"}',
  );
});

Deno.test("signedBytes() does not depend on how the TOML is written", () => {
  const one = ofToml(`name = "hello"\nversion = "1.0.0"\nentry_point = "mod.js"\n[binary]\nsize = 1000\n`);
  const other = ofToml(
    `# comment\r\nbinary = { size = 1_000 }\r\n'version' = """1.0.0"""\r\nentry_point = "mod\\u002ejs"\r\nname = 'hello'\r\n`,
  );
  expect(other).toEqual(one);
  const different = [
    `name = "hello"\nversion = "1.0"\nentry_point = "mod.js"\n[binary]\nsize = 1000\n`,
    `name = "hello"\nversion = "1.0.0"\nentry_point = "./mod.js"\n[binary]\nsize = 1000\n`,
    `name = "hello"\nversion = "1.0.0"\nentry_point = "mod.js"\ncapabilities = []\n[binary]\nsize = 1000\n`,
  ];
  for (const toml of different) expect(ofToml(toml)).not.toEqual(one);
});

Deno.test("signedBytes() leaves out the top table of that name only", () => {
  expect(text({ signatures: { a: 1 }, config_schema: { signatures: "b" } })).toBe(
    'commons-module/v1\n{"config_schema":{"signatures":"b"}}',
  );
});

Deno.test("signedBytes() refuses what has no one form", async (t) => {
  const rows: [name: string, raw: Readonly<Record<string, unknown>>, key: string][] = [
    ["a date", parse("a.b = 2026-01-01"), "a.b"],
    ["a date and time", parse("a = [2026-01-01T00:00:00Z]"), "a[0]"],
    ["a time", parse("a = 10:00:00"), "a"],
    ["a fraction", parse("a = 0.1"), "a"],
    ["a large float", parse("a = 1e300"), "a"],
    ["infinity", parse("a = inf"), "a"],
    ["not a number", parse("a = nan"), "a"],
    ["2^53", { a: 2 ** 53 }, "a"],
    ["a bigint", { a: 1n }, "a"],
    ["half a character", { a: "\ud800" }, "a"],
    ["half a character in a key", { a: { "\udc00": 1 } }, "a"],
    ["undefined", { a: undefined }, "a"],
    ["null", { a: null }, "a"],
    ["a map", { a: new Map() }, "a"],
    ["a function", { a: () => 1 }, "a"],
    ["depth", { a: [[[[[[[[[[1]]]]]]]]]] }, "a[0][0][0][0][0][0][0][0][0]"],
  ];
  for (const [name, raw, key] of rows) {
    await t.step(name, () => {
      try {
        signedBytes({ raw });
      } catch (error) {
        expect(isCommonsError(error, "MANIFEST_NOT_CANONICAL") && error.detail).toEqual({ key });
        return;
      }
      throw new Error("nothing was thrown");
    });
  }
  // An integer that a double cannot hold does not even parse.
  await t.step("2^53 + 1 in TOML", () => expect(() => parse("a = 9007199254740993")).toThrow());
  await t.step(
    "-0 is 0, 1.0 is 1",
    () => expect(text({ a: -0, ...parse("b = 1.0") })).toContain('{"a":0,"b":1}'),
  );
});
