import { fileURLToPath } from "node:url";
import { expect } from "expect";
import { isCommonsError, systemClock } from "../base/mod.ts";
import { type TempDir, tempDir } from "../../tests/support/temp_dir.ts";
import { createModuleAuthor, type ModuleAuthor } from "./author.ts";
import { findDenoDir } from "./deno_dir.ts";

/** An author with a folder to work in. */
class Desk implements AsyncDisposable {
  readonly author: ModuleAuthor = createModuleAuthor({ clock: systemClock }, {
    denoDir: findDenoDir(Deno.build.os, (name) => Deno.env.get(name)),
  });
  readonly #dir: TempDir;

  constructor(dir: TempDir) {
    this.#dir = dir;
  }

  static async open(): Promise<Desk> {
    return new Desk(await tempDir());
  }

  get path(): string {
    return this.#dir.path;
  }

  /** The module that is worked on. */
  get dir(): string {
    return this.#dir.file("hello");
  }

  file(...parts: string[]): string {
    return this.#dir.file(...parts);
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    await Deno.mkdir(this.dir, { recursive: true });
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${this.dir}/${name}`, text);
  }

  read(name = "module.toml"): Promise<string> {
    return Deno.readTextFile(`${this.dir}/${name}`);
  }

  async change(name: string, change: (text: string) => string): Promise<void> {
    await Deno.writeTextFile(`${this.dir}/${name}`, change(await this.read(name)));
  }

  /** A scaffolded, built module, signed by new keys. Answers their trust table. */
  async signed(names: readonly string[], threshold?: string): Promise<Record<string, string>> {
    await this.author.scaffold({ name: "hello", dir: this.path });
    await this.author.build({ dir: this.dir });
    const trust: Record<string, string> = {};
    for (const name of names) {
      const { publicKey } = await this.author.makeKey({
        file: this.file(`${name}.key`),
        scheme: name.startsWith("s") ? "secp256k1" : "ed25519",
      });
      trust[name] = publicKey;
      await this.author.sign({ dir: this.dir, keyFile: this.file(`${name}.key`), name: `I am ${name}` });
    }
    if (threshold !== undefined) {
      const name = names[0] ?? "";
      await this.author.sign({ dir: this.dir, keyFile: this.file(`${name}.key`), name, threshold });
    }
    return trust;
  }

  verify(trust: Readonly<Record<string, string>>, minSignatures = 1) {
    return this.author.verify({ dir: this.dir, trust, minSignatures });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.author[Symbol.asyncDispose]();
    await this.#dir[Symbol.asyncDispose]();
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined, (caught) => caught);
  if (error === undefined || isCommonsError(error)) return error?.code ?? "";
  throw error;
}

const HEAD = `name = "hello"\nversion = "1.0.0"\nentry_point = "mod.ts"\n`;

Deno.test("from scaffold to a signed module that verifies", async () => {
  await using desk = await Desk.open();
  const trust = await desk.signed(["ada", "sue"], "2-of-2");
  const report = await desk.verify(trust);
  expect(report).toMatchObject({
    name: "hello",
    version: "0.1.0",
    valid: true,
    signature: { state: "valid", signers: ["ada", "sue"], threshold: "2-of-2", needed: 2 },
  });
  expect(await desk.read()).toContain(`hash = "${report.hash}"`);
  expect(await desk.read("mod.js")).toMatch(/^\/\/ Built by "commons module build" from mod\.ts\n/);
  expect((await desk.verify({})).signature.state).toBe("unverified");
  expect((await desk.verify(trust, 3)).valid).toBe(false);
});

Deno.test("verify() finds every change, and none that means nothing", async (t) => {
  const rows: [name: string, file: string, change: (text: string) => string, state: string][] = [
    ["nothing", "module.toml", (text) => text, "valid"],
    ["a comment", "module.toml", (text) => `# hi\n${text}`, "valid"],
    ["the source of a build", "mod.ts", () => "not even code (", "valid"],
    ["one byte of the code", "mod.js", (text) => text.replace("Hello", "Hallo"), "invalid"],
    ["one byte more", "mod.js", (text) => `${text}\n`, "invalid"],
    ["the size", "module.toml", (text) => text.replace(/size = \d/, "size = 9"), "invalid"],
    ["a capability", "module.toml", (text) => text.replace('["read_', '["net", "read_'), "invalid"],
    ["the entry point", "module.toml", (text) => text.replace('"mod.js"', '"mod.ts"'), "invalid"],
    [
      "a threshold that cannot be met",
      "module.toml",
      (text) => text.replace("1-of-1", "2-of-2"),
      "unverified",
    ],
    ["no signatures", "module.toml", (text) => text.slice(0, text.indexOf("[signatures]")), "unsigned"],
  ];
  await using desk = await Desk.open();
  const trust = await desk.signed(["ada"]);
  for (const [name, file, change, state] of rows) {
    await t.step(name, async () => {
      const before = await desk.read(file);
      await desk.change(file, change);
      const { signature, valid } = await desk.verify(trust);
      expect([signature.state, valid]).toEqual([state, state === "valid"]);
      await Deno.writeTextFile(`${desk.dir}/${file}`, before);
    });
  }
});

Deno.test("build() can be repeated, and takes out signatures that no longer hold", async () => {
  await using desk = await Desk.open();
  const trust = await desk.signed(["ada"]);
  const [manifest, code] = [await desk.read(), await desk.read("mod.js")];
  expect((await desk.author.build({ dir: desk.dir })).removedSignatures).toEqual([]);
  expect([await desk.read(), await desk.read("mod.js")]).toEqual([manifest, code]);
  await desk.change("mod.ts", (text) => text.replace("Hello", "Hallo"));
  expect((await desk.author.build({ dir: desk.dir })).removedSignatures).toEqual(["I am ada"]);
  expect(await desk.read()).not.toContain("signatures");
  expect((await desk.verify(trust)).signature.state).toBe("unsigned");
});

Deno.test("build() decides what is source and what is result", async (t) => {
  const js = "export default { start() {} };\n";
  const sdk = `import { defineModule } from "@commons/sdk";\nexport default defineModule({ start() {} });\n`;
  const rows: [name: string, files: Record<string, string>, outcome: string, entry?: string][] = [
    [
      "JavaScript that runs as it is",
      { "main.js": js, "module.toml": HEAD.replace("mod.ts", "main.js") },
      "main.js",
    ],
    ["as mod.js", { "mod.js": js, "module.toml": HEAD.replace("mod.ts", "mod.js") }, "mod.js"],
    ["TypeScript", { "mod.ts": sdk, "module.toml": HEAD }, "mod.js"],
    ["relative imports", {
      "mod.ts": `import { a } from "./a.ts";\nexport default { start() { a(); } };`,
      "a.ts": "export function a(): void {}",
      "module.toml": HEAD,
    }, "mod.js"],
    ["another entry", { "other.ts": sdk, "mod.ts": "(", "module.toml": HEAD }, "mod.js", "other.ts"],
    ["a mod.js of one's own", { "mod.ts": sdk, "mod.js": js, "module.toml": HEAD }, "FILE_EXISTS"],
    [
      "mod.js that must be built",
      { "mod.js": sdk, "module.toml": HEAD.replace("mod.ts", "mod.js") },
      "FILE_EXISTS",
    ],
    ["a file that is not there", { "module.toml": HEAD }, "ENTRY_NOT_FOUND"],
    ["an entry outside", { "mod.ts": sdk, "module.toml": HEAD }, "USAGE", "../mod.ts"],
    ["an import outside", { "mod.ts": 'import "../a.ts";', "module.toml": HEAD }, "IMPORT_NOT_ALLOWED"],
    ["an import of Node", { "mod.ts": 'import "node:fs";', "module.toml": HEAD }, "IMPORT_NOT_ALLOWED"],
    [
      "a remote import",
      { "mod.ts": 'import "https://a.example/b.ts";', "module.toml": HEAD },
      "IMPORT_NOT_ALLOWED",
    ],
    ["a dynamic import", { "mod.ts": 'await import("./a.ts");', "module.toml": HEAD }, "IMPORT_NOT_ALLOWED"],
    ["a bad manifest", { "mod.ts": sdk, "module.toml": "name = 1" }, "MANIFEST_INVALID"],
    ["no manifest", { "mod.ts": sdk }, "MANIFEST_MISSING"],
  ];
  for (const [name, files, outcome, entry] of rows) {
    await t.step(name, async () => {
      await using desk = await Desk.open();
      await desk.write(files);
      const options = { dir: desk.dir, ...(entry === undefined ? {} : { entry }) };
      const made = desk.author.build(options);
      if (!outcome.includes(".")) {
        expect(await codeOf(made)).toBe(outcome);
        for (const [file, text] of Object.entries(files)) expect(await desk.read(file)).toBe(text);
        return;
      }
      expect((await made).entryPoint).toBe(outcome);
      const { reason, signature } = await desk.verify({});
      expect([signature.state, reason]).toEqual(["unsigned", "it is not signed"]);
    });
  }
});

Deno.test("build() bundles npm packages in", async () => {
  await using desk = await Desk.open();
  const code = `import semver from "npm:semver@7.8.6";
import { defineModule } from "@commons/sdk";
import { wanted } from "./wanted.ts";
export default defineModule({ start() { semver.satisfies("1.0.0", wanted); } });
`;
  await desk.write({
    "mod.ts": code,
    "wanted.ts": 'export const wanted: string = "^1";',
    "module.toml": HEAD,
  });
  const { size } = await desk.author.build({ dir: desk.dir });
  expect(size).toBeGreaterThan(10_000);
  expect(await desk.read("mod.js")).not.toMatch(/^import /m);
  const [other] = [code.replace("npm:semver@7.8.6", "npm:./nothing")];
  await desk.write({ "mod.ts": other });
  expect(await codeOf(desk.author.build({ dir: desk.dir }))).toBe("UNAVAILABLE");
});

Deno.test("sign() vouches for nothing but what was built", async (t) => {
  await using desk = await Desk.open();
  await desk.author.scaffold({ name: "hello", dir: desk.path });
  const keyFile = desk.file("me.key");
  await desk.author.makeKey({ file: keyFile, scheme: "ed25519" });
  const sign = (threshold?: string) =>
    desk.author.sign({
      dir: desk.dir,
      keyFile,
      name: "me",
      ...(threshold === undefined ? {} : { threshold }),
    });
  await t.step("not built", async () => expect(await codeOf(sign())).toBe("HASH_MISSING"));
  await desk.author.build({ dir: desk.dir });
  await t.step("changed since", async () => {
    const before = await desk.read("mod.js");
    await desk.change("mod.js", (text) => `${text};`);
    expect(await codeOf(sign())).toBe("HASH_MISMATCH");
    await Deno.writeTextFile(`${desk.dir}/mod.js`, before);
  });
  for (const threshold of ["0-of-1", "2-of-1", "1", "1-of-1x", "-1-of-2", "1 of 1", "1-of-0"]) {
    await t.step(threshold, async () => expect(await codeOf(sign(threshold))).toBe("INVALID_THRESHOLD"));
  }
  await t.step("twice is once", async () => {
    await sign();
    const once = await desk.read();
    await sign();
    expect(await desk.read()).toBe(once);
  });
  await t.step("a change of the manifest takes the signatures of others out", async () => {
    const other = desk.file("other.key");
    await desk.author.makeKey({ file: other, scheme: "secp256k1" });
    const { threshold } = await desk.author.sign({ dir: desk.dir, keyFile: other, name: "other" });
    expect(threshold).toBe("1-of-2");
    await desk.change("module.toml", (text) => text.replace("0.1.0", "0.2.0"));
    const { maintainers, removedSignatures } = await sign();
    expect([maintainers, removedSignatures]).toEqual([["me"], ["other"]]);
  });
});

Deno.test("scaffold() makes a test that passes", async () => {
  await using desk = await Desk.open();
  await desk.author.scaffold({ name: "hello", dir: desk.path });
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-prompt",
      `--config=${fileURLToPath(new URL("../../deno.json", import.meta.url))}`,
      desk.dir,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  expect([success, text]).toEqual([true, expect.stringContaining("1 passed")]);
});

Deno.test("scaffold() makes what builds, and touches nothing that is there", async () => {
  await using desk = await Desk.open();
  const { folder, files } = await desk.author.scaffold({ name: "hello", dir: desk.path });
  expect([folder, files]).toEqual([desk.dir, ["module.toml", "mod.ts", "mod_test.ts", "README.md"]]);
  await desk.change("mod.ts", () => "mine");
  expect(await codeOf(desk.author.scaffold({ name: "hello", dir: desk.path }))).toBe("FILE_EXISTS");
  expect(await desk.read("mod.ts")).toBe("mine");
  for (const name of ["", "Hello", "../hello", "a/b", "-a", "a".repeat(65)]) {
    expect(await codeOf(desk.author.scaffold({ name, dir: desk.path }))).toBe("INVALID_MODULE_NAME");
  }
  expect([...Deno.readDirSync(desk.path)].map((entry) => entry.name)).toEqual(["hello"]);
});
