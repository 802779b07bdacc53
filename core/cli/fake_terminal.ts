import { FakeClock } from "../base/mod.ts";
import type { StartOptions } from "./context.ts";
import type { CliIo } from "./io.ts";
import { runCli } from "./run_cli.ts";

/** Answers requests instead of a node; for tests. */
export type FakeHandler = (request: Request) => Response | Promise<Response>;

/** What a command line did in a test. */
export interface FakeRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly started: readonly StartOptions[];
}

/** A data directory with `run.json` and `api.token`, removed on disposal; for tests. */
export interface FakeDataDir extends AsyncDisposable {
  readonly path: string;
  readonly token: string;
}

/** Permission: `write` of the temporary directory. */
export async function makeDataDir(http = "http://127.0.0.1:9906"): Promise<FakeDataDir> {
  const path = await Deno.makeTempDir();
  const token = "5e".repeat(32);
  await Deno.writeTextFile(`${path}/run.json`, JSON.stringify({ pid: 4242, version: "0.1.0", http }));
  await Deno.writeTextFile(`${path}/api.token`, `${token}\n`, { mode: 0o600 });
  return { path, token, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Runs one command line against a fake node and collects what it printed; for tests. */
export async function runFake(
  args: readonly string[],
  options: {
    handler?: FakeHandler;
    fetch?: typeof fetch;
    env?: Readonly<Record<string, string>>;
    clock?: FakeClock;
    startExit?: number;
    color?: boolean;
  } = {},
): Promise<FakeRun> {
  const { handler = () => new Response(null, { status: 404 }), env = {} } = options;
  const printed = { out: "", err: "" };
  const started: StartOptions[] = [];
  const io: CliIo = {
    out: (text) => void (printed.out += text),
    err: (text) => void (printed.err += text),
    env: (name) => env[name],
    fetch: options.fetch ?? (async (input, init) => await handler(new Request(input, init))),
    clock: options.clock ?? new FakeClock(),
    color: options.color ?? false,
  };
  const startNode = (start: StartOptions) => {
    started.push(start);
    return Promise.resolve(options.startExit ?? 0);
  };
  const code = await runCli(args, { version: "0.1.0", startNode, io });
  return { code, ...printed, started };
}
