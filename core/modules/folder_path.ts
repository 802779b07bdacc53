import { CommonsError } from "../base/mod.ts";

const MAX_PATH = 1_024;
const MAX_DEPTH = 16;
/** What common file systems take, in bytes of UTF-8. */
const MAX_NAME_BYTES = 255;
/** Control characters, separators of any system, and what Windows gives a meaning. */
const FORBIDDEN = /[\p{Cc}\p{Cf}\\:*?"<>|]/u;
/** Names that Windows takes for devices, with any ending. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/** First part of the names that the node itself uses in a module's folder. */
export const RESERVED_PREFIX = ".commons-";

/**
 * The names that lead from a module's folder to one of its files: relative, plain, the same on every system. "" and "."
 * are the folder itself where `root` allows it.
 * @throws {CommonsError} `INVALID_PARAMS`, never with more of the path than it takes to recognise it
 */
export function parseFolderPath(path: string, options: { readonly root?: boolean } = {}): readonly string[] {
  if (path === "" || path === ".") {
    if (options.root) return [];
    throw refused(path, "it names no file");
  }
  if (path.length > MAX_PATH) throw refused(path, `it has more than ${MAX_PATH} characters`);
  if (path.startsWith("/")) throw refused(path, "it must be relative to the module's folder");
  const names = path.split("/");
  if (names.length > MAX_DEPTH) throw refused(path, `it is more than ${MAX_DEPTH} folders deep`);
  for (const name of names) {
    const fault = nameFault(name);
    if (fault !== undefined) throw refused(path, fault);
  }
  return names;
}

function nameFault(name: string): string | undefined {
  if (name === "") return "a name in it is empty";
  if (name === "." || name === "..") return 'it must not go through "." or ".."';
  if (!name.isWellFormed() || name.normalize("NFC") !== name) {
    return "a name in it is not in Unicode's NFC form";
  }
  if (FORBIDDEN.test(name)) return 'a name in it has a control character or one of \\ : * ? " < > |';
  if (/^ |[ .]$/.test(name)) return "a name in it begins with a blank, or ends in a blank or a dot";
  if (DEVICE.test(name)) return "a name in it is reserved";
  if (name.toLowerCase().startsWith(RESERVED_PREFIX)) {
    return `names with ${RESERVED_PREFIX} are the node's own`;
  }
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) {
    return `a name in it has more than ${MAX_NAME_BYTES} bytes`;
  }
  return undefined;
}

function refused(path: string, why: string): CommonsError {
  return new CommonsError("INVALID_PARAMS", `Cannot use path ${JSON.stringify(path.slice(0, 80))}: ${why}`);
}
