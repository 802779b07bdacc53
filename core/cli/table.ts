import { show } from "./fields.ts";

/** One column of a table: its title and how to get its value out of a row. */
export interface Column {
  readonly title: string;
  readonly value: (row: unknown) => unknown;
}

function width(text: string): number {
  return [...text].length;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((text, index) => widths[index] = Math.max(widths[index] ?? 0, width(text)));
  }
  return rows.map((row) =>
    row.map((text, index) => text + " ".repeat((widths[index] ?? 0) - width(text))).join("  ").trimEnd()
  );
}

/** A table with aligned columns, the title line first and bold when `color`. Ends with a newline. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly unknown[],
  options: { color: boolean },
): string {
  const [head = "", ...body] = aligned([
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => show(column.value(row)))),
  ]);
  return [options.color ? `\x1b[1m${head}\x1b[0m` : head, ...body, ""].join("\n");
}

/** Rows of texts that are clean already, in aligned columns. Empty for no rows, else ends with a newline. */
export function renderRows(rows: readonly (readonly string[])[]): string {
  return aligned(rows).map((line) => line + "\n").join("");
}

/** Names and values in two aligned columns. Ends with a newline. */
export function renderDetails(pairs: readonly (readonly [name: string, value: unknown])[]): string {
  return aligned(pairs.map(([name, value]) => [`${name}:`, show(value)])).join("\n") + "\n";
}
