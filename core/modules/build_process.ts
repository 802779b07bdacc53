import { fileURLToPath } from "node:url";
import { type Clock, CommonsError, withDeadline } from "../base/mod.ts";
import { type BuildAnswer, type BuildJob, MAX_ANSWER_BYTES } from "./build_job.ts";
import { readLines } from "./build_lines.ts";
import { lowerPriority } from "./priority.ts";

export interface BuildProcessInit {
  /** Where Deno keeps its cache; the process gets nothing else of the environment. */
  readonly denoDir: string | undefined;
}

/**
 * A child process that builds: sources are hostile input for parsers that recurse and backtrack (a few dozen characters of
 * TypeScript can keep the type stripper busy for ever, nested brackets make it overflow the stack and abort), so they never
 * meet those inside of the node. Needs `--allow-run` of the node's own executable.
 */
export class BuildProcess {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncGenerator<string>;
  readonly #clock: Clock;
  #ended = false;

  constructor(clock: Clock, init: BuildProcessInit) {
    this.#clock = clock;
    this.#child = spawn(init);
    lowerPriority(this.#child.pid);
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = readLines(this.#child.stdout, MAX_ANSWER_BYTES);
  }

  /**
   * Runs one job; one at a time. After a rejection the process is of no more use: `end` it.
   * @throws {CommonsError} `TIMEOUT`, `BUILD_CRASHED`
   */
  async run(job: BuildJob, options: { readonly deadlineMs: number }): Promise<BuildAnswer> {
    return await withDeadline(this.#clock, options.deadlineMs, this.#exchange(job), "build the module");
  }

  /** Kills the process; resolves when it is gone. Idempotent. */
  async end(): Promise<void> {
    if (!this.#ended) {
      this.#ended = true;
      try {
        this.#child.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has ended by itself
      }
    }
    await this.#child.status;
    await this.#writer.abort().catch(() => {}); // only frees the handle: the pipe is broken by now
    await this.#lines.return(undefined).catch(() => {}); // and so does this
  }

  async #exchange(job: BuildJob): Promise<BuildAnswer> {
    try {
      await this.#writer.write(new TextEncoder().encode(JSON.stringify(job) + "\n"));
      const { value, done } = await this.#lines.next();
      if (!done) return parseAnswer(value);
    } catch (cause) {
      throw crashed(cause);
    }
    throw crashed(undefined);
  }
}

function crashed(cause: unknown): CommonsError {
  return new CommonsError(
    "BUILD_CRASHED",
    "Cannot build the module: the build process ended, as it does on sources that are nested too deeply",
    { cause },
  );
}

/** The process runs our code, but on hostile input: its answers are looked at like anyone's. */
function parseAnswer(line: string): BuildAnswer {
  const answer: unknown = JSON.parse(line);
  const { ok, text, code, message, detail } = Object(answer);
  if (ok === true && typeof text === "string") return { ok, text };
  if (
    ok === false && typeof code === "string" && /^[A-Z_]{1,40}$/.test(code) && typeof message === "string"
  ) {
    return {
      ok,
      code,
      message: message.slice(0, 2000),
      ...(detail === undefined ? {} : { detail: Object(detail) }),
    };
  }
  throw new TypeError("Cannot read the answer of a build process: it has another shape");
}

function spawn(init: BuildProcessInit): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: Deno.build.standalone ? ["__build"] : flags(),
    clearEnv: true,
    env: init.denoDir === undefined ? {} : { DENO_DIR: init.denoDir },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

function flags(): string[] {
  // The bundler fetches its WebAssembly file by URL, which asks for the permission; nothing else may be read.
  const wasm = fileURLToPath(import.meta.resolve("@rollup/browser/dist/es/bindings_wasm_bg.wasm"));
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-check",
    "--cached-only",
    "--v8-flags=--max-old-space-size=512",
    `--allow-read=${wasm.replaceAll(",", ",,")}`,
    fileURLToPath(new URL("./build_child.ts", import.meta.url)),
  ];
}
