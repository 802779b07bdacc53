import { spawnDeno } from "../support/process.ts";
import type { Bench } from "./bench.ts";
import { moduleRig } from "./module_rig.ts";

const IDLE = `export default { start() {} };`;
const BARE = new URL("./programs/bare_cell.ts", import.meta.url);

/** A bare process as the cell's own: the same flags, nothing of ours. */
function startBare() {
  return spawnDeno(BARE, {
    flags: [
      "--no-prompt",
      "--no-remote",
      "--no-npm",
      "--no-lock",
      "--unstable-worker-options",
      "--allow-read",
    ],
  });
}

async function bareStart(): Promise<number> {
  const start = performance.now();
  await using bare = startBare();
  await bare.stdout.waitFor("up");
  return performance.now() - start;
}

function startBench(name: string, options: { readonly aim: number; readonly spare: boolean }): Bench {
  const { aim, spare } = options;
  return {
    name,
    unit: "ms",
    better: "lower",
    aim,
    async setup() {
      const rig = await moduleRig({ idle: IDLE }, { spare });
      const pause = () => new Promise((resolve) => setTimeout(resolve, spare ? 1_000 : 50)); // a spare is made meanwhile
      return {
        async value() {
          await rig.host.unload("idle");
          await pause();
          const start = performance.now();
          await rig.host.load("idle");
          return performance.now() - start;
        },
        baseline: bareStart,
        [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
      };
    },
  };
}

/**
 * From the load request to `running`, verified, warm caches, with the pre-warmed spare that a running node keeps; against
 * a bare process that starts a bare Worker.
 */
export const cellStart = startBench("cell_start", { aim: 0.3, spare: true });

/** The same without a spare, as for the second of two modules that start at once. */
export const cellStartCold = startBench("cell_start_cold", { aim: 1.3, spare: false });

/** Private memory of an idle cell, against the same two bare things. Linux only. */
export const cellMemory: Bench = {
  name: "cell_memory",
  unit: "MB",
  better: "lower",
  aim: 1.15,
  async setup() {
    const rig = await moduleRig({ idle: IDLE });
    const bare = startBare();
    await bare.stdout.waitFor("up");
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // both have settled
    return {
      value: () => privateMegabytes(rig.host.get("idle")?.pid ?? 0),
      baseline: () => privateMegabytes(bare.pid),
      async [Symbol.asyncDispose]() {
        await bare[Symbol.asyncDispose]();
        await rig[Symbol.asyncDispose]();
      },
    };
  },
};

/** Deno lets a program read `/proc` only with every permission, so `cat` does it. */
async function privateMegabytes(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/smaps_rollup`] }).output();
  const lines = new TextDecoder().decode(stdout).matchAll(/^Private_(?:Clean|Dirty|Hugetlb):\s+(\d+) kB$/gm);
  return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes), 0) / 1_024;
}
