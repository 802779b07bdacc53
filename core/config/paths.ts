import { resolve } from "node:path";

/** `path` as an absolute path; a relative one starts at `base`, `~/` at `home` when that is known. */
export function resolvePath(
  path: string,
  options: { readonly base: string; readonly home?: string | undefined },
): string {
  const { base, home } = options;
  if (home !== undefined && (path === "~" || path.startsWith("~/"))) return resolve(home, path.slice(2));
  return resolve(base, path);
}
