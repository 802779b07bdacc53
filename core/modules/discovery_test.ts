import { expect } from "expect";
import { discoverModules, findModule } from "./discovery.ts";

const manifest = (name: string) => `name = "${name}"\nversion = "1.0.0"\nentry_point = "mod.ts"\n`;

/** A fresh folder with the given files, removed when done. */
async function folderWith(
  files: Record<string, string>,
): Promise<AsyncDisposable & { readonly dir: string }> {
  const dir = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${dir}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${dir}/${path}`, text);
  }
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

Deno.test("discoverModules() finds good folders whatever stands beside them", async () => {
  await using temp = await folderWith({
    "alpha/module.toml": manifest("alpha"),
    "beta/module.toml": manifest("beta"),
    "broken/module.toml": "name = ",
    "huge/module.toml": "#".repeat(65_537),
    "other/module.toml": manifest("alpha"),
    "Gamma/module.toml": manifest("gamma"),
    "unknown/module.toml": manifest("unknown") + "nope = 1",
    "empty/readme.md": "no manifest",
    ".hidden/module.toml": manifest("hidden"),
    "file.txt": "a file",
    "linked-manifest/readme.md": "",
    "dir-manifest/module.toml/x": "",
  });
  const { dir } = temp;
  await Deno.symlink(`${dir}/alpha`, `${dir}/linked`);
  await Deno.symlink(`${dir}/file.txt`, `${dir}/linked-file`);
  await Deno.symlink(`${dir}/alpha/module.toml`, `${dir}/linked-manifest/module.toml`);
  await new Deno.Command("mkfifo", { args: [`${dir}/empty/module.toml`] }).output();

  const { modules, faults } = await discoverModules({ dir });
  expect(modules.map((found) => found.manifest.name)).toEqual(["alpha", "beta"]);
  expect(Object.fromEntries(faults.map((fault) => [fault.folder, fault.error.code]))).toEqual({
    "broken": "MANIFEST_SYNTAX",
    "dir-manifest": "SOURCE_NOT_REGULAR",
    "empty": "SOURCE_NOT_REGULAR",
    "Gamma": "MODULE_NAME_MISMATCH",
    "huge": "MANIFEST_TOO_LARGE",
    "linked": "SOURCE_NOT_REGULAR",
    "linked-manifest": "SOURCE_NOT_REGULAR",
    "other": "MODULE_NAME_MISMATCH",
    "unknown": "MANIFEST_INVALID",
  });
});

Deno.test("discoverModules() of a missing dir is empty", async () => {
  await using temp = await folderWith({});
  expect(await discoverModules({ dir: `${temp.dir}/none` })).toEqual({ modules: [], faults: [] });
});

Deno.test("discoverModules() looks at no more than 1000 folders and says so", async () => {
  await using temp = await folderWith({});
  for (let i = 0; i < 1001; i++) await Deno.mkdir(`${temp.dir}/m${i}`);
  const { modules, faults } = await discoverModules(temp);
  expect([modules.length, faults.map((fault) => fault.error.code)]).toEqual([0, ["TOO_MANY_MODULES"]]);
});

Deno.test("findModule() finds one by name and says why it cannot", async (t) => {
  await using temp = await folderWith({
    "alpha/module.toml": manifest("alpha"),
    "bare/readme.md": "",
    "plain": "a file",
  });
  const { dir } = temp;
  await Deno.symlink(`${dir}/alpha`, `${dir}/linked`);
  expect((await findModule(dir, "alpha")).manifest.name).toBe("alpha");
  const rows: [string, string][] = [
    ["../alpha", "INVALID_MODULE_NAME"],
    ["Alpha", "INVALID_MODULE_NAME"],
    ["none", "MODULE_NOT_FOUND"],
    ["bare", "MANIFEST_MISSING"],
    ["plain", "MANIFEST_MISSING"],
    ["linked", "SOURCE_NOT_REGULAR"],
  ];
  for (const [name, code] of rows) {
    await t.step(name, async () => {
      await expect(findModule(dir, name)).rejects.toMatchObject({ code });
    });
  }
});
