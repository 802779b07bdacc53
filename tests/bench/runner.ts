import { parseBenchArguments } from "./arguments.ts";
import type { BenchEntry } from "./bench.ts";
import { measure } from "./measure.ts";
import { jsonLine, tableHead, tableLine } from "./report.ts";

/** Where a run of benches writes: results to `out`, everything else to `err`. */
export interface BenchOutput {
  out(line: string): void;
  err(line: string): void;
}

/**
 * Runs the benches that `args` name (`[name …] [--json] [--rounds N]`), all without a name.
 * Answers the exit code: 0, 1 when a bench threw (the others still run), 2 for wrong usage.
 */
export async function runBenches(
  args: readonly string[],
  benches: readonly BenchEntry[],
  output: BenchOutput,
): Promise<number> {
  const parsed = parseBenchArguments(args, benches.map(({ name }) => name));
  if ("wrong" in parsed) {
    output.err(`Cannot run benches: ${parsed.wrong}`);
    return 2;
  }
  if (!parsed.json) output.out(tableHead());
  let failed = false;
  for (const entry of benches.filter(({ name }) => parsed.names.includes(name))) {
    try {
      const result = await measure(await entry.load(), parsed);
      output.out(parsed.json ? jsonLine(result) : tableLine(result));
    } catch (error) {
      failed = true;
      output.err(`Cannot run bench ${entry.name}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  return failed ? 1 : 0;
}
