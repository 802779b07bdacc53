import type { AuthorComponents } from "./author_build.ts";
import { type AuthorFolder, openAuthorFolder } from "./author_folder.ts";
import type { BuiltModule } from "./build.ts";
import { readSources } from "./source.ts";
import { judgeSignatures, type SignatureFinding, type SignaturePolicy, summaryOf } from "./verification.ts";

/** What {@linkcode verifyModule} found. */
export interface VerifyReport {
  readonly name: string;
  readonly version: string;
  /** Of the code as the node would run it. */
  readonly hash: string;
  readonly size: number;
  readonly signature: {
    readonly state: "unsigned" | "unverified" | "valid" | "invalid";
    /** The names in the trust table. */
    readonly signers: readonly string[];
    /** `m-of-n` of the manifest. */
    readonly threshold: string | null;
    /** Distinct trusted signatures that it takes. */
    readonly needed: number;
    readonly maintainers: readonly SignatureFinding[];
  };
  /** True when the code is what the manifest says, and enough trusted keys signed that. */
  readonly valid: boolean;
  /** Why, for people. */
  readonly reason: string;
}

/**
 * Checks a module as the node does before it starts one: hash and size of the code, and the signatures for somebody who
 * trusts certain keys. Needs `--allow-read` of the folder.
 * @throws {CommonsError} what makes the node refuse the manifest or the sources
 */
export async function verifyModule(
  components: AuthorComponents,
  options: { readonly dir: string; readonly policy: SignaturePolicy },
): Promise<VerifyReport> {
  const opened = await openAuthorFolder(options.dir);
  const { manifest } = opened;
  const code = await components.builder.build(await readSources(opened.folder, manifest));
  const verdict = judgeSignatures(manifest, options.policy);
  const fault = codeFault(opened, code);
  const state = fault !== undefined && verdict.state !== "unsigned" ? "invalid" : verdict.state;
  const { threshold, needed, findings } = verdict;
  return {
    name: manifest.name,
    version: manifest.version,
    hash: code.hash,
    size: code.bytes,
    signature: {
      state,
      signers: state === "invalid" ? [] : verdict.signers,
      threshold: threshold === undefined ? null : `${threshold.m}-of-${threshold.n}`,
      needed,
      maintainers: findings,
    },
    valid: state === "valid",
    reason: fault ?? summaryOf(findings, needed),
  };
}

function codeFault({ manifest: { binary } }: AuthorFolder, { hash, bytes }: BuiltModule): string | undefined {
  if (binary?.hash !== undefined && binary.hash !== hash) {
    return `the code has another hash than the manifest says: ${binary.hash}`;
  }
  if (binary?.size === undefined || binary.size === bytes) return undefined;
  return `the code has another size than the manifest says: ${binary.size}`;
}
