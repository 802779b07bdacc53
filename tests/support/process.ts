import { fileURLToPath } from "node:url";
import { type LineReader, readLines } from "./lines.ts";

/** Options of {@linkcode spawnProgram} and {@linkcode spawnDeno}. */
export interface SpawnOptions {
  readonly args?: readonly string[];
  /** Added to this process's environment; the whole environment with `clearEnv`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clearEnv?: boolean;
  readonly cwd?: string;
}

/** How a process ended. */
export interface ProcessExit {
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

/** A child process that is killed (and waited for) when disposed: `await using node = spawnDeno(…)`. */
export interface OwnedProcess extends AsyncDisposable {
  readonly pid: number;
  readonly stdout: LineReader;
  readonly stderr: LineReader;
  /** Resolves when it is gone and its output is read to the end. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal; nothing happens when it is gone already. Default SIGTERM. */
  kill(signal?: Deno.Signal): void;
  /** Resolves as `exited`; after `ms` milliseconds it is killed and an error shows what it wrote. */
  exitWithin(ms: number): Promise<ProcessExit>;
  /** Everything that it wrote so far, for messages: stdout, then stderr. */
  output(): string;
}

/** Starts an executable. Needs run permission. */
export function spawnProgram(executable: string, options: SpawnOptions = {}): OwnedProcess {
  const child = new Deno.Command(executable, {
    args: [...options.args ?? []],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    clearEnv: options.clearEnv ?? false,
    ...(options.env && { env: { ...options.env } }),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  }).spawn();
  return own(child);
}

/**
 * Starts `deno run <flags> <script> <args>` with this repository's configuration, by default with every permission.
 * `script` is a path, or a URL such as `new URL("./child.ts", import.meta.url)`.
 */
export function spawnDeno(
  script: string | URL,
  options: SpawnOptions & { readonly flags?: readonly string[] } = {},
): OwnedProcess {
  const { flags = ["-A"], args = [], ...rest } = options;
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const path = script instanceof URL ? fileURLToPath(script) : script;
  return spawnProgram(Deno.execPath(), {
    ...rest,
    args: ["run", "--quiet", "--no-check", `--config=${config}`, ...flags, path, ...args],
  });
}

function own(child: Deno.ChildProcess): OwnedProcess {
  const stdout = readLines(child.stdout);
  const stderr = readLines(child.stderr);
  const exited = Promise.all([child.status, stdout.ended, stderr.ended])
    .then(([{ code, signal }]): ProcessExit => ({ code, signal }));
  const output = () => `${stdout.text()}${stderr.text()}`;
  const kill = (signal: Deno.Signal = "SIGTERM") => {
    try {
      child.kill(signal);
    } catch {
      // it is gone already
    }
  };
  return {
    pid: child.pid,
    stdout,
    stderr,
    exited,
    kill,
    output,
    async exitWithin(ms) {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        kill("SIGKILL");
      }, ms);
      const exit = await exited.finally(() => clearTimeout(timer));
      if (!late) return exit;
      throw new Error(`Process ${child.pid} did not end within ${ms} ms; it wrote:\n${output()}`);
    },
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await exited;
    },
  };
}
