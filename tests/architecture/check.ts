import plugin from "./plugin.ts";
import { repositoryPath, resolveImport } from "./paths.ts";

/** Runs the house rules over one text: each offence as `file:line: message (rule)`. Works under `deno test` only. */
export function offences(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map(({ id, message, range }) => {
    const line = source.slice(0, range[0]).split("\n").length;
    return `${repositoryPath(path)}:${line}: ${message} (${id})`;
  });
}

/** Repository files that a source text imports values from. */
export function valueImports(path: string, source: string): string[] {
  const found: string[] = [];
  const collect = (node: Deno.lint.Node | null, isType: boolean) => {
    if (isType || node?.type !== "Literal" || typeof node.value !== "string") return;
    const target = resolveImport(path, node.value);
    if (target !== undefined) found.push(target);
  };
  Deno.lint.runPlugin(
    {
      name: "collect",
      rules: {
        all: {
          create: () => ({
            ImportDeclaration: (node) => collect(node.source, node.importKind === "type"),
            ExportNamedDeclaration: (node) => collect(node.source, node.exportKind === "type"),
            ExportAllDeclaration: (node) => collect(node.source, node.exportKind === "type"),
          }),
        },
      },
    },
    path,
    source,
  );
  return found;
}

/** One cycle of a graph as the path around it, or `undefined` when there is none. */
export function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | undefined => {
    const seen = path.indexOf(node);
    if (seen !== -1) return [...path.slice(seen), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle !== undefined) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

const SOURCES = ["core", "workers", "modules", "tests", "tools"];

/** Every TypeScript file of the house with its text. Permission: `read`. */
export async function sourceFiles(): Promise<ReadonlyMap<string, string>> {
  const root = new URL("../../", import.meta.url);
  const files = new Map<string, string>();
  const walk = async (folder: string) => {
    for await (const entry of Deno.readDir(new URL(folder, root))) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory) await walk(`${path}/`);
      else if (entry.isFile && path.endsWith(".ts")) {
        files.set(path, await Deno.readTextFile(new URL(path, root)));
      }
    }
  };
  for (const folder of SOURCES) await walk(`${folder}/`);
  files.set("main.ts", await Deno.readTextFile(new URL("main.ts", root)));
  return files;
}
