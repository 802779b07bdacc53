import { CommonsError, errorText, type ModuleName, tryModuleName } from "../base/mod.ts";
import { parse, TomlError } from "smol-toml";
import type { BuiltModule, ModuleBuilder } from "./build.ts";
import { discoverModules, findModule } from "./discovery.ts";
import type { DiscoveredModule, ModuleBundle, ModuleFiles } from "./host_types.ts";
import { type ModuleSources, readSources } from "./source.ts";
import { readRegularFile } from "./source_read.ts";

/** Remembers the last build of each module over restarts of the node, so that a start need not build again. */
export interface KeptBuilds {
  get(name: ModuleName): Promise<KeptBuild | undefined>;
  set(name: ModuleName, build: KeptBuild): Promise<void>;
}

/** `key` is {@linkcode ModuleBuilder.keyOf} of the sources that gave `text`. */
export interface KeptBuild {
  readonly key: string;
  readonly text: string;
}

const CONFIG_FILE = "config.toml";
const MAX_CONFIG_BYTES = 64 * 1024;

/** The modules folder on disk. Needs `--allow-read` of `dir`. */
export function createModuleFiles(
  components: { readonly builder: ModuleBuilder; readonly builds?: KeptBuilds },
  init: { readonly dir: string },
): ModuleFiles {
  return {
    async discover() {
      const { modules, faults } = await discoverModules(init);
      const found: DiscoveredModule[] = modules.map(({ manifest }) => ({ name: manifest.name, manifest }));
      for (const { folder, error } of faults) {
        const name = tryModuleName(folder);
        // A folder whose name can be no module's has nothing to be listed under: the fault itself tells.
        if (name) found.push({ name, fault: error });
      }
      return found;
    },
    async read(name) {
      const { folder, manifest } = await findModule(init.dir, name);
      const [sources, config] = await Promise.all([readSources(folder, manifest), readConfig(folder, name)]);
      const { text, hash, bytes } = await buildOnce(components, { name, sources });
      return { manifest, text, hash, bytes, config };
    },
  };
}

async function buildOnce(
  { builder, builds }: { readonly builder: ModuleBuilder; readonly builds?: KeptBuilds },
  module: { readonly name: ModuleName; readonly sources: ModuleSources },
): Promise<BuiltModule> {
  const { name, sources } = module;
  // A JavaScript text that runs as it is costs more to look up than to check.
  if (!builds || (sources.files.size === 1 && !sources.entry.endsWith(".ts"))) {
    return await builder.build(sources);
  }
  const key = builder.keyOf(sources);
  const kept = await builds.get(name).catch(() => undefined); // it only saves time
  if (kept?.key === key) return builder.accept(kept.text, sources);
  const built = await builder.build(sources);
  await builds.set(name, { key, text: built.text }).catch(() => {}); // a full disk costs the next start a build, no more
  return built;
}

async function readConfig(folder: string, name: ModuleName): Promise<ModuleBundle["config"]> {
  const bytes = await readRegularFile({ root: folder, path: CONFIG_FILE, maxBytes: MAX_CONFIG_BYTES });
  if (bytes === undefined) return {};
  try {
    return parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const line = cause instanceof TomlError ? ` in line ${cause.line}` : "";
    // The parser's message quotes the file, which may hold a secret.
    const why = cause instanceof TomlError ? "syntax error" : errorText(cause);
    throw new CommonsError("MODULE_CONFIG_INVALID", `Cannot read ${name}/${CONFIG_FILE}: ${why}${line}`, {
      cause,
    });
  }
}
