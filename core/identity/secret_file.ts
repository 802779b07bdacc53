import { CommonsError, errorText, systemRandom, toHex } from "../base/mod.ts";

/** One secret that is one line of text in a file of its own. */
export interface SecretFile {
  readonly path: string;
  /** Start of the error codes. */
  readonly code: "IDENTITY" | "API_TOKEN";
  /** What it is, for messages. */
  readonly what: string;
  /** The whole text without the line's end. */
  readonly pattern: RegExp;
  /** What to do about a damaged file, for people. */
  readonly advice: string;
  readonly make: () => string;
}

/** Far above any of our files: a bigger one is not ours, and is not read. */
const MAX_BYTES = 1024;

/**
 * The secret in the file, made first when there is no file. A file that is there is never changed or replaced.
 * Requires `--allow-read` and `--allow-write` for the file and its folder.
 * @throws {CommonsError} `<code>_DAMAGED`, `_PERMISSIONS`, `_NOT_A_FILE`, `_UNREADABLE`, `_NOT_CREATED`
 */
export async function loadSecretFile(file: SecretFile): Promise<string> {
  const known = await readSecretFile(file);
  if (known !== undefined) return known;
  try {
    await create(file, file.make() + "\n");
  } catch (cause) {
    throw fault(file, "NOT_CREATED", "create", errorText(cause), cause);
  }
  // Read back: another process may have been quicker, and then its secret is the one.
  const made = await readSecretFile(file);
  if (made === undefined) throw fault(file, "NOT_CREATED", "create", "the file is gone again");
  return made;
}

/** As {@linkcode loadSecretFile}, but answers `undefined` when there is no file. */
export async function readSecretFile(file: SecretFile): Promise<string | undefined> {
  const info = await stat(file);
  if (info === undefined) return undefined;
  if (!info.isFile) throw fault(file, "NOT_A_FILE", "read", "it is not a file");
  checkMode(file, info);
  if (info.size > MAX_BYTES) throw damaged(file, `${info.size} bytes long`);
  let text: string;
  try {
    text = await Deno.readTextFile(file.path);
  } catch (cause) {
    throw fault(file, "UNREADABLE", "read", errorText(cause), cause);
  }
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw damaged(file, "empty");
  if (!file.pattern.test(secret)) throw damaged(file, "not in its format");
  return secret;
}

async function stat(file: SecretFile): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(file.path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) {
      throw fault(file, "UNREADABLE", "read", errorText(cause), cause);
    }
  }
  // A link to nowhere also counts as something that is there: making a file would replace what the operator set up.
  try {
    await Deno.lstat(file.path);
  } catch {
    return undefined; // nothing of that name
  }
  throw fault(file, "UNREADABLE", "read", "it is a link to a file that does not exist");
}

function checkMode(file: SecretFile, info: Deno.FileInfo): void {
  if (Deno.build.os === "windows" || info.mode === null || (info.mode & 0o077) === 0) return;
  const mode = (info.mode & 0o777).toString(8).padStart(4, "0");
  throw fault(
    file,
    "PERMISSIONS",
    "use",
    `others can open it (mode ${mode}); run "chmod 600 ${file.path}", and replace the secret if somebody may have read it`,
  );
}

function damaged(file: SecretFile, state: string): CommonsError {
  return fault(file, "DAMAGED", "use", `the file is ${state}; ${file.advice}`);
}

type Fault = "DAMAGED" | "PERMISSIONS" | "NOT_A_FILE" | "UNREADABLE" | "NOT_CREATED";

function fault(file: SecretFile, kind: Fault, action: string, state: string, cause?: unknown): CommonsError {
  const code = `${file.code}_${kind}` as const;
  return new CommonsError(code, `Cannot ${action} the ${file.what} ${file.path}: ${state}`, { cause });
}

/** Writes the whole text beside the file, forces it to disk, then gives it its name, unless that name is taken. */
async function create({ path }: SecretFile, text: string): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1) || ".";
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${toHex(systemRandom.bytes(8))}.tmp`;
  try {
    await writeThrough(draft, text);
    await giveName(draft, path);
    await syncFolder(folder);
  } finally {
    await Deno.remove(draft).catch(() => {}); // it is gone already when it was renamed
  }
}

async function writeThrough(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await file.write(rest));
  await file.sync();
}

async function giveName(draft: string, path: string): Promise<void> {
  try {
    // A hard link, unlike a rename, fails when the name is taken.
    await Deno.link(draft, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    await Deno.rename(draft, path); // a file system without hard links
  }
}

async function syncFolder(folder: string): Promise<void> {
  try {
    using handle = await Deno.open(folder);
    await handle.sync();
  } catch {
    // Some systems cannot open or sync a folder; the file's own bytes are on disk.
  }
}
