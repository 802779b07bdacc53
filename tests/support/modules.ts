import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A module for a test: its code, and what its manifest says besides. */
export interface TestModule {
  /** Text of the entry. */
  readonly source: string;
  /** Default "mod.js". */
  readonly entry?: string;
  /** Default "1.0.0". */
  readonly version?: string;
  readonly capabilities?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, number>>;
  /** More files, by path; `module.toml` replaces the one that would be written. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Writes a module's folder in one step, so that nobody sees half of it. */
export async function plantModule(modulesDir: string, name: string, module: TestModule): Promise<void> {
  const { source, entry = "mod.js", version = "1.0.0", capabilities = [], limits = {}, files = {} } = module;
  const { dependencies = {} } = module;
  const manifest = [
    `name = "${name}"`,
    `version = "${version}"`,
    `entry_point = "${entry}"`,
    `capabilities = ${JSON.stringify(capabilities)}`,
    "[dependencies]",
    ...Object.entries(dependencies).map(([needed, range]) => `${needed} = ${JSON.stringify(range)}`),
    "[limits]",
    ...Object.entries(limits).map(([key, value]) => `${key} = ${value}`),
  ].join("\n");
  const draft = join(modulesDir, `.${name}`);
  await Deno.mkdir(draft);
  for (const [path, text] of Object.entries({ "module.toml": manifest, [entry]: source, ...files })) {
    await Deno.writeTextFile(join(draft, path), text);
  }
  await Deno.rename(draft, join(modulesDir, name));
}

/** The bundled module `hello` as it is in the repository. */
export async function helloModule(): Promise<TestModule> {
  const folder = fileURLToPath(new URL("../../modules/hello/", import.meta.url));
  return {
    source: await Deno.readTextFile(`${folder}mod.ts`),
    entry: "mod.ts",
    files: { "module.toml": await Deno.readTextFile(`${folder}module.toml`) },
  };
}
