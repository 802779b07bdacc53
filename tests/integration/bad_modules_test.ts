import { dirname, join } from "node:path";
import { expect } from "expect";
import { helloModule, plantModule } from "../support/modules.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";

/** A folder in the modules dir that cannot be used. */
interface BadFolder {
  /** Text of the files; a `link:` text makes a symbolic link to what follows. */
  readonly files: Readonly<Record<string, string>>;
  /** Code of the reason; `undefined` for a folder that is no module at all. */
  readonly code?: string;
  /** What the message names. */
  readonly names: RegExp;
}

const IDLE = "export default { start() {} };";

function manifest(name: string, lines: readonly string[] = [], entry = "mod.js"): string {
  return [`name = "${name}"`, 'version = "1.0.0"', `entry_point = "${entry}"`, ...lines].join("\n");
}

const FOLDERS: Readonly<Record<string, BadFolder>> = {
  "no-manifest": { files: { "mod.js": IDLE }, names: /no folder .*module\.toml/ },
  "broken-manifest": {
    files: { "module.toml": 'name = "broken-manifest"\nversion = 1.0.0\n', "mod.js": IDLE },
    code: "MANIFEST_SYNTAX",
    names: /broken-manifest\/module\.toml: line 2/,
  },
  "huge-manifest": {
    files: { "module.toml": manifest("huge-manifest") + "\n#" + "x".repeat(64 * 1024), "mod.js": IDLE },
    code: "MANIFEST_TOO_LARGE",
    names: /huge-manifest\/module\.toml: over 65536 bytes/,
  },
  "bad-name": {
    files: { "module.toml": manifest("../Bad Name"), "mod.js": IDLE },
    code: "MANIFEST_INVALID",
    names: /name: .*"\.\.\/Bad Name"/,
  },
  "other-name": {
    files: { "module.toml": manifest("hello"), "mod.js": IDLE },
    code: "MODULE_NAME_MISMATCH",
    names: /"other-name".*hello/,
  },
  "bad-version": {
    files: { "module.toml": manifest("bad-version").replace("1.0.0", "one"), "mod.js": IDLE },
    code: "MANIFEST_INVALID",
    names: /version: .*"one"/,
  },
  "unknown-capability": {
    files: {
      "module.toml": manifest("unknown-capability", ['capabilities = ["read_storag"]']),
      "mod.js": IDLE,
    },
    code: "MANIFEST_INVALID",
    names: /capabilities.*read_storag.*read_storage/,
  },
  "unknown-key": {
    files: { "module.toml": manifest("unknown-key", ['capabilitys = ["mesh"]']), "mod.js": IDLE },
    code: "MANIFEST_INVALID",
    names: /capabilitys.*capabilities/,
  },
  "no-entry": {
    files: { "module.toml": manifest("no-entry") },
    code: "ENTRY_NOT_FOUND",
    names: /entry point mod\.js/,
  },
  "entry-outside": {
    files: { "module.toml": manifest("entry-outside", [], "../hello/mod.ts") },
    code: "MANIFEST_INVALID",
    names: /entry_point: .*\.\./,
  },
  "absolute-entry": {
    files: { "module.toml": manifest("absolute-entry", [], "/etc/passwd.js") },
    code: "MANIFEST_INVALID",
    names: /entry_point: .*relative/,
  },
  "linked-entry": {
    files: { "module.toml": manifest("linked-entry"), "mod.js": "link:../good/mod.js" },
    code: "SOURCE_NOT_REGULAR",
    names: /mod\.js/,
  },
  "linked-folder": {
    files: { "module.toml": manifest("linked-folder", [], "lib/mod.js"), lib: "link:../good" },
    code: "SOURCE_NOT_REGULAR",
    names: /lib/,
  },
  "linked-manifest": {
    files: { "module.toml": "link:../good/module.toml", "mod.js": IDLE },
    code: "SOURCE_NOT_REGULAR",
    names: /module\.toml/,
  },
  "imports-a-url": {
    files: {
      "module.toml": manifest("imports-a-url"),
      "mod.js": `// one\n// two\nimport "https://example.com/x.js";\n${IDLE}`,
    },
    code: "IMPORT_NOT_ALLOWED",
    names: /"https:\/\/example\.com\/x\.js" in mod\.js:3:1:/,
  },
  "imports-outside": {
    files: {
      "module.toml": manifest("imports-outside", [], "mod.ts"),
      "mod.ts": `import { x } from "./lib.ts";\nexport default { start(): void { x; } };`,
      "lib.ts": `export const x = 1;\nexport * from "../good/mod.js";`,
    },
    code: "IMPORT_NOT_ALLOWED",
    names: /"\.\.\/good\/mod\.js" in lib\.ts:2:1:/,
  },
  "imports-later": {
    files: {
      "module.toml": manifest("imports-later"),
      "mod.js": `export default { start() { return import("node:fs"); } };`,
    },
    code: "IMPORT_NOT_ALLOWED",
    names: /mod\.js:1:35:/,
  },
  "no-javascript": {
    files: { "module.toml": manifest("no-javascript"), "mod.js": "export default {\nstart( }" },
    code: "MODULE_SYNTAX",
    names: /mod\.js:2:8:/,
  },
  "broken-config": {
    files: {
      "module.toml": manifest("broken-config"),
      "mod.js": IDLE,
      "config.toml": "a = 1\nsecret = hunter2",
    },
    code: "MODULE_CONFIG_INVALID",
    names: /broken-config\/config\.toml: .*line 2/,
  },
};

async function write(modulesDir: string, name: string): Promise<void> {
  for (const [path, text] of Object.entries(FOLDERS[name]?.files ?? {})) {
    const file = join(modulesDir, name, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    if (text.startsWith("link:")) await Deno.symlink(text.slice(5), file);
    else await Deno.writeTextFile(file, text);
  }
}

/** It is listed with its reason where it is a module at all, and loading it answers the same reason. */
async function checkRefused(node: TestNode, name: string): Promise<void> {
  const { code, names } = FOLDERS[name] ?? { names: /^$/ };
  const { status, type, body } = await node.api(`/api/v1/modules/${name}/load`, { method: "POST" });
  expect({ status, type, body }).toMatchObject({
    status: code === undefined ? 404 : 422,
    type: "application/problem+json",
    body: {
      ...(code === undefined ? { code: "MODULE_NOT_FOUND" } : { code: "MODULE_REJECTED", reason: code }),
      detail: expect.stringMatching(names),
    },
  });
  if (code === undefined) return;
  expect(await node.module(name)).toMatchObject({
    state: "rejected",
    reason: { code, message: expect.stringMatching(names) },
    pid: null,
    lastExit: null,
  });
}

Deno.test("folders that cannot be modules are refused with their reason, and harm no other", async (t) => {
  await using there = await tempDir();
  const good = { source: IDLE };
  // Half of them are there at the start, the others are dropped in later.
  const names = Object.keys(FOLDERS);
  const [before, after] = [names.filter((_, i) => i % 2 === 0), names.filter((_, i) => i % 2 === 1)];
  await plantModule(there.path, "good", good);
  await plantModule(there.path, "hello", await helloModule());
  for (const name of before) await write(there.path, name);
  await using node = await startTestNode({ set: [`modules.dir=${JSON.stringify(there.path)}`] });
  for (const name of before) await t.step(`${name}, there at the start`, () => checkRefused(node, name));
  for (const name of after) {
    await t.step(`${name}, dropped in`, async () => {
      await write(there.path, name);
      await checkRefused(node, name);
    });
  }
  await t.step("the command line says it, too", async () => {
    const outcome = await node.commons("module", "load", "imports-a-url");
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toMatch(/https:\/\/example\.com\/x\.js" in mod\.js:3:1:/);
  });
  await t.step("and a folder that is put right is loaded", async () => {
    await Deno.writeTextFile(join(there.path, "no-entry", "mod.js"), IDLE);
    expect(await node.api("/api/v1/modules/no-entry/load", { method: "POST" })).toMatchObject({
      status: 200,
      body: { state: "running" },
    });
  });
  for (const name of ["hello", "good"]) {
    expect(await node.module(name)).toMatchObject({ state: "running", restarts: 0 });
  }
  expect(node.process.output()).not.toContain("hunter2");
});
