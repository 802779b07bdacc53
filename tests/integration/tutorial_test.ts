import { expect } from "expect";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cleanEnv, spawnNode } from "../support/node_process.ts";
import { type OwnedProcess, spawnProgram } from "../support/process.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { startArguments } from "../../tools/node_process.ts";
import { missingLine, readSteps, type Step, writeStep } from "./_tutorial.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const READY_MS = 60_000;
const COMMAND_MS = 120_000;

/**
 * A reader of the tutorial: types what it says, in an empty folder that stands for the repository's root. Their `deno`
 * is one that knows the repository's tasks and import map, their `curl` one that knows the node's true port.
 */
class Reader implements AsyncDisposable {
  readonly #folder: TempDir;
  #node: OwnedProcess | undefined;

  constructor(folder: TempDir) {
    this.#folder = folder;
  }

  async prepare(): Promise<void> {
    const flags = (await startArguments()).slice(1, -1).map(quoted).join(" ");
    const deno = quoted(Deno.execPath());
    const main = quoted(join(ROOT, "main.ts"));
    const config = `--config=${quoted(join(ROOT, "deno.json"))}`;
    for (const name of ["bin", "t", "modules"]) await Deno.mkdir(this.#folder.file(name));
    await this.#script("deno", [
      'case "$1 $2" in',
      `"task commons") shift 2; exec ${deno} run --no-check ${config} ${flags} ${main} "$@";;`,
      `test*) shift; exec ${deno} test ${config} "$@";;`,
      '*) echo "the tutorial types: deno $*" >&2; exit 99;;',
      "esac",
    ]);
    const fetching = "const [url] = Deno.args; const answer = await fetch(url); " +
      "console.log(await answer.text()); if (!answer.ok) Deno.exit(22);";
    await Deno.writeTextFile(this.#folder.file("curl.ts"), fetching);
    await this.#script("curl", [
      "shift",
      `url=$(printf %s "$1" | sed "s#http://127.0.0.1:9906#$(cat ${quoted(this.#folder.file("url"))})#")`,
      `exec ${deno} run --no-check --no-config --allow-net ${quoted(this.#folder.file("curl.ts"))} "$url"`,
    ]);
  }

  async does(step: Step): Promise<void> {
    if (step.kind === "file") return await writeStep(this.#folder.path, step);
    if (step.kind === "start") return await this.#start(step.args);
    const fails = step.expected.some((line) => line.startsWith("error:"));
    const { code, output } = await this.#type(step.lines);
    expect({ lines: step.lines, failed: code !== 0, output }).toEqual({
      lines: step.lines,
      failed: fails,
      output: expect.any(String),
    });
    expect([missingLine(output, step.expected), output]).toEqual([undefined, output]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #start(args: readonly string[]): Promise<void> {
    await this.#stop();
    const dataDir = this.#folder.file("data");
    const absolute = args.map((arg) => arg.endsWith(".toml") ? this.#folder.file(arg) : arg);
    this.#node = await spawnNode(
      { dataDir, modulesDir: this.#folder.file("modules") },
      { args: absolute, env: { TMPDIR: this.#folder.file("t") } },
    );
    await this.#node.stderr.waitFor('"node ready"', { ms: READY_MS });
    const { http } = JSON.parse(await Deno.readTextFile(join(dataDir, "run.json")));
    await Deno.writeTextFile(this.#folder.file("url"), http);
  }

  async #stop(): Promise<void> {
    const node = this.#node;
    this.#node = undefined;
    if (!node) return;
    node.kill("SIGTERM");
    await node.exitWithin(READY_MS);
    await node[Symbol.asyncDispose]();
  }

  /** Types the lines into one shell, which ends at the first that fails. */
  async #type(lines: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
    const path = `${this.#folder.file("bin")}:${Deno.env.get("PATH") ?? ""}`;
    await using shell = spawnProgram("/bin/sh", {
      args: ["-e", "-c", lines.join("\n")],
      clearEnv: true,
      env: cleanEnv({ PATH: path, COMMONS_DATA_DIR: this.#folder.file("data"), NO_COLOR: "1" }),
      cwd: this.#folder.path,
    });
    const { code } = await shell.exitWithin(COMMAND_MS);
    return { code, output: shell.stdout.text() + shell.stderr.text() };
  }

  async #script(name: string, lines: readonly string[]): Promise<void> {
    const path = join(this.#folder.file("bin"), name);
    await Deno.writeTextFile(path, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

Deno.test({
  name: "the tutorial does what it says",
  ignore: Deno.build.os === "windows", // its reader has a shell
  async fn(t) {
    await using folder = await tempDir();
    await using reader = new Reader(folder);
    await reader.prepare();
    const steps = readSteps(await Deno.readTextFile(join(ROOT, "docs/tutorial.md")));
    expect(steps.length).toBeGreaterThan(10);
    for (const step of steps) {
      const name = step.kind === "commands" ? step.lines.join("; ") : JSON.stringify(step).slice(0, 60);
      if (!await t.step(name.slice(0, 100), () => reader.does(step))) break;
    }
  },
});

Deno.test("readSteps() takes a page apart", () => {
  const page =
    "# x\n```sh\ndeno task start --a b\n```\n\n```ts\n// a/b.ts\nlet x;\n```\n```sh\na\nb\n```\n```text\nc\n```\n";
  expect(readSteps(page)).toEqual([
    { kind: "start", args: ["--a", "b"] },
    { kind: "file", path: "a/b.ts", text: "// a/b.ts\nlet x;\n" },
    { kind: "commands", lines: ["a", "b"], expected: ["c"] },
  ]);
  expect(missingLine("a   b\nc", ["a b", "c"])).toBe(undefined);
  expect(missingLine("c\na", ["a", "c"])).toBe("c");
});
