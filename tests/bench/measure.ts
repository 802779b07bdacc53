import type { Bench, BenchResult, BenchRun } from "./bench.ts";

/** Fewest rounds that a median is taken of. */
export const MIN_ROUNDS = 5;

/**
 * Runs a bench: one round unmeasured to warm up, then `rounds` rounds of value and baseline in turn, each going first
 * every other time, so that a slow moment of the machine hits both.
 */
export async function measure(bench: Bench, options: { readonly rounds: number }): Promise<BenchResult> {
  await using run = await bench.setup();
  await round(run, 0);
  const values: number[] = [];
  const baselines: number[] = [];
  for (let i = 0; i < options.rounds; i++) {
    const [value, baseline] = await round(run, i);
    values.push(value);
    baselines.push(baseline);
  }
  const { name, unit, better, aim } = bench;
  const value = median(values);
  const baseline = median(baselines);
  return { bench: name, unit, value, baseline, ratio: value / baseline, better, aim, n: options.rounds };
}

async function round(run: BenchRun, index: number): Promise<[value: number, baseline: number]> {
  if (index % 2 === 0) {
    const value = await run.value();
    return [checked(value, "value"), checked(await run.baseline(), "baseline")];
  }
  const baseline = await run.baseline();
  return [checked(await run.value(), "value"), checked(baseline, "baseline")];
}

function checked(measured: number, what: string): number {
  if (Number.isFinite(measured) && measured > 0) return measured;
  throw new RangeError(`Cannot use a measurement: ${what} is ${measured}`);
}

/** Middle of the numbers; of an even count the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? NaN;
  return (lower + upper) / 2;
}

/** True when the result reaches the bench's aim. */
export function reached({ ratio, better, aim }: BenchResult): boolean {
  return better === "higher" ? ratio >= aim : ratio <= aim;
}
