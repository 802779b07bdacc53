import semver from "semver";
import { CommonsError } from "../base/mod.ts";

const MAX_TEXT = 128;
const VERSION = /^(\d+)\.(\d+)(\.\d+)?((?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/;

/**
 * A version in its full form: `1.0` becomes `1.0.0`, everything else must be semver 2.0.
 * @throws {CommonsError} `INVALID_VERSION`
 */
export function parseVersion(text: string): string {
  const match = text.length <= MAX_TEXT ? VERSION.exec(text) : null;
  const full = match && `${match[1]}.${match[2]}${match[3] ?? ".0"}${match[4] ?? ""}`;
  if (!full || semver.valid(full) === null) {
    throw new CommonsError("INVALID_VERSION", `Cannot read version ${shown(text)}: need major.minor.patch`);
  }
  return full;
}

/**
 * A constraint as an npm semver range. Also takes the older grammar `>=a,<b` (all must hold) and `==a`.
 * @throws {CommonsError} `INVALID_CONSTRAINT`
 */
export function parseConstraint(text: string): string {
  const normal = text.trim().replaceAll(",", " ").replaceAll(/={2,}/g, "=");
  const bad = text.length > MAX_TEXT || normal === "" || semver.validRange(normal) === null;
  // `>==` and a list with a hole (`>=1,,<2`) are slips that npm's grammar would silently read as something.
  if (bad || /[<>]==/.test(text) || /,\s*(?:,|$)|^\s*,/.test(text)) {
    throw new CommonsError(
      "INVALID_CONSTRAINT",
      `Cannot read version constraint ${shown(text)}: need a semver range such as ">=1.0.0,<2.0.0" or "^1.2"`,
    );
  }
  return normal;
}

/**
 * True when `version` fulfils `constraint`. A pre-release fulfils a range only when the range names a pre-release of
 * the same version (npm's rule).
 * @throws {CommonsError} `INVALID_VERSION`, `INVALID_CONSTRAINT`
 */
export function satisfies(version: string, constraint: string): boolean {
  return semver.satisfies(parseVersion(version), parseConstraint(constraint));
}

/**
 * True when `version` is `other` or comes after it.
 * @throws {CommonsError} `INVALID_VERSION`
 */
export function isNotOlder(version: string, other: string): boolean {
  return semver.gte(parseVersion(version), parseVersion(other));
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
