import { fileURLToPath } from "node:url";
import { tempDir } from "../support/temp_dir.ts";

/** The first build loads and compiles everything that the program stands on. */
const BUILD_MS = 6 * 60_000;
const OFFLINE =
  /dial tcp|no such host|connection re|i\/o timeout|deadline|TLS|proxyconnect|40[34] |50\d |lookup /i;

/** What to build. */
export interface GoProgram {
  /** Its name in messages, such as `The Go peer`. */
  readonly title: string;
  /** Folder with `go.mod` and `go.sum`, which pin everything. */
  readonly folder: URL;
  /** Package of the program; default the folder's own. */
  readonly package?: string;
}

/** The built program, or why there is none. */
export type GoBuild =
  | ({ readonly state: "built"; readonly path: string } & AsyncDisposable)
  | ({ readonly state: "skipped"; readonly reason: string } & AsyncDisposable);

/**
 * Builds a Go program. Without Go, or where its modules can't be had, it is skipped with the reason; an error of the
 * program itself is thrown. Needs permission to run `go`.
 */
export async function buildGo(program: GoProgram): Promise<GoBuild> {
  const skipped = (reason: string): GoBuild => ({
    state: "skipped",
    reason,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  const dir = await tempDir();
  const path = dir.file(Deno.build.os === "windows" ? "program.exe" : "program");
  try {
    const { success, stderr } = await new Deno.Command("go", {
      args: ["build", "-o", path, program.package ?? "."],
      cwd: fileURLToPath(program.folder),
      env: { GOFLAGS: "-mod=readonly -buildvcs=false", CGO_ENABLED: "0" },
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(BUILD_MS),
    }).output();
    if (success) return { state: "built", path, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
    const text = new TextDecoder().decode(stderr).trim();
    await dir[Symbol.asyncDispose]();
    if (OFFLINE.test(text)) return skipped(`its modules cannot be had: ${text.split("\n").at(-1)}`);
    throw new Error(`${program.title} does not build:\n${text}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await dir[Symbol.asyncDispose]();
    return skipped("there is no go on this machine");
  }
}
