import type { BenchResult } from "./bench.ts";
import { reached } from "./measure.ts";

/** One line of JSON with the fields of contract section 6. */
export function jsonLine({ bench, unit, value, baseline, ratio, better, n }: BenchResult): string {
  return JSON.stringify({ bench, unit, value, baseline, ratio, better, n });
}

const WIDTHS = [16, 22, 12, 12, 8, 9, 7] as const;

export function tableHead(): string {
  return row(["bench", "unit", "value", "baseline", "ratio", "aim", ""]);
}

export function tableLine(result: BenchResult): string {
  const { bench, unit, value, baseline, ratio, better, aim } = result;
  const bound = `${better === "higher" ? "≥" : "≤"} ${aim}`;
  const verdict = reached(result) ? "reached" : "missed";
  return row([bench, unit, shown(value), shown(baseline), ratio.toFixed(2), bound, verdict]);
}

function shown(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toPrecision(4);
}

function row(cells: readonly string[]): string {
  const padded = cells.map((cell, i) => i < 2 ? cell.padEnd(WIDTHS[i] ?? 0) : cell.padStart(WIDTHS[i] ?? 0));
  return padded.join(" ").trimEnd();
}
