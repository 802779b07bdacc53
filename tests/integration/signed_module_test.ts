import { expect } from "expect";
import { eventually } from "../support/eventually.ts";
import { plantModule, type TestModule } from "../support/modules.ts";
import { runCommons, startTestNode, type TestNode } from "../support/node_process.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";

const CODE = `import { defineModule } from "@commons/sdk";
export default defineModule({
  async start(node) {
    node.cli.command({ name: "who", about: "Whose code" }, () => "author");
    node.cli.command({ name: "crash", about: "Die" }, () => { setTimeout(() => { throw new Error("on purpose"); }); });
    await node.events.publish("Custom", {}).catch(() => {});
  },
});
`;

/** The author's commands, each in a process with the permissions of the task. */
class Author {
  readonly trust: Record<string, string> = {};
  readonly #dir: TempDir;

  constructor(dir: TempDir) {
    this.#dir = dir;
  }

  get folder(): string {
    return this.#dir.file("modules", "hello");
  }

  async run(...args: string[]): Promise<unknown> {
    const { code, stdout, stderr } = await runCommons(["module", ...args, "--json"]);
    if (code !== 0) {
      throw new Error(`commons module ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    }
    return JSON.parse(stdout);
  }

  async makeKey(name: string, ...flags: string[]): Promise<void> {
    const report = Object(await this.run("keygen", this.#dir.file(`${name}.key`), ...flags));
    this.trust[name] = report.publicKey;
  }

  sign(name: string, ...flags: string[]): Promise<unknown> {
    return this.run("sign", this.folder, "--key", this.#dir.file(`${name}.key`), "--name", name, ...flags);
  }

  /** `["modules.trust={…}"]` for the node. */
  get settings(): string[] {
    const pairs = Object.entries(this.trust).map(([name, key]) => `${name}="${key}"`);
    return [`modules.trust={${pairs.join(",")}}`, "modules.require_signatures=true"];
  }

  async verify(): Promise<unknown> {
    const trust = this.#dir.file("trust.toml");
    const lines = Object.entries(this.trust).map(([name, key]) => `${name} = "${key}"\n`);
    await Deno.writeTextFile(trust, `[modules.trust]\n${lines.join("")}`);
    return await this.run("verify", this.folder, "--trust", trust);
  }

  async made(): Promise<TestModule> {
    const read = (file: string) => Deno.readTextFile(`${this.folder}/${file}`);
    return { source: await read("mod.js"), files: { "module.toml": await read("module.toml") } };
  }
}

async function write(node: TestNode, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${node.modulesDir}/hello/${name}`, text);
  }
}

async function who(node: TestNode): Promise<string> {
  return (await node.commons("hello", "who")).stdout.trim();
}

/** From `module new` to two signatures, then into a node that takes nothing else. */
async function makeSigned(author: Author, dir: TempDir): Promise<TestModule> {
  await author.run("new", "hello", "--dir", dir.file("modules"));
  await Deno.writeTextFile(`${author.folder}/mod.ts`, CODE);
  const manifest = await Deno.readTextFile(`${author.folder}/module.toml`);
  const capabilities = 'capabilities = ["publish_events"]';
  await Deno.writeTextFile(
    `${author.folder}/module.toml`,
    manifest.replace(/^capabilities = .*$/m, capabilities),
  );
  await author.run("build", author.folder);
  await author.makeKey("ada");
  await author.makeKey("sue", "--secp256k1");
  await author.sign("ada", "--threshold", "2-of-2");
  await author.sign("sue");
  expect(await author.verify()).toMatchObject({ valid: true, signature: { signers: ["ada", "sue"] } });
  return await author.made();
}

Deno.test("a module from its author's hands runs signed, and nothing else does", async (t) => {
  await using dir = await tempDir();
  const author = new Author(dir);
  const module = await makeSigned(author, dir);
  const manifest = module.files?.["module.toml"] ?? "";
  await using node = await startTestNode({ modules: { hello: module }, set: author.settings });

  await t.step("it runs, with what its signers vouch for", async () => {
    expect(await node.module("hello")).toMatchObject({
      state: "running",
      signature: { state: "valid", signers: ["ada", "sue"] },
      capabilities: { granted: ["publish_events"], missing: [] },
    });
    expect(await who(node)).toBe("author");
  });

  const evil = module.source.replace('"author"', '"evil!!"');
  const swaps: [name: string, files: Record<string, string>, reason: string][] = [
    ["other code of the same size", { "mod.js": evil }, "HASH_MISMATCH"],
    [
      "one capability more",
      { "module.toml": manifest.replace('["publish', '["net", "publish') },
      "SIGNATURE_INVALID",
    ],
    ["a lower threshold, one signature less", {
      "module.toml": manifest.replace("2-of-2", "1-of-2").replace(
        /public_key = "[0-9a-f]{66}"/,
        'public_key = "00"',
      ),
    }, "MANIFEST_INVALID"],
    [
      "no signatures",
      { "module.toml": manifest.slice(0, manifest.indexOf("[signatures]")) },
      "SIGNATURE_MISSING",
    ],
  ];
  for (const [name, files, reason] of swaps) {
    await t.step(`reload refuses ${name}`, async () => {
      await write(node, files);
      const answer = await node.api("/api/v1/modules/hello/reload", { method: "POST" });
      expect([answer.status, JSON.stringify(answer.body)]).toEqual([422, expect.stringContaining(reason)]);
      expect(await who(node)).not.toBe("evil!!");
      await write(node, { "mod.js": module.source, "module.toml": manifest });
    });
  }

  await t.step("it comes back when the files are as they were", async () => {
    expect((await node.api("/api/v1/modules/hello/reload", { method: "POST" })).status).toBe(200);
    expect(await who(node)).toBe("author");
  });

  await t.step("a restart runs the bytes that were verified, not the file", async () => {
    await write(node, { "mod.js": evil });
    await node.commons("hello", "crash");
    await eventually("the restart", async () => {
      const view = await node.module("hello");
      return view.restarts > 0 && view.state === "running";
    });
    expect(await who(node)).toBe("author");
  });

  await t.step("unsigned modules are refused", async () => {
    await plantModule(node.modulesDir, "other", { source: "export default { start() {} };" });
    const answer = await node.api("/api/v1/modules/other/load", { method: "POST" });
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([
      422,
      expect.stringContaining("SIGNATURE_MISSING"),
    ]);
  });
});
