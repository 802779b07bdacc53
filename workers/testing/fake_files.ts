import { NodeApiError } from "../sdk/errors.ts";
import type { FileMetadata } from "../sdk/groups.ts";
import { invalid } from "./wall.ts";

/** A module's folder in memory. It refuses the paths that the node refuses first: absolute ones and ways up. */
export class FakeFiles {
  readonly #files = new Map<string, Uint8Array>();
  readonly #folders = new Set<string>([""]);

  readFile(path: unknown, options: { readonly offset?: number; readonly length?: number } = {}): Uint8Array {
    const { offset = 0, length = Infinity } = options;
    return this.#need(pathOf("fs.readFile", path)).slice(offset, offset + length);
  }

  writeFile(path: unknown, data: unknown, options: { readonly offset?: number } = {}): void {
    const name = pathOf("fs.writeFile", path);
    if (!(data instanceof Uint8Array)) throw invalid("fs.writeFile", "'data' must be bytes");
    if (!this.#folders.has(parentOf(name))) throw missing(name);
    if (this.#folders.has(name)) throw invalid("fs.writeFile", "it is a folder");
    const { offset } = options;
    if (offset === undefined) return void this.#files.set(name, data.slice());
    const before = this.#need(name);
    if (offset > before.length) throw invalid("fs.writeFile", "'offset' is beyond the file's end");
    const after = new Uint8Array(Math.max(before.length, offset + data.length));
    after.set(before);
    after.set(data, offset);
    this.#files.set(name, after);
  }

  renameFile(from: unknown, to: unknown): void {
    const name = pathOf("fs.renameFile", from);
    const data = this.#need(name);
    this.writeFile(to, data);
    if (name !== to) this.#files.delete(name);
  }

  deleteFile(path: unknown): void {
    const name = pathOf("fs.deleteFile", path);
    if (this.#files.delete(name)) return;
    if (!this.#folders.has(name)) throw missing(name);
    if (this.listDirectory(name).length > 0) throw invalid("fs.deleteFile", "the folder is not empty");
    this.#folders.delete(name);
  }

  listDirectory(path: unknown = ""): readonly string[] {
    const name = pathOf("fs.listDirectory", path, { root: true });
    if (!this.#folders.has(name)) throw missing(name);
    return [...this.#files.keys(), ...this.#folders]
      .filter((other) => other !== "" && parentOf(other) === name)
      .map((other) => other.slice(name === "" ? 0 : name.length + 1))
      .sort();
  }

  createDirectory(path: unknown): void {
    const names = pathOf("fs.createDirectory", path).split("/");
    for (let depth = 1; depth <= names.length; depth++) {
      const name = names.slice(0, depth).join("/");
      if (this.#files.has(name)) throw invalid("fs.createDirectory", "there is a file of that name");
      this.#folders.add(name);
    }
  }

  getFileMetadata(path: unknown): FileMetadata {
    const name = pathOf("fs.getFileMetadata", path, { root: true });
    const data = this.#files.get(name);
    if (data === undefined && !this.#folders.has(name)) throw missing(name);
    const is_file = data !== undefined;
    return {
      path: name,
      size: data?.length ?? 0,
      is_file,
      is_directory: !is_file,
      modified: null,
      created: null,
    };
  }

  #need(name: string): Uint8Array {
    const data = this.#files.get(name);
    if (data === undefined) throw missing(name);
    return data;
  }
}

function pathOf(method: string, path: unknown, options: { readonly root?: boolean } = {}): string {
  if (typeof path !== "string") throw invalid(method, "'path' must be text");
  if (path === "" || path === ".") {
    if (options.root) return "";
    throw invalid(method, "the path names no file");
  }
  const bad = path.split("/").some((name) =>
    name === "" || name === "." || name === ".." || name.includes("\\")
  );
  if (bad) throw invalid(method, "the path must be relative and stay inside the module's folder");
  return path;
}

function parentOf(name: string): string {
  const end = name.lastIndexOf("/");
  return end < 0 ? "" : name.slice(0, end);
}

function missing(name: string): NodeApiError {
  return new NodeApiError("NOT_FOUND", `Cannot use ${JSON.stringify(name)}: there is no such file or folder`);
}
