import type { CommandArgs, HttpRequest } from "../sdk/types.ts";
import type { Channel } from "./channel.ts";
import type { Registrations } from "./registrations.ts";

/** What the node asks; as `Invocation` of the core, which is trusted here. */
export type Invocation =
  | { kind: "cli"; subcommand: string; args: CommandArgs }
  | { kind: "http"; route: number; request: Omit<HttpRequest, "text" | "json"> }
  | { kind: "api"; method: string; params: unknown; caller: string }
  | { kind: "rpc"; method: string; params: unknown };

interface Request {
  readonly id: number;
  readonly invocation: unknown;
  readonly registrations: Registrations;
  readonly channel: Channel;
}

/** Runs the handler that the node asks for and sends its answer, or its error. */
export async function answerInvocation({ id, invocation, registrations, channel }: Request): Promise<void> {
  try {
    channel.answer(id, await runInvocation(invocation as Invocation, registrations));
  } catch (error) {
    const code = error instanceof Error && "code" in error && typeof error.code === "string"
      ? error.code
      : "MODULE_FAILED";
    channel.answerError(id, code, error instanceof Error ? error.message : String(error));
  }
}

class NoHandler extends Error {
  readonly code = "NOT_FOUND";
}

/** Calls the handler of an invocation; what it throws is the module's own. */
export function runInvocation(invocation: Invocation, registrations: Registrations): unknown {
  switch (invocation.kind) {
    case "cli":
      return need(registrations.command(invocation.subcommand), invocation.subcommand)(invocation.args);
    case "http":
      return answerHttp(
        need(registrations.route(invocation.route), invocation.request.path),
        invocation.request,
      );
    case "api":
      return need(registrations.exposed(invocation.method), invocation.method)(
        invocation.params,
        invocation.caller,
      );
    case "rpc":
      return need(registrations.rpc(invocation.method), invocation.method)(invocation.params);
  }
}

function need<T>(handler: T | undefined, what: string): T {
  if (handler === undefined) throw new NoHandler(`Cannot answer: nothing is registered for ${what}`);
  return handler;
}

async function answerHttp(
  handler: (request: HttpRequest) => unknown,
  request: Omit<HttpRequest, "text" | "json">,
) {
  const text = () => new TextDecoder().decode(request.body);
  const result = await handler({ ...request, text, json: () => JSON.parse(text()) });
  if (result instanceof Response) {
    return {
      status: result.status,
      headers: Object.fromEntries(result.headers),
      body: new Uint8Array(await result.arrayBuffer()),
    };
  }
  const body = new TextEncoder().encode(JSON.stringify(result ?? null));
  return { status: 200, headers: { "content-type": "application/json" }, body };
}
