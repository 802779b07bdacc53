import { CommonsError } from "../base/mod.ts";
import { signedBytes } from "./canonical_manifest.ts";
import type { ModuleSignature, VerifySignatures } from "./host_types.ts";
import type { Manifest, ManifestMaintainer, Threshold } from "./manifest_types.ts";
import { SignatureCache } from "./signatures_cache.ts";
import type { TrustedKeys } from "./trust.ts";

/** What one entry of `[[signatures.maintainers]]` is worth. */
export interface SignatureFinding {
  /** As the manifest calls it: says nothing about who it is. */
  readonly name: string;
  readonly publicKey: string;
  /** `invalid`: does not hold; `untrusted`: holds, by a key that nobody here trusts; `repeated`: its key counts already. */
  readonly result: "trusted" | "untrusted" | "invalid" | "repeated";
  /** The operator's name for the key. */
  readonly trustedAs?: string;
}

/** What the signatures of a manifest are worth to somebody who trusts certain keys. */
export interface SignatureVerdict extends ModuleSignature {
  readonly findings: readonly SignatureFinding[];
  /** Of the manifest; absent when it says none. */
  readonly threshold?: Threshold;
  /** Distinct trusted signatures that it takes. */
  readonly needed: number;
}

/** Whose signatures count, and how many of them at least. */
export interface SignaturePolicy {
  readonly trusted: TrustedKeys;
  /**
   * Least number of distinct trusted signatures. The threshold of a manifest stands in the one table that is not signed,
   * so whoever passes a module on could lower it; this number he cannot.
   */
  readonly minSignatures: number;
  readonly cache?: SignatureCache;
}

/**
 * Judges the signatures of a manifest. `valid`: all of them hold, and enough distinct ones are by trusted keys.
 * `invalid`: one does not hold, or the manifest contradicts itself. `unverified`: they hold, but too few are trusted.
 * `unsigned`: there are none. Says nothing about the code: that is the hash in the manifest, which whoever has the code
 * compares. Never throws for what a manifest says.
 */
export function judgeSignatures(
  manifest: Pick<Manifest, "raw" | "binary" | "signatures">,
  policy: SignaturePolicy,
): SignatureVerdict {
  const { maintainers = [], threshold } = manifest.signatures ?? {};
  const needed = Math.max(threshold?.m ?? 1, policy.minSignatures);
  const shared = { needed, ...(threshold === undefined ? {} : { threshold }) };
  if (maintainers.length === 0) return { ...shared, state: "unsigned", signers: [], keys: [], findings: [] };
  const findings = findingsOf(manifest, maintainers, policy);
  const counted = findings.filter(({ result }) => result === "trusted");
  const keys = counted.map(({ publicKey }) => publicKey).sort();
  const signers = counted.map(({ trustedAs = "" }) => trustedAs).sort();
  const state = isBroken(manifest, findings) ? "invalid" : keys.length >= needed ? "valid" : "unverified";
  return state === "invalid"
    ? { ...shared, state, signers: [], keys: [], findings }
    : { ...shared, state, signers, keys, findings };
}

/** Signatures that say nothing of the code, a threshold that nobody could meet or that is exceeded, or one that fails. */
function isBroken(
  { binary, signatures }: Pick<Manifest, "binary" | "signatures">,
  findings: readonly SignatureFinding[],
): boolean {
  const threshold = signatures?.threshold;
  if (binary?.hash === undefined || threshold === undefined) return true;
  if (threshold.m < 1 || threshold.m > threshold.n || findings.length > threshold.n) return true;
  return findings.some(({ result }) => result === "invalid");
}

function findingsOf(
  manifest: Pick<Manifest, "raw">,
  maintainers: readonly ManifestMaintainer[],
  { trusted, cache = new SignatureCache() }: SignaturePolicy,
): SignatureFinding[] {
  const message = tryBytes(manifest);
  const seen = new Set<string>();
  return maintainers.map(({ name, publicKey, signature }) => {
    const holds = message !== undefined && cache.verify({ publicKey, signature, message });
    const trustedAs = trusted.get(publicKey);
    if (!holds) return { name, publicKey, result: "invalid" };
    if (seen.has(publicKey)) return { name, publicKey, result: "repeated" };
    seen.add(publicKey);
    if (trustedAs === undefined) return { name, publicKey, result: "untrusted" };
    return { name, publicKey, result: "trusted", trustedAs };
  });
}

/** A manifest without canonical form has no signature that could hold. */
function tryBytes(manifest: Pick<Manifest, "raw">): Uint8Array | undefined {
  try {
    return signedBytes(manifest);
  } catch (error) {
    if (error instanceof CommonsError) return undefined;
    throw error;
  }
}

/** As {@linkcode judgeSignatures}, with a cache of its own: what the module host asks on every load and reload. */
export function createSignatureVerifier(policy: Omit<SignaturePolicy, "cache">): VerifySignatures {
  const cache = new SignatureCache();
  return ({ manifest }) => {
    const { state, signers, keys, needed, findings } = judgeSignatures(manifest, { ...policy, cache });
    return { state, signers, keys, summary: summaryOf(findings, needed) };
  };
}

/** One line for people and logs; keys are public. */
export function summaryOf(findings: readonly SignatureFinding[], needed: number): string {
  if (findings.length === 0) return "it is not signed";
  const bad = findings.filter(({ result }) => result === "invalid");
  if (bad.length > 0) {
    return `the signature of ${bad.map(({ publicKey }) => publicKey).join(", ")} does not hold`;
  }
  const trusted = findings.filter(({ result }) => result === "trusted").length;
  const others = findings.filter(({ result }) => result === "untrusted").map(({ publicKey }) => publicKey);
  const rest = others.length === 0 ? "" : `; not trusted: ${others.join(", ")}`;
  return `${trusted} of ${needed} trusted signatures${rest}`;
}
