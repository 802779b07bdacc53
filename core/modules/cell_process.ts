import { type Clock, CommonsError, type Random, withDeadline } from "../base/mod.ts";
import type { CellConnection } from "./channel.ts";
import { lowerPriority } from "./priority.ts";

/** What a cell's process is started with; two cells of equal settings are interchangeable until a module is sent. */
export interface CellProcessInit {
  readonly memoryBytes: number;
  readonly unresponsiveMs: number;
  readonly net: readonly string[];
}

/** A started process whose Worker has opened its channel. */
export interface CellProcess {
  readonly child: Deno.ChildProcess;
  readonly connection: CellConnection;
  readonly init: CellProcessInit;
  /** Last part of what the process wrote to stderr. */
  readonly stderrTail: () => string;
  readonly status: Promise<Deno.CommandStatus>;
}

export interface CellProcessParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Folder (mode 0700) for the sockets. */
  readonly socketDir: string;
  /** Where Deno keeps its transpile cache; the cell gets nothing else of the environment. */
  readonly denoDir: string | undefined;
}

const CONNECT_MS = 15_000;
const MAX_TAIL = 4_096;
const MEBIBYTE = 1_048_576;

/**
 * Starts a cell's process and waits for its channel.
 *
 * Permissions: `run` for the node's own executable, `read` and `write` for the socket's folder, `net` for Unix sockets.
 * @throws {CommonsError} `CELL_START_FAILED`
 */
export async function startCellProcess(parts: CellProcessParts, init: CellProcessInit): Promise<CellProcess> {
  // Short: such a path has room for 103 bytes on macOS, whose temporary folder alone takes 49. Nobody else can look in.
  const socketPath = `${parts.socketDir}/${parts.random.bytes(8).toHex()}`;
  const listener = Deno.listen({ transport: "unix", path: socketPath });
  let child: Deno.ChildProcess | undefined;
  try {
    child = spawn(parts, init, socketPath);
    const status = child.status;
    const stderrTail = keepTail(child.stderr);
    const ended = status.then(({ code, signal }) => {
      throw new CommonsError(
        "CELL_START_FAILED",
        `Cannot start a cell: its process ended (${signal ?? `code ${code}`})`,
        {
          detail: { stderr: stderrTail() },
        },
      );
    });
    const accepted = listener.accept();
    accepted.catch(() => {}); // when the process ends first, closing the listener rejects it
    const connection = await withDeadline(
      parts.clock,
      CONNECT_MS,
      Promise.race([accepted, ended]),
      "start a cell",
    );
    ended.catch(() => {}); // from here on the cell's owner watches the status
    return { child, connection, init, stderrTail, status };
  } catch (error) {
    if (child) await endProcess(child);
    throw error;
  } finally {
    listener.close();
    await Deno.remove(socketPath).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** Ends a process at once and waits until it is gone; one that has ended already is left alone. */
export async function endProcess(child: Deno.ChildProcess): Promise<void> {
  killNow(child);
  await child.status;
  await child.stdin.close().catch(() => {}); // only frees the handle: the pipe is broken by then
}

/** Sends SIGKILL; harmless when the process has ended already. */
export function killNow(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // "Child process has already terminated"
  }
}

function spawn(parts: CellProcessParts, init: CellProcessInit, socketPath: string): Deno.ChildProcess {
  const cellArgs = [
    socketPath,
    String(init.memoryBytes),
    String(init.unresponsiveMs),
    JSON.stringify(init.net),
  ];
  const command = new Deno.Command(Deno.execPath(), {
    args: Deno.build.standalone ? ["__cell", ...cellArgs] : [...denoFlags(init, socketPath), ...cellArgs],
    clearEnv: true,
    env: parts.denoDir === undefined ? {} : { DENO_DIR: parts.denoDir },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  });
  const child = command.spawn();
  lowerPriority(child.pid);
  return child;
}

/** The cell's process has exactly what its Worker needs; a compiled binary's are fixed, there the Worker's alone count. */
function denoFlags(init: CellProcessInit, socketPath: string): string[] {
  // The process reads the cell's own code and nothing else; its Worker not even that.
  const workers = filePath("../../workers/");
  const heapMb = Math.max(16, Math.floor(init.memoryBytes / MEBIBYTE));
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-remote",
    "--no-npm",
    "--no-config",
    "--no-lock",
    "--no-check",
    "--unstable-worker-options",
    `--v8-flags=--max-old-space-size=${heapMb},--disallow-code-generation-from-strings`,
    `--allow-read=${[workers, socketPath].map(escapeComma).join(",")}`,
    `--allow-write=${escapeComma(socketPath)}`,
    `--allow-net=${[`unix:${socketPath}`, ...init.net].map(escapeComma).join(",")}`,
    `${workers}cell.ts`,
  ];
}

function filePath(relative: string): string {
  return decodeURIComponent(new URL(relative, import.meta.url).pathname);
}

/** Deno separates the items of a permission by commas and takes a doubled one as part of an item. */
function escapeComma(text: string): string {
  return text.replaceAll(",", ",,");
}

/** Drains a stream for ever and remembers its end: a pipe that nobody reads would block the process. */
function keepTail(stream: ReadableStream<Uint8Array>): () => string {
  let tail = new Uint8Array(0);
  const drain = async () => {
    for await (const chunk of stream) {
      const joined = new Uint8Array(Math.min(MAX_TAIL, tail.length + chunk.length));
      const kept = joined.length - Math.min(joined.length, chunk.length);
      if (kept > 0) joined.set(tail.subarray(tail.length - kept));
      joined.set(chunk.subarray(Math.max(0, chunk.length - joined.length)), kept);
      tail = joined;
    }
  };
  drain().catch(() => {}); // the process' end may break the pipe
  return () => new TextDecoder().decode(tail);
}
