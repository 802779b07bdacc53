import { expect } from "expect";
import { editManifest, type ManifestChange } from "./manifest_edit.ts";

const FILE = { file: "module.toml" };
const HASH = `sha256:${"ab".repeat(32)}`;
const BINARY = { hash: HASH, size: 12 };
const MAINTAINER = { name: 'A "b"', publicKey: "ab".repeat(32), signature: "cd".repeat(64) };
const SIGNATURES = { maintainers: [MAINTAINER], threshold: { m: 1, n: 2 } };
const HEAD = `# my module\nname = "hello" # yes\nversion = "1.0.0"\nentry_point = "mod.ts" # the source\n`;
const SIGNED = `
[signatures]
threshold = "1-of-2"

[[signatures.maintainers]]
name = "A \\"b\\""
public_key = "${MAINTAINER.publicKey}"
signature = "${MAINTAINER.signature}"
`;

Deno.test("editManifest() changes what it must and leaves the rest as it was written", async (t) => {
  const rows: [name: string, text: string, change: ManifestChange, after: string][] = [
    ["an entry point", HEAD, { entryPoint: "mod.js" }, HEAD.replace("mod.ts", "mod.js")],
    ["nothing to change", HEAD, { entryPoint: "mod.ts" }, HEAD],
    ["a new section", HEAD, { binary: BINARY }, `${HEAD}\n[binary]\nhash = "${HASH}"\nsize = 12\n`],
    [
      "a section that is there",
      `${HEAD}[binary] # code\nsize = 1 # bytes\n# a note\n\n# of limits\n[limits]\nmemory_mb = 32\n`,
      { binary: BINARY },
      `${HEAD}[binary] # code\nsize = 12 # bytes\nhash = "${HASH}"\n# a note\n\n# of limits\n[limits]\nmemory_mb = 32\n`,
    ],
    [
      "an entry point before the first section, and comments between",
      `name = "hello"\nversion = "1.0.0"\nentry_point = 'mod.ts'\n\n# limits\n[limits]\nmemory_mb = 32`,
      { entryPoint: "mod.js" },
      `name = "hello"\nversion = "1.0.0"\nentry_point = "mod.js"\n\n# limits\n[limits]\nmemory_mb = 32\n`,
    ],
    [
      "line ends",
      HEAD.replaceAll("\n", "\r\n"),
      { binary: BINARY },
      `${HEAD}\n[binary]\nhash = "${HASH}"\nsize = 12\n`.replaceAll("\n", "\r\n"),
    ],
    [
      "signatures",
      `${HEAD}\n[binary]\nhash = "${HASH}"\n`,
      { signatures: SIGNATURES },
      `${HEAD}\n[binary]\nhash = "${HASH}"\n${SIGNED}`,
    ],
    [
      "signatures that are there, wherever",
      `${HEAD}${SIGNED}\n# the code\n[binary]\nhash = "${HASH}"\n`,
      { signatures: { maintainers: [MAINTAINER], threshold: { m: 1, n: 2 } } },
      `${HEAD}\n# the code\n[binary]\nhash = "${HASH}"\n${SIGNED}`,
    ],
    [
      "no signatures any more",
      `${HEAD}\n[binary]\nhash = "${HASH}"\n${SIGNED}`,
      { signatures: { maintainers: [], threshold: { m: 1, n: 1 } } },
      `${HEAD}\n[binary]\nhash = "${HASH}"\n`,
    ],
  ];
  for (const [name, text, change, after] of rows) {
    await t.step(name, () => expect(editManifest(text, change, FILE)).toBe(after));
  }
});

Deno.test("editManifest() refuses what it cannot edit rather than damage it", async (t) => {
  const rows: [name: string, text: string, change: ManifestChange][] = [
    ["an inline table", `${HEAD}binary = { size = 1 }\n`, { binary: BINARY }],
    ["a dotted key", `${HEAD}binary.size = 1\n`, { binary: BINARY }],
    [
      "inline signatures",
      `${HEAD}signatures = { threshold = "1-of-1" }\n[binary]\nhash = "${HASH}"\n`,
      { signatures: SIGNATURES },
    ],
    ["a value in several lines", HEAD.replace('"mod.ts"', '"""mod.ts"""'), { entryPoint: "mod.js" }],
  ];
  for (const [name, text, change] of rows) {
    await t.step(name, () => {
      expect(() => editManifest(text, change, FILE)).toThrow(
        expect.objectContaining({ code: "MANIFEST_NOT_EDITABLE" }),
      );
    });
  }
  expect(() => editManifest("name = 1", { entryPoint: "a.js" }, FILE)).toThrow(
    expect.objectContaining({ code: "MANIFEST_INVALID" }),
  );
});
