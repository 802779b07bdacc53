import { type RunFile as ToolRunFile, startArguments } from "../../tools/node_process.ts";
import { fileURLToPath } from "node:url";
import type { ModuleView } from "../../core/modules/mod.ts";
import { plantModule, type TestModule } from "./modules.ts";
import { type OwnedProcess, spawnProgram } from "./process.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";
import { readMetric } from "./metrics_text.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Far beyond what a start takes, for machines that are busy. */
const READY_MS = 60_000;
/** A clean stop takes at most ten seconds (contract, section 1). */
const STOP_MS = 15_000;

/** `run.json` as the contract has it. */
export interface RunFile extends ToolRunFile {
  readonly version: string;
  readonly network: string;
  readonly nodeId: string;
  readonly startedAt: string;
}

/** Options of {@linkcode startTestNode} and {@linkcode spawnNode}. */
export interface TestNodeOptions {
  /** `section.key=value` texts; ports are free ones on loopback already. */
  readonly set?: readonly string[];
  /** More arguments behind `start`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface StartTestNodeOptions extends TestNodeOptions {
  /** Put into the modules dir before the start; default none. */
  readonly modules?: Readonly<Record<string, TestModule>>;
  /** Default a temporary one, removed with the node. */
  readonly dataDir?: string;
}

/** One answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly type: string;
  /** Parsed JSON, or the text. */
  readonly body: unknown;
}

/** What the command line ended with. */
export interface CliOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A node in a process of its own. Disposing stops it and fails unless it ends with code 0 (see `expectKill`). */
export interface TestNode extends AsyncDisposable {
  readonly run: RunFile;
  readonly http: string;
  readonly token: string;
  readonly dataDir: string;
  readonly modulesDir: string;
  /** Where its temporary files go; removed with the node. */
  readonly temporary: string;
  readonly process: OwnedProcess;
  /** A request with the token; a body makes it a POST. */
  api(path: string, init?: { readonly method?: string; readonly body?: unknown }): Promise<ApiAnswer>;
  /** `GET /api/v1/modules/<name>`. */
  module(name: string): Promise<ModuleView>;
  /** Value of one sample of `/metrics`, 0 when there is none. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** The command line in a process of its own, against this node. */
  commons(...args: string[]): Promise<CliOutcome>;
  /** Stops it cleanly; answers the exit code. */
  stop(): Promise<number>;
  /** Says that it will not end cleanly, and should not. */
  expectKill(): void;
}

/** This process's environment without the node's own variables. */
export function cleanEnv(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inherited = Object.entries(Deno.env.toObject()).filter(([name]) => !name.startsWith("COMMONS_"));
  return { ...Object.fromEntries(inherited), ...more };
}

/** Runs `commons <args>` with the permissions of `deno task start`. Permissions: `read`, `env`, `run`. */
export async function spawnCommons(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<OwnedProcess> {
  const flags = await startArguments();
  return spawnProgram(Deno.execPath(), {
    args: [...flags.slice(0, 1), "--no-check", ...flags.slice(1), ...args],
    clearEnv: true,
    env: cleanEnv({ NO_COLOR: "1", ...env }),
    cwd: ROOT,
  });
}

/** Runs `commons <args>` to its end. */
export async function runCommons(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliOutcome> {
  await using process = await spawnCommons(args, env);
  const { code } = await process.exitWithin(READY_MS);
  return { code, stdout: process.stdout.text(), stderr: process.stderr.text() };
}

/** Starts `commons start` and waits for nothing: for starts that are to fail, and for {@linkcode startTestNode}. */
export function spawnNode(
  place: { readonly dataDir: string; readonly modulesDir: string },
  options: TestNodeOptions = {},
): Promise<OwnedProcess> {
  const settings = [
    "http.port=0",
    'p2p.listen=["/ip4/127.0.0.1/tcp/0"]',
    `modules.dir=${JSON.stringify(place.modulesDir)}`,
    ...options.set ?? [],
  ];
  return spawnCommons([
    "start",
    `--data-dir=${place.dataDir}`,
    "--log-format=json",
    ...settings.map((text) => `--set=${text}`),
    ...options.args ?? [],
  ], options.env);
}

/**
 * Starts a node with modules of its own on free ports of loopback, and waits until it is ready.
 * Permissions: `read` and `write` of the temporary folder, `env`, `run` of this Deno, `net` of loopback.
 */
export async function startTestNode(options: StartTestNodeOptions = {}): Promise<TestNode> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempDir());
  const dataDir = options.dataDir ?? folder.file("data");
  const modulesDir = folder.file("modules");
  await Deno.mkdir(modulesDir);
  const { path: temporary } = stack.use(await shortTempDir());
  for (const [name, module] of Object.entries(options.modules ?? {})) {
    await plantModule(modulesDir, name, module);
  }
  const env = { TMPDIR: temporary, ...options.env };
  const process = stack.use(await spawnNode({ dataDir, modulesDir }, { ...options, env }));
  await process.stderr.waitFor('"node ready"', { ms: READY_MS });
  const run: RunFile = JSON.parse(await Deno.readTextFile(`${dataDir}/run.json`));
  const token = (await Deno.readTextFile(`${dataDir}/api.token`)).trim();
  const owned = stack.move();
  return nodeOf({ run, token, dataDir, modulesDir, temporary, process }, () => owned.disposeAsync());
}

/** For Unix sockets, whose paths are limited; the system's own temporary folder is a deep one on macOS. */
export function shortTempDir(): Promise<TempDir> {
  return tempDir("ct-", Deno.build.os === "windows" ? undefined : "/tmp");
}

function nodeOf(
  parts: Pick<TestNode, "run" | "token" | "dataDir" | "modulesDir" | "temporary" | "process">,
  release: () => Promise<void>,
): TestNode {
  const { run, token, process, dataDir } = parts;
  let killed = false;
  const api: TestNode["api"] = (path, init) => request(run.http + path, { token, ...init });
  const stop = async () => {
    process.kill("SIGTERM");
    return (await process.exitWithin(STOP_MS)).code;
  };
  return {
    ...parts,
    http: run.http,
    api,
    stop,
    expectKill: () => void (killed = true),
    async module(name) {
      const { status, body } = await api(`/api/v1/modules/${name}`);
      if (status !== 200) throw new Error(`No module ${name}: ${JSON.stringify(body)}`);
      return body as ModuleView; // the node's own answer
    },
    metric: async (name, labels) => readMetric(String((await api("/metrics")).body), name, labels),
    commons: (...args) => runCommons([`--data-dir=${dataDir}`, ...args]),
    async [Symbol.asyncDispose]() {
      try {
        const code = await stop();
        if (code !== 0 && !killed) throw new Error(`The node ended with code ${code}:\n${process.output()}`);
      } finally {
        await release();
      }
    },
  };
}

async function request(
  url: string,
  init: { readonly token: string; readonly method?: string; readonly body?: unknown },
): Promise<ApiAnswer> {
  const response = await fetch(url, {
    method: init.method ?? (init.body === undefined ? "GET" : "POST"),
    headers: { authorization: `Bearer ${init.token}`, "content-type": "application/json" },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
  const text = await response.text();
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  return { status: response.status, type, body: type.endsWith("json") ? JSON.parse(text) : text };
}
