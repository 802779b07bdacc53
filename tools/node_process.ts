/** Starts nodes as processes of their own, with exactly the permissions of `deno task start`; for the demo and tests. */

const ROOT = new URL("../", import.meta.url);
const POLL_MS = 50;

/** What a node writes into `run.json` when it is ready. */
export interface RunFile {
  readonly pid: number;
  readonly peerId: string;
  readonly http: string;
  readonly p2p: readonly string[];
}

/** A node in a process of its own; disposing stops it. */
export interface NodeProcess extends AsyncDisposable {
  readonly dataDir: string;
  readonly run: RunFile;
  /** A request with the node's API token; the answer's status and JSON (`null` for no body). */
  request(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** The command line against this node. */
  commons(...args: string[]): Promise<{ code: number; out: string; err: string }>;
  /** SIGTERM; answers the exit code. Idempotent. */
  stop(): Promise<number>;
}

export interface StartNodeOptions {
  readonly dataDir: string;
  /** `section.key=value` texts; free ports on loopback are set already. */
  readonly set?: readonly string[];
  /** Default 30 s. */
  readonly deadlineMs?: number;
  /** Default "inherit". */
  readonly stderr?: "inherit" | "null";
}

/** Arguments for Deno up to `main.ts`, as the task `start` has them. Permission: `read`. */
export async function startArguments(): Promise<string[]> {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const command: string = config.tasks.start.command;
  const [flags = ""] = command.replace(/--allow-run="[^"]*"/, "").split(" main.ts");
  return [
    ...flags.split(" ").filter((word) => word !== "" && word !== "deno"),
    `--allow-run=${Deno.execPath()}`,
    "main.ts",
  ];
}

async function readRunFile(dataDir: string): Promise<RunFile | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(`${dataDir}/run.json`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function waitUntilReady(child: Deno.ChildProcess, options: StartNodeOptions): Promise<RunFile> {
  const { dataDir, deadlineMs = 30_000 } = options;
  const deadline = performance.now() + deadlineMs;
  let ended: number | undefined;
  child.status.then(({ code }) => ended = code);
  for (;;) {
    const run = await readRunFile(dataDir);
    if (run?.pid === child.pid) return run;
    if (ended !== undefined) {
      throw new Error(`Cannot start a node on ${dataDir}: it ended with code ${ended}`);
    }
    if (performance.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`Cannot start a node on ${dataDir}: not ready within ${deadlineMs} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function stopChild(child: Deno.ChildProcess): Promise<number> {
  try {
    child.kill("SIGTERM");
  } catch {
    // it has ended already
  }
  return (await child.status).code;
}

/**
 * Starts a node and waits until it is ready. Permissions: `read`, `run` of this Deno, `net` for {@linkcode NodeProcess.request}.
 * @throws {Error} when it ends or is not ready in time
 */
export async function startNode(options: StartNodeOptions): Promise<NodeProcess> {
  const { dataDir, set = [], stderr = "inherit" } = options;
  const settings = ["http.port=0", 'p2p.listen=["/ip4/127.0.0.1/tcp/0"]', ...set];
  const flags = await startArguments();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...flags, "start", `--data-dir=${dataDir}`, ...settings.map((text) => `--set=${text}`)],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr,
  }).spawn();
  const run = await waitUntilReady(child, options);
  const token = (await Deno.readTextFile(`${dataDir}/api.token`)).trim();
  let stopped: Promise<number> | undefined;
  const stop = () => stopped ??= stopChild(child);
  return {
    dataDir,
    run,
    stop,
    async request(method, path, body) {
      const response = await fetch(run.http + path, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === "" ? null : JSON.parse(text) };
    },
    async commons(...args) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...flags, `--data-dir=${dataDir}`, ...args],
        cwd: ROOT,
        stdin: "null",
      }).output();
      const decoder = new TextDecoder();
      return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
    },
    [Symbol.asyncDispose]: () => stop().then(() => {}),
  };
}
