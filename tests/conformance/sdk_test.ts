import { expect } from "expect";
import type * as sdk from "@commons/sdk";
import type { CATALOGUE } from "../../core/events/catalogue_table.ts";
import type { EventPayloads, EventType } from "../../core/events/mod.ts";
import { CAPABILITIES } from "../../core/modules/capabilities.ts";
import { createNodeMethods } from "../../core/modules/node_api.ts";
import { GROUPS } from "../../workers/runtime/groups.ts";
import { METHOD_CAPABILITIES } from "../../workers/testing/capabilities.ts";

/** `true` only for types that are the same, which assignability alone does not say. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
type Flat<T> = { [K in keyof T]: T[K] };
type Differences = {
  [T in EventType | sdk.EventType]: T extends keyof EventPayloads & sdk.EventType
    ? Same<Flat<EventPayloads[T]>, Flat<sdk.EventPayloads[T]>> extends true ? never : T
    : T;
}[EventType | sdk.EventType];
type Publishable = {
  [T in EventType]: (typeof CATALOGUE)[T]["origin"] extends "module" ? T : never;
}[EventType];

Deno.test("the SDK's events are those of the node's catalogue", () => {
  // The comparison is the type checker's; `deno run -A tools/sdk_events.ts` writes the SDK's side anew.
  const differences: Differences[] = [];
  const same: Same<Publishable, sdk.PublishableEvent> = true;
  expect([differences, same]).toEqual([[], true]);
  const none: Same<Differences, never> = true;
  expect(none).toBe(true);
});

/** Without services of its own: what may be absent is there, so that their methods are in the table as they are in a node. */
const methods = createNodeMethods(
  { network: {}, chain: {}, blocks: {}, mempool: {}, mining: {}, inboundBlocks: {} } as never,
);

Deno.test("the SDK's fake node asks for the capabilities that the node asks for", () => {
  const own = Object.entries(methods).map(([name, { capability }]) => [name, capability ?? ""]);
  expect(Object.fromEntries(METHOD_CAPABILITIES)).toEqual(Object.fromEntries(own));
});

Deno.test("the SDK's groups call methods that the node has", () => {
  for (const [group, names] of Object.entries(GROUPS)) {
    for (const name of names) expect(Object.keys(methods)).toContain(`${group}.${name}`);
  }
});

async function page(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../../docs/${name}`, import.meta.url));
}

Deno.test("docs/sdk.md names every method that works, and every group that does not", async () => {
  const text = await page("sdk.md");
  for (const [name, { unavailable }] of Object.entries(methods)) {
    const [group = "", method = ""] = name.split(".");
    if (["cli", "http", "health", "node"].includes(group)) continue; // called otherwise than by these names
    const known = unavailable === undefined
      ? /^(?:un)?subscribe$/.test(method) || text.includes(`${method}(`)
      : text.includes(`\`${group}\``);
    expect([name, known]).toEqual([name, true]);
  }
});

Deno.test("docs/module-manifest.md has the table of capabilities", async () => {
  const text = (await page("module-manifest.md")).replaceAll(/ +/g, " ");
  for (const [name, { tier, allows }] of Object.entries(CAPABILITIES)) {
    expect(text).toContain(`| \`${name}\` | ${tier} | ${allows} |`);
  }
});
