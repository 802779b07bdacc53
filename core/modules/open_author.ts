import type { createModuleAuthor, ModuleAuthor } from "./author.ts";

/** A computed path: what a literal one names is read at every start of a node, which never needs it. */
const AUTHOR: string = "./author.ts";

/** As {@linkcode createModuleAuthor}, loaded when it is called. */
export async function openModuleAuthor(
  ...args: Parameters<typeof createModuleAuthor>
): Promise<ModuleAuthor> {
  const loaded: typeof import("./author.ts") = await import(AUTHOR);
  return loaded.createModuleAuthor(...args);
}
