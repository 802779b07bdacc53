import { isModule } from "./imports_parse.ts";

/** A dynamic `import()` or an `import.meta` in a module text. */
export interface DynamicImport {
  readonly kind: "import()" | "import.meta";
  readonly offset: number;
}

// A keyword cannot be written with escapes, and what follows it here is `(` or `.` but for spaces and comments.
const CANDIDATE = /(?<![\w$])import(?![\w$])(?=\s*[(./])/g;
const MAX_EXEMPT = 100;

/**
 * Finds the first dynamic import or `import.meta` of a text that parses as a module.
 *
 * Which `import` in a text is code and which stands in a comment, a string, a regular expression or a template cannot be
 * told without the engine's own parser, so that is asked: with a candidate replaced by `enum`, a reserved word that no
 * production of the language uses, the text goes on parsing exactly if the candidate was no keyword (`enum` has no
 * character that could end a comment or a string, and is as good a property name as `import`).
 */
export function findDynamicImport(text: string): DynamicImport | undefined {
  let candidates = [...text.matchAll(CANDIDATE)].map((match) => match.index);
  for (let exempt = 0; exempt <= MAX_EXEMPT; exempt++) {
    if (candidates.length === 0 || isModule(replaced(text, candidates))) return undefined;
    const offset = firstKeyword(text, candidates);
    const next = nextCharacter(text, offset + "import".length);
    if (next === "(") return { kind: "import()", offset };
    if (next === ".") return { kind: isMeta(text, offset) ? "import.meta" : "import()", offset };
    candidates = candidates.filter((candidate) => candidate !== offset); // static: `import/**/"x"`
  }
  return { kind: "import()", offset: candidates[0] ?? 0 }; // nobody writes a hundred of those: refuse
}

/** The text parses with the candidates before the answer replaced, and no more with the answer replaced too. */
function firstKeyword(text: string, candidates: readonly number[]): number {
  let fine = 0;
  let broken = candidates.length;
  while (broken - fine > 1) {
    const middle = (fine + broken) >>> 1;
    if (isModule(replaced(text, candidates.slice(0, middle)))) fine = middle;
    else broken = middle;
  }
  return candidates[broken - 1] ?? 0;
}

function replaced(text: string, offsets: readonly number[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const offset of offsets) {
    parts.push(text.slice(from, offset), "enum");
    from = offset + "import".length;
  }
  parts.push(text.slice(from));
  return parts.join("");
}

/** Next character after spaces and comments, from a place that is known to be outside of strings and comments. */
function nextCharacter(text: string, from: number): string {
  return text.charAt(skip(text, from));
}

function isMeta(text: string, offset: number): boolean {
  const dot = skip(text, offset + "import".length);
  return text.startsWith("meta", skip(text, dot + 1));
}

function skip(text: string, from: number): number {
  const pattern = /\s+|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\//y;
  let at = from;
  for (;;) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) return at;
    at += match[0].length;
  }
}
