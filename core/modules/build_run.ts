import { CommonsError } from "../base/mod.ts";
import { bundle } from "./build_bundle.ts";
import type { BuildJob } from "./build_job.ts";
import { spliceSdk } from "./build_splice.ts";
import { stripTypes, syntaxError } from "./build_strip.ts";
import { checkImports, importRefused, readImports } from "./imports.ts";
import type { ModuleRequest } from "./imports_parse.ts";
import { resolveImport } from "./imports_resolve.ts";

/**
 * Builds a module from its texts. Runs in a build process, never in the node: what it calls on may crash, overflow or
 * take for ever on hostile input.
 *
 * @throws {CommonsError} `MODULE_SYNTAX`, `TYPESCRIPT_NOT_ERASABLE`, `IMPORT_NOT_ALLOWED`, `IMPORT_NOT_FOUND`,
 * `BUILD_FAILED`
 */
export async function runBuild(job: BuildJob): Promise<string> {
  const { entry, sdkText } = job;
  const sources = new Map(job.files);
  const texts = new Map<string, string>();
  let relative = false;
  let sdk = false;
  for (const [file, source] of sources) {
    const text = file.endsWith(".ts") ? await stripTypes(source, file) : source;
    texts.set(file, text);
    for (const request of await importsOf(text, { file, source })) {
      const kind = checkRequest(request, { file, text, texts: sources });
      relative ||= kind === "file";
      sdk ||= kind === "sdk";
    }
  }
  const own = texts.get(entry);
  if (own === undefined) {
    throw new CommonsError("BUILD_FAILED", `Cannot build: ${entry} is not among the sources`);
  }
  const spliced = sdk && !relative ? spliceSdk(own, sdkText) : undefined;
  const built = spliced ?? (sdk || relative ? await bundle(entry, texts, sdkText) : own);
  checkImports(built, { file: entry });
  return built;
}

async function importsOf(
  text: string,
  origin: { readonly file: string; readonly source: string },
): Promise<readonly ModuleRequest[]> {
  try {
    return readImports(text, origin);
  } catch (error) {
    if (!(error instanceof CommonsError) || error.code !== "MODULE_SYNTAX") throw error;
    throw await syntaxError(origin.source, {
      file: origin.file,
      fallback: error.message.split(": ").slice(1).join(": "),
    });
  }
}

function checkRequest(
  request: ModuleRequest,
  place: { readonly file: string; readonly text: string; readonly texts: ReadonlyMap<string, string> },
): "sdk" | "file" {
  const { specifier, hasAttributes } = request;
  const resolved = resolveImport(specifier, place.file);
  const refuse = (why: string) => importRefused({ ...place, specifier, why });
  if (resolved.kind === "refused") throw refuse(resolved.why);
  if (hasAttributes) throw refuse("import attributes are not allowed");
  if (resolved.kind === "sdk") return "sdk";
  if (resolved.paths.some((path) => place.texts.has(path))) return "file";
  const { message, detail } = refuse("there is no such file in the module's folder");
  throw new CommonsError("IMPORT_NOT_FOUND", message, { detail: detail ?? {} });
}
