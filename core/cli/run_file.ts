import { CommonsError } from "../base/mod.ts";
import { readApiToken } from "../identity/mod.ts";
import { field } from "./fields.ts";

const MAX_BYTES = 64 * 1024;

/** How to reach the node that runs on a data directory. */
export interface RunningNode {
  readonly pid: number;
  /** Base address of the HTTP API, without a slash at the end. */
  readonly http: string;
  /** Goes into the Authorization header and nowhere else. */
  readonly token: string;
}

function unreachable(message: string, cause?: unknown): CommonsError {
  return new CommonsError("NODE_UNREACHABLE", message, { cause });
}

async function readCapped(path: string): Promise<string> {
  using file = await Deno.open(path);
  const buffer = new Uint8Array(MAX_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const read = await file.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  if (length > MAX_BYTES) {
    throw unreachable(`Cannot reach the node: ${path} is over ${MAX_BYTES} bytes`);
  }
  return new TextDecoder().decode(buffer.subarray(0, length));
}

function parseRunFile(text: string, path: string): { pid: number; http: string } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw unreachable(`Cannot reach the node: ${path} is not JSON`, cause);
  }
  const pid = field(content, "pid");
  const http = field(content, "http");
  const url = typeof http === "string" ? URL.parse(http) : null;
  if (typeof pid !== "number" || url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw unreachable(`Cannot reach the node: ${path} names no process and HTTP address`);
  }
  return { pid, http: url.origin };
}

/**
 * Reads `run.json` and `api.token` of a data directory.
 * Permission: `read` of that directory.
 * @throws {CommonsError} `NODE_UNREACHABLE` when no node runs there, `API_TOKEN_MISSING`, and those of `readApiToken`
 */
export async function readRunningNode(dataDir: string): Promise<RunningNode> {
  const path = `${dataDir}/run.json`;
  let text: string;
  try {
    text = await readCapped(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw unreachable(
      `Cannot reach the node: none runs on ${dataDir} (no run.json; --data-dir chooses another)`,
    );
  }
  const { pid, http } = parseRunFile(text, path);
  return { pid, http, token: await readToken(dataDir) };
}

async function readToken(dataDir: string): Promise<string> {
  const token = await readApiToken({ dataDir });
  if (token !== undefined) return token;
  throw new CommonsError("API_TOKEN_MISSING", `Cannot talk to the node: there is no ${dataDir}/api.token`);
}
