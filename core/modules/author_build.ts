import { join } from "node:path";
import { type Clock, CommonsError, isCommonsError } from "../base/mod.ts";
import { type AuthorFolder, openAuthorFolder, writeManifest, writeWhole } from "./author_folder.ts";
import { bundlePackages } from "./author_packages.ts";
import type { BuiltModule, ModuleBuilder } from "./build.ts";
import { MAX_BUILT_BYTES } from "./build_limits.ts";
import { signedBytes } from "./canonical_manifest.ts";
import { parseManifest } from "./manifest.ts";
import { editManifest } from "./manifest_edit.ts";
import { parseEntryPoint } from "./manifest_path.ts";
import { readSources } from "./source.ts";
import { readRegularFile } from "./source_read.ts";

/** What is written next to the manifest. */
const OUTPUT = "mod.js";
const BANNER = '// Built by "commons module build" from ';

/** What {@linkcode buildModule} did. */
export interface BuildReport {
  readonly name: string;
  readonly version: string;
  /** The source that was built, and the text that the node will run; the same for one that needs no build. */
  readonly source: string;
  readonly entryPoint: string;
  /** `sha256:<hex>` of that text's bytes. */
  readonly hash: string;
  readonly size: number;
  /** Names of the maintainers whose signatures were taken out, as they held for other code. */
  readonly removedSignatures: readonly string[];
}

/** What the author's commands work with. */
export interface AuthorComponents {
  readonly builder: ModuleBuilder;
  readonly clock: Clock;
}

/**
 * Builds a module into one self-contained `mod.js` next to its manifest, npm packages included, with the builder that the
 * node uses; writes `entry_point` and `[binary] hash, size` into the manifest, and takes out signatures that held for what
 * it said before. A source of one JavaScript text without imports stays the entry as it is.
 *
 * `entry` is the source's path in the folder; without it the source is the manifest's entry point, or `mod.ts` when that
 * is an earlier `mod.js`. Needs `--allow-read` and `--allow-write` of the folder, `--allow-run` of the own executable.
 *
 * @throws {CommonsError} as the node's own build; `UNAVAILABLE` (npm packages cannot be bundled here), `FILE_EXISTS` (there
 * is a `mod.js` that no build made), `MANIFEST_NOT_EDITABLE`
 */
export async function buildModule(
  components: AuthorComponents,
  options: { readonly dir: string; readonly entry?: string },
): Promise<BuildReport> {
  const opened = await openAuthorFolder(options.dir);
  const source = await sourceOf(opened, options.entry);
  const made = await buildSource(components, opened, source);
  const verbatim = made === undefined;
  const entryPoint = verbatim ? source : OUTPUT;
  if (!verbatim) await checkOverwrite(opened, source);
  const code = verbatim
    ? await components.builder.build(await readSources(opened.folder, { entryPoint }))
    : await selfContained(components, `${BANNER}${source}\n${made}`);
  const edited = editManifest(opened.text, {
    entryPoint,
    binary: { hash: code.hash, size: code.bytes },
  }, { file: "module.toml" });
  const removed = holdsStill(opened, edited) ? [] : opened.manifest.signatures?.maintainers ?? [];
  if (!verbatim) await writeWhole(join(opened.folder, OUTPUT), code.text);
  await writeManifest(opened, removed.length === 0 ? edited : withoutSignatures(edited));
  const { name, version } = opened.manifest;
  return {
    name,
    version,
    source,
    entryPoint,
    hash: code.hash,
    size: code.bytes,
    removedSignatures: removed.map((maintainer) => maintainer.name),
  };
}

/** The built text, or `undefined` when the source is one that runs as it is. */
async function buildSource(
  components: AuthorComponents,
  { folder }: AuthorFolder,
  source: string,
): Promise<string | undefined> {
  const sources = await readSources(folder, { entryPoint: source });
  try {
    const { text } = await components.builder.build(sources);
    return text === sources.files.get(source) ? undefined : text;
  } catch (error) {
    if (!isCommonsError(error, "IMPORT_NOT_ALLOWED") || !isPackage(error.detail?.["specifier"])) throw error;
    const bundled = await bundlePackages(components, { folder, entry: source });
    return (await selfContained(components, bundled)).text;
  }
}

/** Takes the SDK in where it is still imported, and refuses any other import. */
async function selfContained({ builder }: AuthorComponents, text: string): Promise<BuiltModule> {
  return await builder.build({ entry: OUTPUT, files: new Map([[OUTPUT, text]]), bytes: text.length });
}

function isPackage(specifier: unknown): boolean {
  return typeof specifier === "string" && specifier.startsWith("npm:");
}

async function sourceOf({ folder, manifest }: AuthorFolder, entry: string | undefined): Promise<string> {
  if (entry !== undefined) {
    const parsed = parseEntryPoint(entry);
    if ("path" in parsed) return parsed.path;
    throw new CommonsError(
      "USAGE",
      `Cannot build ${JSON.stringify(entry.slice(0, 200))}: it ${parsed.problem}`,
    );
  }
  const { entryPoint } = manifest;
  const typed = entryPoint.replace(/\.js$/, ".ts");
  if (typed === entryPoint) return entryPoint;
  const found = await Deno.lstat(join(folder, typed)).catch(() => undefined); // not there: the entry is the source
  return found?.isFile ? typed : entryPoint;
}

/** What a person wrote is not overwritten. */
async function checkOverwrite({ folder }: AuthorFolder, source: string): Promise<void> {
  const bytes = await readRegularFile({ root: folder, path: OUTPUT, maxBytes: 2 * MAX_BUILT_BYTES });
  const start = new TextDecoder().decode(bytes?.subarray(0, BANNER.length));
  if (bytes === undefined || (start === BANNER && source !== OUTPUT)) return;
  throw new CommonsError(
    "FILE_EXISTS",
    source === OUTPUT
      ? `Cannot build ${OUTPUT}: the result would overwrite it; give the source another name, and set entry_point to it`
      : `Cannot write ${OUTPUT}: there is one that no build made; move it away`,
  );
}

/** Signatures hold on exactly when what they are made over is the same. */
function holdsStill({ manifest }: AuthorFolder, edited: string): boolean {
  const after = parseManifest(new TextEncoder().encode(edited), { file: "module.toml" });
  return new TextDecoder().decode(signedBytes(manifest)) === new TextDecoder().decode(signedBytes(after));
}

function withoutSignatures(text: string): string {
  const signatures = { maintainers: [], threshold: { m: 1, n: 1 } };
  return editManifest(text, { signatures }, { file: "module.toml" });
}
