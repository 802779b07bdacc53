import { expect } from "expect";
import { CommonsError, parseModuleName } from "../base/mod.ts";
import type { ModuleBuilder } from "./build.ts";
import { createModuleFiles, type KeptBuild } from "./module_files.ts";

/** Counts builds; the text is that of the entry. */
function countingBuilder() {
  let builds = 0;
  const built = (text: string) => ({ text, hash: `sha256:${text.length}`, bytes: text.length });
  const builder: Pick<ModuleBuilder, "build" | "accept" | "keyOf"> = {
    build({ files, entry }) {
      builds++;
      return Promise.resolve(built(files.get(entry) ?? ""));
    },
    accept: (text) => built(text),
    keyOf: ({ files }) => JSON.stringify([...files]),
  };
  return { builder: { ...builder, close: () => Promise.resolve() }, builds: () => builds };
}

async function typescriptModule(dir: string): Promise<void> {
  await Deno.mkdir(`${dir}/a`);
  await Deno.writeTextFile(`${dir}/a/module.toml`, 'name = "a"\nversion = "1.0.0"\nentry_point = "mod.ts"\n');
  await Deno.writeTextFile(`${dir}/a/mod.ts`, "export default {};");
}

Deno.test("ModuleFiles.read() builds once and keeps the build, as long as it can be kept", async (t) => {
  const dir = await Deno.makeTempDir();
  try {
    await typescriptModule(dir);
    const name = parseModuleName("a");
    await t.step("kept", async () => {
      const { builder, builds } = countingBuilder();
      let kept: KeptBuild | undefined;
      const store = {
        get: () => Promise.resolve(kept),
        set: (_name: string, build: KeptBuild) => Promise.resolve(void (kept = build)),
      };
      const files = createModuleFiles({ builder, builds: store }, { dir });
      const first = await files.read(name);
      expect(await files.read(name)).toEqual(first);
      expect(builds()).toBe(1);
    });
    await t.step("a store that fails costs only time", async () => {
      const { builder, builds } = countingBuilder();
      const fail = () => Promise.reject(new CommonsError("STORE_FULL", "Cannot write: the disk is full"));
      const files = createModuleFiles({ builder, builds: { get: fail, set: fail } }, { dir });
      for (let round = 0; round < 2; round++) {
        expect((await files.read(name)).text).toBe("export default {};");
      }
      expect(builds()).toBe(2);
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
