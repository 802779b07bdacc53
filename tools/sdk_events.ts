/**
 * Writes `workers/sdk/events.ts`, the payload types of module authors, from the node's catalogue of events. Run it after
 * a change of the catalogue: `deno run --allow-read --allow-write --allow-run tools/sdk_events.ts`.
 */
import { fileURLToPath } from "node:url";
import { CATALOGUE } from "../core/events/catalogue_table.ts";

const TYPES: Readonly<Record<string, string>> = {
  hash: "string",
  hex: "string",
  text: "string",
  bool: "boolean",
  u8: "number",
  u32: "number",
  u64: "number",
  f64: "number",
  "text[]": "readonly string[]",
};

const HEAD = `/**
 * What the node's events carry, for module authors. A copy of the node's catalogue, because a cell knows nothing of the
 * node's code: \`tools/sdk_events.ts\` writes it, \`tests/conformance/sdk_test.ts\` holds the two equal.
 *
 * Hashes are 64 hex digits in display order, other bytes hex text. 64-bit numbers are plain numbers, exact to 2^53 - 1.
 * Durations end in \`_ms\` or \`_seconds\`, amounts in \`_sats\` or \`_msats\`.
 */
interface Payloads {`;

const TAIL = `}

/** Payload of each event. */
export type EventPayloads = { readonly [T in keyof Payloads]: Readonly<Payloads[T]> };

/** Name of an event. */
export type EventType = keyof EventPayloads;

/** Events that modules may publish, with \`publish_events\`; all others come from the node alone. */
export type PublishableEvent =`;

function payloads(): string[] {
  let group = "";
  return Object.entries(CATALOGUE).flatMap(([name, spec]) => {
    const title = spec.group === group ? [] : [`  // ${spec.group.replace("_", " ")}`];
    group = spec.group;
    const fields = Object.entries(spec.fields).map(([field, kind]) => {
      const optional = kind.endsWith("?");
      return `${field}${optional ? "?" : ""}: ${TYPES[kind.replace("?", "")]}`;
    });
    return [...title, `  ${name}: { ${fields.join("; ")} };`];
  });
}

const own = Object.entries(CATALOGUE).filter(([, { origin }]) => origin === "module");
const text = [HEAD, ...payloads(), TAIL, ...own.map(([name]) => `  | "${name}"`)].join("\n") + ";\n";
const path = fileURLToPath(new URL("../workers/sdk/events.ts", import.meta.url));
await Deno.writeTextFile(path, text);
const { success } = await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path] }).output();
if (!success) Deno.exitCode = 1;
