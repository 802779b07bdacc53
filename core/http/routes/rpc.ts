import { type BodyOptions, readJson } from "../body.ts";
import { jsonText } from "../json.ts";
import type { Route } from "../route.ts";
import {
  answerRpc,
  type DispatchComponents,
  isParseFault,
  type RpcAnswer,
  rpcParseError,
} from "../rpc/dispatch.ts";
import { rpcBody } from "../schemas.ts";

/** A block of 4,000,000 bytes as hex, with what stands around it: what only the operator may send. */
const OPERATOR_BYTES = 8_000_000 + 65_536;

/** `POST /rpc`. */
export function rpcRoute(components: DispatchComponents, body: BodyOptions): Route {
  return {
    method: "POST",
    path: "/rpc",
    tag: "rpc",
    summary: "JSON-RPC 2.0 and 1.0, batches of at most 100. Methods: getrpcinfo, help.",
    request: rpcBody,
    answer: {},
    async handler(c) {
      let value: unknown;
      const { authorised } = c.env.caller;
      const maxBytes = authorised ? Math.max(body.maxBytes, OPERATOR_BYTES) : body.maxBytes;
      try {
        value = await readJson(c.req.raw, { ...body, maxBytes });
      } catch (error) {
        if (isParseFault(error)) return send(rpcParseError());
        throw error; // too large, too deep, too slow: not a matter of JSON-RPC
      }
      return send(await answerRpc(components, value, { authorised }));
    },
  };
}

function send({ status, body }: RpcAnswer): Response {
  if (body === undefined) return new Response(null, { status });
  return new Response(jsonText(body), {
    status,
    headers: {
      "content-type": "application/json",
      ...(status === 401 ? { "www-authenticate": 'Bearer realm="commons"' } : {}),
    },
  });
}
