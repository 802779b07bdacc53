import { CommonsError } from "../base/mod.ts";

/** @throws {CommonsError} `INVALID_PARAMS` for a limit that is no whole number from 0. */
export function checkLimit(limit: number | undefined): number | undefined {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return limit;
  throw new CommonsError("INVALID_PARAMS", `Cannot list: limit must be a whole number from 0, is ${limit}`);
}
