/**
 * Makes the single binary `./commons`: `deno task compile [output]`.
 *
 * `deno compile` downloads a base binary. Where it can't, this says so and runs the packaging all the same, with the running
 * Deno in its place: that checks the module graph and what is embedded, though the result would not run and is removed.
 * `DENORT_BIN` in the environment names a base binary of your own.
 */

/** The binary's own path is not known when it is built, so `--allow-run` can't be narrowed; it starts only itself. */
const PERMISSIONS = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=networkInterfaces,setPriority",
  "--allow-run",
];

/** What is loaded by a computed path or read as text: the cell's side of the wall, configuration, bundled modules. */
const EMBEDDED = [
  "workers/sandbox.ts",
  "workers",
  "config",
  "modules",
  "core/cli/program.ts",
  "core/modules/author.ts",
];

/**
 * Folders of npm packages that must stay out. `deno compile` 2.9 reads any file of a package as JavaScript, and the sample
 * data of bintrees' tests (100,000 numbers with signs, one endless sum) overflows its parser's stack (denoland/deno #36746).
 */
const POISONOUS = [{ package: "bintrees", folder: "test" }];

interface Packaged {
  readonly ok: boolean;
  readonly log: string;
}

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Packaged> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { ok: success, log: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function foldersIn(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(path)) if (entry.isDirectory) found.push(`${path}/${entry.name}`);
  return found;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Where {@linkcode POISONOUS} folders are: `<npm cache>/<registry>/<package>/<version>/<folder>`. */
async function poisonousFolders(): Promise<string[]> {
  const { npmCache } = JSON.parse((await run(["info", "--json"])).log);
  const found: string[] = [];
  for (const registry of await foldersIn(npmCache)) {
    for (const poison of POISONOUS) {
      const path = `${registry}/${poison.package}`;
      if (await exists(path)) {
        found.push(...(await foldersIn(path)).map((version) => `${version}/${poison.folder}`));
      }
    }
  }
  return found;
}

async function packageTo(output: string, env: Record<string, string> = {}): Promise<Packaged> {
  return await run([
    "compile",
    "--frozen",
    "--no-check", // types are the business of `deno task ok`
    "--exclude-unused-npm",
    ...PERMISSIONS,
    ...EMBEDDED.map((path) => `--include=${path}`),
    ...(await poisonousFolders()).map((path) => `--exclude=${path}`),
    `--output=${output}`,
    "main.ts",
  ], env);
}

async function checkPackaging(): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "commons-compile-" });
  try {
    const output = `${folder}/commons`;
    const { ok, log } = await packageTo(output, { DENORT_BIN: Deno.execPath() });
    console.log(log);
    if (!ok) return false;
    const mebibytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
    const [total, base] = [(await Deno.stat(output)).size, (await Deno.stat(Deno.execPath())).size];
    console.log(`Packaged: ${mebibytes(total - base)} MiB besides the base binary.`);
    return true;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function main(output: string): Promise<number> {
  const installed = await run(["install", "--frozen"]);
  if (!installed.ok) {
    console.error(installed.log);
    return 1;
  }
  const first = await packageTo(output);
  console.log(first.log);
  if (first.ok) {
    console.log(`Wrote ${output}`);
    return 0;
  }
  if (Deno.env.get("DENORT_BIN")) return 1;
  if (!await checkPackaging()) return 1;
  console.log(
    `No ${output} was written: the packaging works, but the base binary could not be downloaded (see above). ` +
      "Run this where the Deno site can be reached, or name a base binary with DENORT_BIN.",
  );
  return 0;
}

Deno.exitCode = await main(Deno.args[0] ?? "./commons");
