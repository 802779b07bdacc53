import { CommonsError, withDeadline } from "../base/mod.ts";
import type { AuthorComponents } from "./author_build.ts";
import { MAX_BUILT_BYTES } from "./build_limits.ts";

const DEADLINE_MS = 120_000;

/**
 * Bundles a source with the npm packages that it imports as `npm:name@version`, by Deno's own bundler; `@commons/sdk` stays
 * an import. It may download packages and the bundler, as the author's `deno` always does; nothing of them is run.
 * Needs `--allow-run` of the own executable.
 * @throws {CommonsError} `UNAVAILABLE` with what the bundler said
 */
export async function bundlePackages(
  { clock }: Pick<AuthorComponents, "clock">,
  source: { readonly folder: string; readonly entry: string },
): Promise<string> {
  if (Deno.build.standalone) {
    throw unavailable('this binary has no bundler; run "deno task commons module build" instead');
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--no-remote",
      "--platform=browser",
      "--format=esm",
      "--external=@commons/sdk",
      source.entry,
    ],
    cwd: source.folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  try {
    const { success, stdout, stderr } = await withDeadline(
      clock,
      DEADLINE_MS,
      child.output(),
      "bundle the packages",
    );
    if (!success) throw unavailable(firstLines(stderr));
    if (stdout.length > 2 * MAX_BUILT_BYTES) {
      throw new CommonsError("BUILD_TOO_LARGE", `Cannot use the bundle: it is over ${MAX_BUILT_BYTES} bytes`);
    }
    return new TextDecoder().decode(stdout);
  } finally {
    end(child);
  }
}

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended by itself
  }
}

function firstLines(stderr: Uint8Array): string {
  const text = new TextDecoder().decode(stderr.subarray(0, 4_096)).trim();
  return text.split("\n").slice(0, 3).map((line) => line.trim()).join(" ").slice(0, 500) || "no reason given";
}

function unavailable(why: string): CommonsError {
  return new CommonsError("UNAVAILABLE", `Cannot bundle npm packages: ${why}`);
}
