const HEADERS = { headers: { "content-type": "application/json" } };

/** JSON text of what modules may answer: 64-bit integers become decimal text, bytes become hex. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, replace) ?? "null";
}

function replace(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? value.toHex() : value;
}

/** A JSON answer. */
export function json(value: unknown, status = 200): Response {
  return jsonAnswer(jsonText(value), status);
}

/** A JSON answer of text that is JSON already. */
export function jsonAnswer(text: string, status = 200): Response {
  return new Response(text, status === 200 ? HEADERS : { ...HEADERS, status });
}
