import { cleanWords, sourceFault, unavailable } from "./rpc_errors.ts";

/** One call. */
export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What the node answered to one call. */
export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: number; readonly words: string };

/** Codes of Bitcoin Core (`rpc/protocol.h`), which btcd shares. */
export const RPC_CODE = {
  misc: -1,
  notFound: -5,
  warmingUp: -28,
  methodNotFound: -32_601,
  invalidParams: -32_602,
} as const;

/** A request and how its answer is told from others. */
export interface RpcRequest {
  readonly calls: readonly RpcCall[];
  /** Id of the first call; the others count on. */
  readonly firstId: number;
  /** Whether the calls are sent as a list. */
  readonly batch: boolean;
}

/** Text of a request. Version 1.0: the only one that every node knows. */
export function requestText({ calls, firstId, batch }: RpcRequest): string {
  const messages = calls.map(({ method, params }, index) => ({
    jsonrpc: "1.0",
    id: firstId + index,
    method,
    params,
  }));
  return JSON.stringify(batch ? messages : messages[0]);
}

/**
 * Answers in the order of the calls, whatever order they came in.
 * @throws {CommonsError} `SOURCE_FAULT` for what is not an answer to exactly these calls, `UNAVAILABLE` when the node is
 * still starting
 */
export function readAnswers(text: string, request: RpcRequest): readonly RpcAnswer[] {
  const parsed = parseJson(text);
  const messages = request.batch ? batchOf(parsed, request.calls.length) : [parsed];
  const answers = new Map<number, RpcAnswer>();
  for (const message of messages) {
    const fields = fieldsOf(message);
    const index = typeof fields["id"] === "number" ? fields["id"] - request.firstId : -1;
    if (!Number.isInteger(index) || index < 0 || index >= request.calls.length || answers.has(index)) {
      throw sourceFault("its id is not that of a call");
    }
    answers.set(index, answerOf(fields));
  }
  return request.calls.map((_, index) => {
    const answer = answers.get(index);
    if (answer === undefined) throw sourceFault("a call of the batch is not answered");
    return answer;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw sourceFault("it is not JSON", cause);
  }
}

function batchOf(value: unknown, count: number): readonly unknown[] {
  if (!Array.isArray(value)) throw sourceFault("a batch was asked, and it is not a list");
  if (value.length !== count) throw sourceFault(`${count} calls have ${value.length} answers`);
  return value;
}

/** Own fields of an object; of anything else a fault. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw sourceFault("it is not an object");
  }
  // Without a prototype: what a field is called cannot reach one.
  return Object.assign(Object.create(null), value);
}

function answerOf(fields: Readonly<Record<string, unknown>>): RpcAnswer {
  const { error } = fields;
  if (error === undefined || error === null) {
    if (!("result" in fields)) throw sourceFault("it has neither a result nor an error");
    return { ok: true, result: fields["result"] };
  }
  const { code, message } = fieldsOf(error);
  if (typeof code !== "number" || !Number.isInteger(code)) throw sourceFault("its error has no code");
  const words = cleanWords(message);
  if (code === RPC_CODE.warmingUp) throw unavailable(`it is starting (${words})`);
  return { ok: false, code, words };
}
