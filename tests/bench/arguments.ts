import { parseArgs } from "node:util";
import { MIN_ROUNDS } from "./measure.ts";

/** What was asked for on the command line. */
export interface BenchArguments {
  readonly names: readonly string[];
  readonly json: boolean;
  readonly rounds: number;
}

/** The arguments, or what is wrong with them. */
export function parseBenchArguments(
  args: readonly string[],
  known: readonly string[],
): BenchArguments | { readonly wrong: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "7" } },
    });
    const rounds = Number(values.rounds);
    if (!Number.isSafeInteger(rounds) || rounds < MIN_ROUNDS || rounds > 1_000) {
      return { wrong: `--rounds must be a whole number from ${MIN_ROUNDS} to 1000, is ${values.rounds}` };
    }
    const unknown = positionals.filter((name) => !known.includes(name));
    if (unknown.length > 0) {
      return { wrong: `no bench is named ${unknown.join(", ")}; there are: ${known.join(", ")}` };
    }
    return { names: positionals.length > 0 ? positionals : known, json: values.json, rounds };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}
