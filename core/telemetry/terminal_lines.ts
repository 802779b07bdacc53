/** To the line's start, and away with what it says. */
const CLEAR = "\r\x1b[K";

/** A terminal that scrolls lines and keeps one below them that changes. */
export interface TerminalLines {
  /** Takes one line without its end; the status goes below it. */
  write(line: string): void;
  /** What the status says from now on, in less than a row of the terminal; `undefined` takes it away. */
  status(text: string | undefined): void;
}

/** Lines and a status that do not write over each other. @param write takes text as it is */
export function terminalLines(write: (text: string) => void): TerminalLines {
  let shown = "";
  return {
    write: (line) => write(shown === "" ? `${line}\n` : `${CLEAR}${line}\n${shown}`),
    status(text = "") {
      if (text === shown) return;
      shown = text;
      write(CLEAR + text);
    },
  };
}
