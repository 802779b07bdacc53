import { expect } from "expect";
import { parseConstraint, parseVersion, satisfies } from "./versions.ts";

Deno.test("parseVersion() reads two and three parts and refuses the rest", async (t) => {
  const good: [string, string][] = [
    ["1.0", "1.0.0"],
    ["1.0-alpha", "1.0.0-alpha"],
    ["0.1.7", "0.1.7"],
    ["1.0.0-alpha.1+build.5", "1.0.0-alpha.1+build.5"],
  ];
  for (const [text, full] of good) await t.step(text, () => expect(parseVersion(text)).toBe(full));
  const bad = [
    "",
    "1",
    "v1.0.0",
    "1.0.0.0",
    "01.0.0",
    "1.x",
    "1.0.0-",
    " 1.0.0",
    "1.0.0\n",
    "9".repeat(200) + ".0.0",
  ];
  for (const text of bad) {
    await t.step(JSON.stringify(text.slice(0, 20)), () => {
      expect(() => parseVersion(text)).toThrow(expect.objectContaining({ code: "INVALID_VERSION" }));
    });
  }
});

Deno.test("satisfies() knows npm ranges and the older grammar", async (t) => {
  const rows: [string, string, boolean][] = [
    ["1.5.0", ">=1.0.0,<2.0.0", true],
    ["2.0.0", ">=1.0.0,<2.0.0", false],
    ["1.2.3", "==1.2.3", true],
    ["1.2.4", "==1.2.3", false],
    ["1.2.4", "=1.2.3", false],
    ["1.9.9", "^1.2", true],
    ["2.0.0", "^1.2.3", false],
    ["1.2.9", "~1.2.3", true],
    ["1.3.0", "~1.2.3", false],
    ["0.1.9", "0.1.*", true],
    ["0.2.0", "0.1.x", false],
    ["3.0.0", "*", true],
    ["3.1.0", "^1.0.0 || ^3.0.0", true],
    ["1.0.0-rc.1", ">=1.0.0", false],
    ["1.0.0-rc.2", ">=1.0.0-rc.1", true],
    ["1.0", ">=1.0.0", true],
  ];
  for (const [version, constraint, want] of rows) {
    await t.step(`${version} in ${constraint}`, () => expect(satisfies(version, constraint)).toBe(want));
  }
});

Deno.test("parseConstraint() refuses what is no range", async (t) => {
  for (
    const text of [
      "",
      "  ",
      "latest",
      ">=",
      ">=1,,<2",
      ",",
      ">==1",
      "1.0.0,",
      "a".repeat(200),
      "^^1",
      "1.0.0 and 2",
    ]
  ) {
    await t.step(JSON.stringify(text.slice(0, 20)), () => {
      expect(() => parseConstraint(text)).toThrow(expect.objectContaining({ code: "INVALID_CONSTRAINT" }));
    });
  }
});
