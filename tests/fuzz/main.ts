/**
 * Feeds every reader of what strangers send with damaged frames: `deno task fuzz [--runs N] [--seed S] [target ...]`.
 * N frames for each target (100,000 when not said); the seed is printed, and the same seed makes the same frames. Ends
 * with exit code 1 when a check throws, lets something unsafe through, takes over 5 ms for one frame or far more memory
 * than the frame may have.
 */
import { parseArgs } from "node:util";
import { bitcoinTargets } from "./bitcoin_targets.ts";
import { chainTargets } from "./chain_targets.ts";
import { fuzz } from "./fuzz.ts";
import { recordTargets } from "./record_targets.ts";
import { fuzzTargets } from "./targets.ts";
import { wireTargets } from "./wire_targets.ts";

const SLOW_MS = 5;
/** More than the caches of all targets hold when they are full. */
const MAX_GROWTH_BYTES = 256 * 1024 * 1024;

function wholeNumber(text: string, name: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`fuzz: --${name} must be a whole number, is ${text}`);
  Deno.exit(2);
}

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { runs: { type: "string", default: "100000" }, seed: { type: "string" } },
});
const runs = wholeNumber(values.runs, "runs");
const seed = wholeNumber(values.seed ?? String(Math.floor(Math.random() * 2 ** 32)), "seed");
const targets = [
  ...fuzzTargets(),
  ...recordTargets(),
  ...bitcoinTargets(),
  ...wireTargets(),
  ...chainTargets(),
].filter((
  { name },
) => positionals.length === 0 || positionals.some((wanted) => name.includes(wanted)));
console.log(`seed ${seed}, ${runs} frames for each of ${targets.length} targets`);
const before = Deno.memoryUsage().heapUsed;
let failed = targets.length === 0;
for (const target of targets) {
  const { frames, outcomes, slowest, failure } = fuzz(target, { runs, seed, slowMs: SLOW_MS });
  const counts = [...outcomes].sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`);
  console.log(`${target.name}: ${frames} frames, slowest ${slowest.toFixed(1)} ms; ${counts.join(", ")}`);
  if (failure === undefined) continue;
  failed = true;
  console.error(`${target.name} FAILED: ${failure.what}\n  frame ${failure.frame}`);
}
const grown = Deno.memoryUsage().heapUsed - before;
console.log(`heap grown by ${Math.round(grown / 1024 / 1024)} MiB`);
if (grown > MAX_GROWTH_BYTES) {
  failed = true;
  console.error("memory FAILED: more is kept than all caches hold");
}
Deno.exitCode = failed ? 1 : 0;
