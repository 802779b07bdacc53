import { type Clock, CommonsError, type ErrorCode, isCommonsError } from "../base/mod.ts";
import { field } from "./fields.ts";
import { readRunningNode, type RunningNode } from "./run_file.ts";

const DEADLINE_MS = 10_000;
/** Module commands may take the 60 s that the node gives them, and a little for the way. */
export const MODULE_DEADLINE_MS = 65_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Options of one request. */
export interface RequestOptions {
  readonly body?: unknown;
  /** Default 10 s. */
  readonly deadlineMs?: number;
  /** Statuses besides 2xx whose body is an answer and not an error. */
  readonly accept?: readonly number[];
}

/** The running node's HTTP API. Every failure is a {@linkcode CommonsError} with the node's own code. */
export interface ApiClient {
  get(path: string, options?: RequestOptions): Promise<unknown>;
  post(path: string, options?: RequestOptions): Promise<unknown>;
  delete(path: string, options?: RequestOptions): Promise<unknown>;
  /** JSON-RPC 2.0 call; answers its result. */
  rpc(method: string, params: readonly unknown[], options?: RequestOptions): Promise<unknown>;
}

/** What an {@linkcode ApiClient} needs. */
export interface ApiClientComponents {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/**
 * Finds the node that runs on `dataDir`. Nothing is sent yet.
 * @throws {CommonsError} `NODE_UNREACHABLE`, and those of the token file
 */
export async function openApiClient(
  components: ApiClientComponents,
  init: { readonly dataDir: string },
): Promise<ApiClient> {
  const node = await readRunningNode(init.dataDir);
  const send = (method: string, path: string, options: RequestOptions = {}) =>
    request(components, node, { method, path, options });
  return {
    get: (path, options) => send("GET", path, options),
    post: (path, options) => send("POST", path, options),
    delete: (path, options) => send("DELETE", path, options),
    async rpc(method, params, options) {
      const body = { jsonrpc: "2.0", id: 1, method, params };
      return rpcResult(await send("POST", "/rpc", { ...options, body }));
    },
  };
}

async function request(
  components: ApiClientComponents,
  node: RunningNode,
  call: { method: string; path: string; options: RequestOptions },
): Promise<unknown> {
  const { deadlineMs = DEADLINE_MS, body, accept = [] } = call.options;
  const stop = new AbortController();
  using _deadline = components.clock.after(deadlineMs, () => stop.abort());
  try {
    const response = await components.fetch(node.http + call.path, {
      method: call.method,
      headers: {
        authorization: `Bearer ${node.token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "error", // the token goes to this address and to no other
      signal: stop.signal,
    });
    const answer = await readJson(response);
    if (response.ok || accept.includes(response.status)) return answer;
    throw problemError(response.status, answer);
  } catch (cause) {
    if (isCommonsError(cause)) throw cause;
    const why = stop.signal.aborted
      ? `no answer within ${deadlineMs / 1000} s`
      : `nothing answers there (run.json may be left over from process ${node.pid})`;
    throw new CommonsError("NODE_UNREACHABLE", `Cannot reach the node at ${node.http}: ${why}`, { cause });
  }
}

async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) {
      throw new CommonsError(
        "ANSWER_TOO_LARGE",
        `Cannot read the node's answer: over ${MAX_ANSWER_BYTES} bytes`,
      );
    }
    chunks.push(chunk);
  }
  const text = await new Blob(chunks).text();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    if (!response.ok) return null; // the status says enough
    throw new CommonsError("INVALID_ANSWER", "Cannot read the node's answer: it is not JSON");
  }
}

function errorCode(value: unknown, fallback: ErrorCode): ErrorCode {
  return typeof value === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(value) ? value as ErrorCode : fallback;
}

function problemError(status: number, problem: unknown): CommonsError {
  const text = field(problem, "detail") ?? field(problem, "title");
  return new CommonsError(
    errorCode(field(problem, "code"), "HTTP_ERROR"),
    typeof text === "string" ? text : `Cannot do this: the node answered with status ${status}`,
  );
}

function rpcResult(answer: unknown): unknown {
  const error = field(answer, "error");
  if (error === undefined || error === null) return field(answer, "result");
  const message = field(error, "message");
  throw new CommonsError(
    errorCode(field(error, "data.code"), "RPC_ERROR"),
    typeof message === "string" ? message : "Cannot do this: the node answered with an error",
    { detail: { rpcCode: field(error, "code") } },
  );
}
