import { CommonsError, type ErrorCode } from "../base/mod.ts";

/** What a file operation is about, for its errors; the path as the module gave it. */
export interface FileAction {
  readonly verb: string;
  readonly path: string;
}

const FAULTS: ReadonlyMap<string, readonly [ErrorCode, string]> = new Map<string, [ErrorCode, string]>([
  ["ENOENT", ["NOT_FOUND", "there is no such file or folder"]],
  ["ENOTDIR", ["NOT_FOUND", "a folder in its path is none"]],
  ["ELOOP", ["PERMISSION_DENIED", "a symbolic link is in its path"]],
  ["EISDIR", ["INVALID_PARAMS", "it is a folder"]],
  ["EEXIST", ["INVALID_PARAMS", "there is one of that name"]],
  ["ENOTEMPTY", ["INVALID_PARAMS", "the folder is not empty"]],
  ["ENAMETOOLONG", ["INVALID_PARAMS", "its name is too long for this system"]],
  ["ENXIO", ["PERMISSION_DENIED", "it is no regular file"]],
  ["ENOSPC", ["QUOTA_EXCEEDED", "the disk is full"]],
  ["EDQUOT", ["QUOTA_EXCEEDED", "the disk is full"]],
]);

export function fileFault(action: FileAction, code: ErrorCode, state: string): CommonsError {
  const path = JSON.stringify(action.path.slice(0, 80));
  return new CommonsError(code, `Cannot ${action.verb} ${path}: ${state}`);
}

/**
 * Runs `work`; what the operating system refuses becomes an error that names the module's path, never the node's.
 * What it says besides goes on as it is: that is the node's own fault, and not for the module.
 */
export async function naming<T>(action: FileAction, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fault = FAULTS.get(systemCode(error) ?? "");
    throw fault === undefined ? error : fileFault(action, ...fault);
  }
}

export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}
