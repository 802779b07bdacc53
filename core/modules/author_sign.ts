import { CommonsError } from "../base/mod.ts";
import type { AuthorComponents } from "./author_build.ts";
import { type AuthorFolder, openAuthorFolder, writeManifest } from "./author_folder.ts";
import type { BuiltModule } from "./build.ts";
import { signedBytes } from "./canonical_manifest.ts";
import { editManifest } from "./manifest_edit.ts";
import type { ManifestMaintainer, Threshold } from "./manifest_types.ts";
import type { SigningKey } from "./module_keys.ts";
import { verifySignature } from "./signatures.ts";
import { readSources } from "./source.ts";

const THRESHOLD = /^([1-9]\d{0,2})-of-([1-9]\d{0,2})$/;

export interface SignOptions {
  readonly dir: string;
  readonly key: SigningKey;
  /** The maintainer's name in the manifest; says nothing to whoever checks. */
  readonly name: string;
  /** `m-of-n`; else the one that is there, with n raised to the number of maintainers; else `1-of-n`. */
  readonly threshold?: string;
}

/** What {@linkcode signModule} did. */
export interface SignReport {
  readonly name: string;
  readonly version: string;
  readonly hash: string;
  readonly publicKey: string;
  readonly threshold: string;
  /** Names of all whose signatures stand in the manifest now. */
  readonly maintainers: readonly string[];
  /** Names of those whose signatures no longer held and were taken out. */
  readonly removedSignatures: readonly string[];
}

/**
 * Signs a module: adds the key's entry to `[signatures]`, or replaces it. The code must be what `[binary].hash` says, for
 * that is what the signature vouches for. Needs `--allow-read` and `--allow-write` of the folder.
 *
 * @throws {CommonsError} `HASH_MISSING`, `HASH_MISMATCH`, `SIZE_MISMATCH`, `INVALID_THRESHOLD`, `MANIFEST_NOT_CANONICAL`,
 * `MANIFEST_NOT_EDITABLE`, and as the build
 */
export async function signModule(components: AuthorComponents, options: SignOptions): Promise<SignReport> {
  const opened = await openAuthorFolder(options.dir);
  const { hash } = await checkedCode(components, opened);
  const message = signedBytes(opened.manifest);
  const { maintainers: before = [], threshold: stated } = opened.manifest.signatures ?? {};
  const { publicKey } = options.key;
  const holding = before.filter((entry) =>
    entry.publicKey === publicKey || verifySignature({ ...entry, message })
  );
  const entry = { name: options.name, publicKey, signature: options.key.sign(message) };
  const maintainers = withEntry(holding, entry);
  const threshold = thresholdFor(maintainers.length, options.threshold, stated);
  const edited = editManifest(opened.text, { signatures: { maintainers, threshold } }, {
    file: "module.toml",
  });
  await writeManifest(opened, edited);
  return {
    name: opened.manifest.name,
    version: opened.manifest.version,
    hash,
    publicKey,
    threshold: `${threshold.m}-of-${threshold.n}`,
    maintainers: maintainers.map(({ name }) => name),
    removedSignatures: before.filter((one) => !holding.includes(one)).map(({ name }) => name),
  };
}

/** The code as the node would run it, which is what the manifest says. */
async function checkedCode(
  { builder }: AuthorComponents,
  { folder, manifest }: AuthorFolder,
): Promise<BuiltModule> {
  const { binary } = manifest;
  const advice = 'run "commons module build" first';
  if (binary?.hash === undefined) {
    throw new CommonsError(
      "HASH_MISSING",
      `Cannot sign ${manifest.name}: [binary].hash is missing; ${advice}`,
    );
  }
  const code = await builder.build(await readSources(folder, manifest));
  if (code.hash !== binary.hash) {
    const state = `its code has hash ${code.hash}, the manifest says ${binary.hash}`;
    throw new CommonsError("HASH_MISMATCH", `Cannot sign ${manifest.name}: ${state}; ${advice}`);
  }
  if (binary.size !== undefined && binary.size !== code.bytes) {
    const state = `its code has ${code.bytes} bytes, the manifest says ${binary.size}`;
    throw new CommonsError("SIZE_MISMATCH", `Cannot sign ${manifest.name}: ${state}; ${advice}`);
  }
  return code;
}

function withEntry(
  maintainers: readonly ManifestMaintainer[],
  entry: ManifestMaintainer,
): readonly ManifestMaintainer[] {
  const known = maintainers.some(({ publicKey }) => publicKey === entry.publicKey);
  if (!known) return [...maintainers, entry];
  return maintainers.map((one) => one.publicKey === entry.publicKey ? entry : one);
}

function thresholdFor(count: number, asked: string | undefined, stated: Threshold | undefined): Threshold {
  if (asked === undefined) {
    return { m: stated?.m ?? 1, n: Math.max(stated?.n ?? 1, count) };
  }
  const match = THRESHOLD.exec(asked);
  const [m, n] = [Number(match?.[1]), Number(match?.[2])];
  if (match && m <= n && n >= count) return { m, n };
  throw new CommonsError(
    "INVALID_THRESHOLD",
    `Cannot sign with threshold ${
      JSON.stringify(asked.slice(0, 40))
    }: need m-of-n with m at most n, and n at least the ${count} maintainers listed`,
  );
}
