import type { Log } from "../sdk/types.ts";

const MAX_MESSAGE = 8_192;

type Level = keyof Log;

/** The module's log: lines go to the node, which bounds, cleans and keeps them. */
export function createLog(channel: { send(text: string): void }): Log {
  const write = (level: Level) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    const text = JSON.stringify(String(message).slice(0, MAX_MESSAGE));
    channel.send(
      fields === undefined ? `["l","${level}",${text}]` : `["l","${level}",${text},${fieldsText(fields)}]`,
    );
  };
  return Object.freeze({
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  });
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  try {
    const text = JSON.stringify(
      fields,
      (_key, value) => typeof value === "bigint" ? value.toString() : value,
    );
    if (text !== undefined && text.length <= MAX_MESSAGE) return text;
    return '{"note":"fields left out: too large"}';
  } catch {
    return '{"note":"fields left out: not JSON"}'; // cycles and hostile getters; the message itself still goes out
  }
}

/** Sends `console.*` to the module's log; everything else of the console does nothing. */
export function installConsole(
  log: Log,
  inspect: (value: unknown, options?: Deno.InspectOptions) => string,
): void {
  const format = (values: readonly unknown[]) =>
    values.map((value) =>
      typeof value === "string" ? value : inspect(value, { depth: 4 }).slice(0, MAX_MESSAGE)
    ).join(" ");
  const levels: Record<string, Level> = {
    debug: "debug",
    log: "info",
    info: "info",
    dir: "info",
    warn: "warn",
    error: "error",
    trace: "error",
  };
  const silent = [
    "assert",
    "clear",
    "count",
    "countReset",
    "dirxml",
    "group",
    "groupCollapsed",
    "groupEnd",
    "table",
  ]
    .concat(["time", "timeEnd", "timeLog", "timeStamp", "profile", "profileEnd"]);
  const replacement: Record<string, (...values: unknown[]) => void> = {};
  for (const [name, level] of Object.entries(levels)) {
    replacement[name] = (...values) => log[level](format(values));
  }
  for (const name of silent) replacement[name] = () => {};
  Object.defineProperty(globalThis, "console", {
    value: Object.freeze(replacement),
    writable: true,
    configurable: true,
  });
}
