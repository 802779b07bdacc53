import { nodeFlags } from "../support/node_flags.ts";
import { spawnDeno } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import type { Bench } from "./bench.ts";

const MAIN = new URL("../../main.ts", import.meta.url);
const DEPENDENCIES = new URL("./programs/dependencies.ts", import.meta.url);

/** From `commons start` to ready with the bundled modules, against a process that imports the same dependencies. */
export const nodeStart: Bench = {
  name: "node_start",
  unit: "ms",
  better: "lower",
  aim: 1.5,
  async setup() {
    const dir = await tempDir();
    return {
      value: () => startNode(dir.path),
      baseline: importOnly,
      [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
    };
  },
};

/** One data dir for all rounds: every start but the unmeasured first finds its keys, store and built modules. */
async function startNode(dataDir: string): Promise<number> {
  const settings = ["http.port=0", 'p2p.listen=["/ip4/127.0.0.1/tcp/0"]'].flatMap((text) => ["--set", text]);
  const args = ["start", "--data-dir", dataDir, "--log-format", "json", ...settings];
  const start = performance.now();
  await using node = spawnDeno(MAIN, { flags: nodeFlags(), args });
  await node.stderr.waitFor('"node ready"', { ms: 30_000 });
  const elapsed = performance.now() - start;
  node.kill("SIGTERM");
  await node.exitWithin(10_000);
  return elapsed;
}

async function importOnly(): Promise<number> {
  const start = performance.now();
  await using process = spawnDeno(DEPENDENCIES, {
    flags: ["--no-prompt", "--allow-env", "--allow-sys", "--allow-read"],
  });
  await process.exited;
  return performance.now() - start;
}
