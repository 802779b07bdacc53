import { type Clock, CommonsError, isCommonsError, withDeadline } from "../../base/mod.ts";
import { OVERRIDABLE_RPC } from "../../modules/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import { jsonText } from "../json.ts";
import type { HttpModules } from "../types.ts";
import type { MethodTable } from "./method_table.ts";
import { RPC_CODES, type RpcError, rpcErrorOf } from "./rpc_error.ts";
import { positional } from "./rpc_method.ts";

const MAX_BATCH = 100;
/** Characters that the large answers of a batch may have together. */
const MAX_BATCH_ANSWER = 67_108_864;
/** For one call, and for all calls of a batch together; a module's command may take 60 s by itself. */
const DEADLINE_MS = 65_000;

/** What the dispatcher needs. */
export interface DispatchComponents {
  readonly table: MethodTable;
  readonly modules: Pick<HttpModules, "rpcMethods" | "callRpc">;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Told how long each call took. `method`: one of the node's own, or `module` for those of modules. */
  readonly onTimed?: (method: string, ms: number) => void;
}

/** An answer: HTTP status and body; no body after notifications only. */
export interface RpcAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface Call {
  readonly method: string;
  readonly params: unknown;
  readonly id: string | number | null;
  readonly version: "1.0" | "2.0";
  readonly notification: boolean;
}

type Outcome = { readonly result: unknown } | { readonly error: RpcError };

/**
 * Answers one parsed body. Status codes as in Bitcoin Core: version 2.0 and batches answer 200 (204 after nothing but
 * notifications), version 1.0 shows errors in the status too. A call without the rights that it needs is 401 by itself
 * and an error of its own inside a batch.
 */
export async function answerRpc(
  components: DispatchComponents,
  body: unknown,
  options: { readonly authorised: boolean },
): Promise<RpcAnswer> {
  if (!Array.isArray(body)) return await answerOne(components, body, options);
  if (body.length === 0 || body.length > MAX_BATCH) {
    return single(invalid(`a batch has 1 to ${MAX_BATCH} calls, this one ${body.length}`), 400);
  }
  const deadline = components.clock.monotonic() + DEADLINE_MS;
  const answers: unknown[] = [];
  let room = MAX_BATCH_ANSWER;
  for (const element of body) { // in order: calls may build on each other
    const call = readCall(element);
    if ("error" in call) {
      answers.push(envelope(undefined, call));
      continue;
    }
    const left = deadline - components.clock.monotonic();
    let outcome = await run(components, call, { ...options, deadlineMs: left });
    if (call.notification) continue;
    if ("result" in outcome && components.table.get(call.method)?.large) {
      const size = jsonText(outcome.result).length;
      if (size <= room) room -= size;
      else outcome = { error: rpcErrorOf(tooLarge(call.method), components.logger) };
    }
    answers.push(envelope(call, outcome));
  }
  return answers.length === 0 ? { status: 204, body: undefined } : { status: 200, body: answers };
}

function tooLarge(method: string): CommonsError {
  return new CommonsError(
    "RESULT_TOO_LARGE",
    `Cannot answer ${method}: the batch's answers have more than ${MAX_BATCH_ANSWER} characters`,
  );
}

/** The answer to a body that is not JSON. */
export function rpcParseError(): RpcAnswer {
  return single({ error: { code: RPC_CODES.parse, message: "Parse error" } }, 400);
}

async function answerOne(
  components: DispatchComponents,
  body: unknown,
  options: { readonly authorised: boolean },
): Promise<RpcAnswer> {
  const call = readCall(body);
  if ("error" in call) return single(call, 400);
  const outcome = await run(components, call, { ...options, deadlineMs: DEADLINE_MS });
  if (call.notification) return { status: 204, body: undefined };
  return { status: statusOf(call, outcome), body: envelope(call, outcome) };
}

function single(outcome: Outcome, status: number): RpcAnswer {
  return { status, body: envelope(undefined, outcome) };
}

function invalid(why: string): { readonly error: RpcError } {
  return { error: { code: RPC_CODES.invalidRequest, message: `Invalid Request: ${why}` } };
}

function readCall(value: unknown): Call | { readonly error: RpcError } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid("a call is an object");
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const [method, id, jsonrpc] = [fields.get("method"), fields.get("id"), fields.get("jsonrpc")];
  if (typeof method !== "string" || method.length > 128) {
    return invalid("method must be a text of at most 128 characters");
  }
  if (jsonrpc !== undefined && jsonrpc !== "2.0" && jsonrpc !== "1.0" && jsonrpc !== "1.1") {
    return invalid("jsonrpc must be 1.0 or 2.0");
  }
  const params = fields.get("params");
  if (params !== undefined && (typeof params !== "object")) {
    return invalid("params must be an array or an object");
  }
  const goodId = id === undefined || id === null || typeof id === "number" ||
    (typeof id === "string" && id.length <= 1024);
  if (!goodId) return invalid("id must be a text, a number or null");
  const version = jsonrpc === "2.0" ? "2.0" : "1.0";
  return { method, params, id: id ?? null, version, notification: version === "2.0" && id === undefined };
}

async function run(
  components: DispatchComponents,
  call: Call,
  options: { readonly authorised: boolean; readonly deadlineMs: number },
): Promise<Outcome> {
  const { clock, logger } = components;
  const began = clock.monotonic();
  try {
    if (options.deadlineMs <= 0) {
      throw new CommonsError("TIMEOUT", `Cannot run ${call.method}: the batch took too long`);
    }
    const result = invoke(components, call, options.authorised);
    if (!(result instanceof Promise)) return { result: result ?? null };
    return { result: await withDeadline(clock, options.deadlineMs, result, `run ${call.method}`) ?? null };
  } catch (error) {
    return { error: rpcErrorOf(error, logger) };
  } finally {
    components.onTimed?.(metricName(components, call.method), clock.monotonic() - began);
  }
}

/** A method's name for the label of a metric; those that callers make up have one together. */
function metricName({ table, modules }: DispatchComponents, method: string): string {
  if (table.has(method)) return method;
  return modules.rpcMethods().includes(method) ? "module" : "unknown";
}

/** The node's own methods first, then overrides, then methods of modules: none can take a name of those before it. */
function invoke(components: DispatchComponents, call: Call, authorised: boolean): unknown {
  const { table, modules } = components;
  const own = table.get(call.method);
  if (own === undefined && !modules.rpcMethods().includes(call.method)) {
    if (OVERRIDABLE_RPC.includes(call.method)) {
      const state = `Method '${call.method}' requires a module that answers it to be loaded`;
      throw new CommonsError("OVERRIDE_NOT_LOADED", state);
    }
    throw new CommonsError("NO_SUCH_METHOD", "Method not found");
  }
  if (!authorised && (own === undefined || own.admin)) {
    throw new CommonsError("UNAUTHORIZED", `Cannot run ${call.method}: it needs the API token`);
  }
  if (own === undefined) return modules.callRpc(call.method, call.params ?? []);
  return own.handler(positional(own, call.params));
}

function envelope(call: Call | undefined, outcome: Outcome): unknown {
  const id = call?.id ?? null;
  if (call?.version === "1.0") {
    return "error" in outcome ? { result: null, error: outcome.error, id } : { ...outcome, error: null, id };
  }
  return { jsonrpc: "2.0", ...outcome, id };
}

function statusOf(call: Call, outcome: Outcome): number {
  if (!("error" in outcome)) return 200;
  if (outcome.error.code === RPC_CODES.unauthorized) return 401;
  if (call.version === "2.0") return 200;
  return outcome.error.code === RPC_CODES.methodNotFound ? 404 : 500;
}

/** True when the error of reading a body means that it is not JSON. */
export function isParseFault(error: unknown): boolean {
  return isCommonsError(error, "INVALID_JSON");
}
