import { CommonsError } from "../base/mod.ts";

const MAX_ITEMS = 200;

/**
 * A comma-separated list of known words, `undefined` when the parameter is not there.
 * @throws {CommonsError} `INVALID_PARAMS` naming the first word that is not known
 */
export function listQuery<T extends string>(
  value: string | undefined,
  known: (word: string) => word is T,
): readonly T[] | undefined {
  if (value === undefined) return undefined;
  const words = value.split(",").map((word) => word.trim()).filter((word) => word !== "").slice(0, MAX_ITEMS);
  return words.map((word) => {
    if (known(word)) return word;
    throw new CommonsError(
      "INVALID_PARAMS",
      `Cannot use types: ${JSON.stringify(word.slice(0, 64))} is not known`,
    );
  });
}

/**
 * A whole number of at most `max`, `undefined` when the parameter is not there.
 * @throws {CommonsError} `INVALID_PARAMS`
 */
export function integerQuery(value: string | undefined, name: string, max: number): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d{1,16}$/.test(value) ? Number(value) : NaN;
  if (!(number <= max)) {
    throw new CommonsError("INVALID_PARAMS", `Cannot use ${name}: must be a whole number of at most ${max}`);
  }
  return number;
}
