const SEGMENT = /^[A-Za-z0-9_@+-][A-Za-z0-9_.@+-]*$/;
const CODE = /\.(?:js|mjs|ts)$/;

/** Path of an entry point in normal form, or why it is none. */
export function parseEntryPoint(text: string): { readonly path: string } | { readonly problem: string } {
  if (text.length > 256) return { problem: `need at most 256 characters, have ${text.length}` };
  if (text.includes("\\")) return { problem: "need / between folders, not \\" };
  if (text.startsWith("/") || /^[A-Za-z]:/.test(text)) {
    return { problem: "need a path relative to the module's folder" };
  }
  const path = text.startsWith("./") ? text.slice(2) : text;
  if (path.split("/").includes("..")) return { problem: '".." is not allowed' };
  if (!isPlainPath(path)) return { problem: `need a plain path of letters, digits, "_", "-", "." and "/"` };
  return CODE.test(path) ? { path } : { problem: "need a .js, .mjs or .ts file" };
}

/**
 * True for a path of plain ASCII segments, none empty, hidden or `..`. Percent signs, look-alike letters and everything
 * else that file systems or URLs may read in two ways never get as far as a file system.
 */
export function isPlainPath(path: string): boolean {
  return path.length <= 256 && path.split("/").every((segment) => SEGMENT.test(segment));
}
