/**
 * Messages of the channel, each a JSON array whose first element says what it is. Short names and arrays because every
 * call pays for them.
 *
 * From the cell:
 * - `["c", id, method, params, tagged?]` a call of the node API
 * - `["r", id, value, tagged?]` and `["e", id, code, message]` the answer to an invocation
 * - `["l", level, message, fields?]` a log line
 * - `["p", n, rss, cpuMs]` answer to a heartbeat; what the cell measured of itself (bytes, milliseconds)
 * - `["s"]` the module's `start()` has returned
 * - `["f", message, stack]` the module failed to load or start, or threw where nobody caught it
 * - `["d"]` the module's `stop()` has returned
 *
 * From the node:
 * - `["i", init]` the module and all it is given; the first message
 * - `["r", id, value, tagged?]` and `["e", id, code, message]` the answer to a call
 * - `["v", event]` an event
 * - `["n", id, invocation, tagged?]` an invocation
 * - `["p", n]` a heartbeat
 * - `["x"]` stop
 */
import { decodeValue, encodeValue } from "./values.ts";

/** A message with an id and a value as JSON text: an answer, a call's parameters, an invocation. */
export function valueMessage(kind: "r" | "n", id: number, value: unknown): string {
  // `undefined` is not JSON; null stands for it.
  if (value === undefined) return `["${kind}",${id},null]`;
  const encoded = encodeValue(value);
  const text = JSON.stringify(encoded.value) ?? "null";
  return encoded.tagged ? `["${kind}",${id},${text},1]` : `["${kind}",${id},${text}]`;
}

/** A call. `method` is one of the protocol's own names, which need no escaping. */
export function callMessage(id: number, method: string, params: readonly unknown[]): string {
  const encoded = encodeValue(params);
  const text = JSON.stringify(encoded.value);
  return encoded.tagged ? `["c",${id},"${method}",${text},1]` : `["c",${id},"${method}",${text}]`;
}

/** An error answer. */
export function errorMessage(id: number, code: string, message: string): string {
  return `["e",${id},${JSON.stringify(code)},${JSON.stringify(message)}]`;
}

/** The value of a message at `index`, whose flag follows it. @throws {TypeError} for a broken tagged form */
export function messageValue(message: readonly unknown[], index: number): unknown {
  return message[index + 1] === 1 ? decodeValue(message[index]) : message[index];
}

/** Exit codes by which a cell says why it ended itself. Only a hint: the node decides what it reports. */
export const CELL_EXIT = Object.freeze({
  stopped: 0,
  crashed: 70,
  outOfMemory: 71,
  unresponsive: 72,
  orphaned: 73,
  channelLost: 74,
});

/** What a cell needs to run a module; the `init` of `["i", init]`. */
export interface InitMessage {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly dataDir: string;
  readonly capabilities: readonly string[];
  /** Host and port pairs that `fetch` and `WebSocket` may reach; empty removes them. */
  readonly net: readonly string[];
  readonly maxFrameBytes: number;
}
