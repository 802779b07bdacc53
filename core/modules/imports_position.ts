/** A place in a text, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Line and column of an offset; lines end as ECMAScript says. */
export function positionOf(text: string, offset: number): Position {
  let line = 1;
  let start = 0;
  for (const match of text.slice(0, offset).matchAll(/\r\n|[\n\r\u2028\u2029]/g)) {
    line++;
    start = match.index + match[0].length;
  }
  return { line, column: offset - start + 1 };
}

/** ` at line 3:7`, or nothing when the place is not known. */
export function placeText(position: Position | undefined): string {
  return position ? `:${position.line}:${position.column}` : "";
}
