import type { Plugin } from "@rollup/browser";
import { CommonsError, errorText } from "../base/mod.ts";
import { resolveImport } from "./imports_resolve.ts";

const SDK_ID = "\0sdk";

/**
 * One ES module text of JavaScript texts that are all there already. The resolver knows those texts and the SDK; there is
 * no way from it to a file system or a network. The same texts give the same answer.
 *
 * @throws {CommonsError} `BUILD_FAILED`
 */
export async function bundle(
  entry: string,
  texts: ReadonlyMap<string, string>,
  sdkText: string,
): Promise<string> {
  const { rollup } = await import("@rollup/browser");
  try {
    const build = await rollup({
      input: entry,
      treeshake: false,
      onLog: () => {},
      plugins: [confined(entry, texts, sdkText)],
    });
    const { output } = await build.generate({ format: "es", inlineDynamicImports: true });
    await build.close();
    if (output.length !== 1) throw new Error(`there are ${output.length} outputs`);
    return output[0].code;
  } catch (error) {
    const { file, line, column } = Object(Reflect.get(Object(error), "loc"));
    const place = typeof file === "string" ? `${file}:${line}:${column + 1}: ` : "";
    const what = errorText(error).split("\n")[0]?.replaceAll(SDK_ID, "@commons/sdk").slice(0, 300);
    throw new CommonsError("BUILD_FAILED", `Cannot bundle ${entry}: ${place}${what}`, {
      detail: typeof file === "string" ? { file, line, column: column + 1 } : {},
    });
  }
}

function confined(entry: string, texts: ReadonlyMap<string, string>, sdkText: string): Plugin {
  return {
    name: "confined",
    resolveId(specifier, importer) {
      if (importer === undefined) return entry;
      const resolved = importer === SDK_ID ? undefined : resolveImport(specifier, importer);
      if (resolved?.kind === "sdk") return SDK_ID;
      const path = resolved?.kind === "file" ? resolved.paths.find((one) => texts.has(one)) : undefined;
      if (path === undefined) throw new Error(`${JSON.stringify(specifier)} cannot be imported`);
      return path;
    },
    load(id) {
      return (id === SDK_ID ? sdkText : texts.get(id)) ?? null;
    },
  };
}
