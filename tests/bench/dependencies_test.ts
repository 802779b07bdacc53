import { expect } from "expect";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);
/** Where a start begins, and what it loads by dynamic imports. */
const START = [
  "main.ts",
  "core/cli/mod.ts",
  "core/run_node.ts",
  "core/p2p/mod.ts",
  "core/identity/ed25519_identity.ts",
];

/** Packages that a start with the default configuration imports dynamically: `p2p.dht = "private"`. */
const BY_DEFAULT = ["@libp2p/kad-dht"];

interface GraphModule {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier: string };
    readonly isDynamic?: boolean;
  }[];
}

/** Packages that these files import by static imports, themselves or through other files. */
async function packagesOf(files: readonly string[]): Promise<readonly string[]> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  for (const file of files) {
    const path = fileURLToPath(new URL(file, ROOT));
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", path] }).output();
    const graph: { readonly modules: readonly GraphModule[] } = JSON.parse(new TextDecoder().decode(stdout));
    const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
    const visit = (specifier: string) => {
      if (seen.has(specifier)) return;
      seen.add(specifier);
      for (const { specifier: name, code, isDynamic } of modules.get(specifier)?.dependencies ?? []) {
        if (code === undefined || isDynamic === true) continue;
        if (code.specifier.startsWith("npm:")) packages.add(packageName(name));
        else visit(code.specifier);
      }
    };
    visit(new URL(file, ROOT).href);
  }
  return [...packages].sort();
}

function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

Deno.test("the baseline of node_start imports the packages that a start loads, and no others", async () => {
  const loaded = [...await packagesOf(START), ...BY_DEFAULT].sort();
  expect(await packagesOf(["tests/bench/programs/dependencies.ts"])).toEqual(loaded);
});
