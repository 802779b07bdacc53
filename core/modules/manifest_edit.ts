import { isDeepStrictEqual } from "node:util";
import { CommonsError } from "../base/mod.ts";
import { parseManifest } from "./manifest.ts";
import type { Manifest, ManifestMaintainer, Threshold } from "./manifest_types.ts";

/** What the author's commands write into a manifest. */
export interface ManifestChange {
  readonly entryPoint?: string;
  readonly binary?: { readonly hash: string; readonly size: number };
  /** Replaces the whole table; without maintainers it goes away. */
  readonly signatures?: {
    readonly maintainers: readonly ManifestMaintainer[];
    readonly threshold: Threshold;
  };
}

/**
 * Changes a manifest's text and leaves everything else of it as the author wrote it, comments too. The outcome is parsed
 * and compared with what it must mean; a text that is written in a way that this cannot edit is refused, never damaged.
 *
 * @throws {CommonsError} `MANIFEST_NOT_EDITABLE`, and as {@linkcode parseManifest}
 */
export function editManifest(
  text: string,
  change: ManifestChange,
  options: { readonly file: string },
): string {
  const { entryPoint, binary, signatures } = change;
  const document = new Document(text);
  if (entryPoint !== undefined) document.set(undefined, "entry_point", JSON.stringify(entryPoint));
  if (binary !== undefined) {
    document.set("binary", "hash", JSON.stringify(binary.hash));
    document.set("binary", "size", String(binary.size));
  }
  if (signatures !== undefined) document.replaceSignatures(signatures);
  const edited = document.toString();
  checkMeaning({ before: text, after: edited, change }, options.file);
  return edited;
}

interface Edit {
  readonly before: string;
  readonly after: string;
  readonly change: ManifestChange;
}

function checkMeaning({ before, after, change }: Edit, file: string): void {
  const parse = (text: string) => parseManifest(new TextEncoder().encode(text), { file });
  const wanted = applied(parse(before).raw, change);
  let found: Manifest["raw"];
  try {
    found = parse(after).raw;
  } catch (cause) {
    throw notEditable(file, cause);
  }
  if (!isDeepStrictEqual(plain(found), plain(wanted))) throw notEditable(file);
}

function applied(raw: Manifest["raw"], { entryPoint, binary, signatures }: ManifestChange) {
  const wanted: Record<string, unknown> = { ...raw };
  if (entryPoint !== undefined) wanted["entry_point"] = entryPoint;
  if (binary !== undefined) wanted["binary"] = { ...Object(wanted["binary"]), ...binary };
  if (signatures === undefined) return wanted;
  delete wanted["signatures"];
  if (signatures.maintainers.length > 0) wanted["signatures"] = signaturesTable(signatures);
  return wanted;
}

function signaturesTable({ maintainers, threshold }: NonNullable<ManifestChange["signatures"]>) {
  return {
    threshold: `${threshold.m}-of-${threshold.n}`,
    maintainers: maintainers.map(({ name, publicKey, signature }) => ({
      name,
      public_key: publicKey,
      signature,
    })),
  };
}

/** Without the prototypes that the TOML parser gives. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function notEditable(file: string, cause?: unknown): CommonsError {
  return new CommonsError(
    "MANIFEST_NOT_EDITABLE",
    `Cannot edit ${file}: write entry_point, [binary] and [signatures] in the plain form, one key a line, or change them by hand`,
    { cause },
  );
}

const HEADER = /^\s*\[\[?\s*([A-Za-z0-9_.\s-]+?)\s*\]\]?\s*(?:#.*)?$/;

/** The lines of a TOML text, seen as a head and sections that begin with a `[header]`. */
class Document {
  readonly #lines: string[];
  readonly #eol: string;

  constructor(text: string) {
    this.#eol = text.includes("\r\n") ? "\r\n" : "\n";
    this.#lines = text.replace(/(?:\r?\n)+$/, "").split(/\r?\n/);
  }

  /** Gives a key of a section (of the head when there is no name) a value, where it is or as a new line. */
  set(section: string | undefined, key: string, value: string): void {
    const range = this.#range(section);
    if (range === undefined) {
      this.#lines.push("", `[${section}]`, `${key} = ${value}`);
      return;
    }
    const pattern = new RegExp(
      String.raw`^(\s*(?:${key}|"${key}"|'${key}')\s*=\s*)(?:"[^"]*"|'[^']*'|\d+)(.*)$`,
    );
    for (let at = range.from; at < range.to; at++) {
      const match = pattern.exec(this.#lines[at] ?? "");
      if (!match) continue;
      this.#lines[at] = `${match[1]}${value}${match[2]}`;
      return;
    }
    this.#lines.splice(range.to, 0, `${key} = ${value}`);
  }

  replaceSignatures(signatures: NonNullable<ManifestChange["signatures"]>): void {
    for (;;) {
      const range = this.#find((name) => /^signatures(?:\.|$)/.test(name));
      if (range === undefined) break;
      let { from } = range;
      while (from > 0 && this.#lines[from - 1]?.trim() === "") from--; // the empty lines before it go along
      this.#lines.splice(from, range.to - from);
    }
    while (this.#lines.at(-1)?.trim() === "") this.#lines.pop();
    const { threshold, maintainers } = signaturesTable(signatures);
    if (maintainers.length === 0) return;
    this.#lines.push("", "[signatures]", `threshold = "${threshold}"`);
    for (const entry of maintainers) {
      const pairs = Object.entries(entry).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
      this.#lines.push("", "[[signatures.maintainers]]", ...pairs);
    }
  }

  toString(): string {
    return this.#lines.join(this.#eol) + this.#eol;
  }

  /** `to` is before the comments that belong to the next section. */
  #range(section: string | undefined) {
    if (section !== undefined) return this.#find((name) => name === section);
    const first = this.#lines.findIndex((line) => HEADER.test(line));
    const to = this.#beforeComments(first === -1 ? this.#lines.length : first);
    return { from: 0, to };
  }

  #find(matches: (name: string) => boolean) {
    const from = this.#lines.findIndex((line) => {
      const name = HEADER.exec(line)?.[1];
      return name !== undefined && matches(name.replaceAll(/\s/g, ""));
    });
    if (from === -1) return undefined;
    const next = this.#lines.findIndex((line, at) => at > from && HEADER.test(line));
    return { from, to: next === -1 ? this.#lines.length : this.#beforeComments(next) };
  }

  #beforeComments(end: number): number {
    let at = end;
    while (at > 0 && /^\s*(?:#.*)?$/.test(this.#lines[at - 1] ?? "")) at--;
    return at;
  }
}
