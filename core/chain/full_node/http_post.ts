import { concatBytes, errorText } from "../../base/mod.ts";
import { sourceFault, unavailable } from "./rpc_errors.ts";

/** One HTTP request with a JSON text. */
export interface PostInit {
  readonly fetch: typeof fetch;
  readonly url: string;
  /** Value of the header; absent without a login. */
  readonly authorization?: string | undefined;
  readonly body: string;
  /** Most bytes of the answer. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** What came back: a body that may be JSON, or a login that was refused. */
export type PostResult = { readonly state: "body"; readonly text: string } | {
  readonly state: "unauthorized";
};

/** Statuses of Bitcoin Core whose body tells more: bad request, no such method, an error of JSON-RPC 1.0. */
const TELLING = new Set([200, 400, 404, 500]);

/**
 * Sends a request and reads the answer as a stream up to `maxBytes`. Permission: `net` for the host.
 * @throws {CommonsError} `UNAVAILABLE` when nothing answers or the server is busy, `SOURCE_FAULT` for what no JSON-RPC
 * server answers; and the reason of `signal`
 */
export async function post(init: PostInit): Promise<PostResult> {
  const response = await send(init);
  const { status } = response;
  if (TELLING.has(status) && isJson(response)) return { state: "body", text: await readText(response, init) };
  await response.body?.cancel();
  if (status === 401 || status === 403) return { state: "unauthorized" };
  if (status >= 500 && !TELLING.has(status)) {
    throw unavailable(`it answers with status ${status}`, { status });
  }
  throw sourceFault(TELLING.has(status) ? `status ${status}, and not JSON` : `status ${status}`);
}

async function send({ fetch, url, authorization, body, signal }: PostInit): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        ...(authorization === undefined ? {} : { authorization }),
      },
      body,
      redirect: "manual", // the login goes to this address and to no other
      signal,
    });
  } catch (cause) {
    signal.throwIfAborted();
    // Without the cause: its text has the address, and the address is the operator's business.
    throw unavailable(isCertificateFault(cause) ? "its certificate is not trusted" : "nothing answers there");
  }
}

function isCertificateFault(error: unknown): boolean {
  const { cause } = error instanceof Error ? error : {};
  return /invalid peer certificate/.test(`${errorText(error)} ${errorText(cause)}`);
}

/** By the type alone: btcd, Core and proxies all set it, and a page of a proxy is HTML. */
function isJson({ headers }: Response): boolean {
  const type = headers.get("content-type") ?? "application/json";
  return /^application\/json(?:-rpc)?\s*(?:;|$)/i.test(type);
}

async function readText(response: Response, { maxBytes, signal }: PostInit): Promise<string> {
  const claimed = Number(response.headers.get("content-length") ?? 0);
  if (claimed > maxBytes) {
    await response.body?.cancel();
    throw sourceFault(`over ${maxBytes} bytes`);
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of response.body ?? []) {
      length += part.length;
      if (length > maxBytes) throw sourceFault(`over ${maxBytes} bytes`);
      parts.push(part);
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (length > maxBytes) throw cause;
    throw unavailable("the connection broke off", { cause });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(concatBytes(parts));
  } catch (cause) {
    throw sourceFault("it is not UTF-8", cause);
  }
}
