/** Most text that is kept of one stream; the oldest lines go first. */
const MAX_KEPT = 4 * 1024 * 1024;

/** A stream of text read to its end in the background, line by line. */
export interface LineReader {
  /** The lines so far (of a very long stream, the last ones). */
  readonly lines: readonly string[];
  /** Everything so far as one text. */
  text(): string;
  /**
   * Resolves with the first line (past or to come) that has `pattern` in it.
   * Rejects after `ms` milliseconds, or when the stream ends before, and shows what came instead.
   */
  waitFor(pattern: string | RegExp, options?: { readonly ms?: number }): Promise<string>;
  /** Resolves when there have been `count` lines; rejects as {@linkcode waitFor} does. */
  waitForCount(count: number, options?: { readonly ms?: number }): Promise<void>;
  /** Resolves at the end of the stream. Never rejects. */
  readonly ended: Promise<void>;
}

/** Reads a stream of UTF-8 lines. It must be read to its end, or cancelled, by whoever closes its source. */
export function readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): LineReader {
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  let size = 0;
  let total = 0;
  let over = false;
  const tell = () => listeners.forEach((listener) => listener());
  const keep = (line: string) => {
    lines.push(line);
    total++;
    size += line.length;
    while (size > MAX_KEPT && lines.length > 1) size -= lines.shift()?.length ?? 0;
  };
  const text = () => lines.map((line) => line + "\n").join("");
  const ended = consume(stream, keep, tell).catch((error) => keep(`(cannot read: ${error})`)).finally(() => {
    over = true;
    tell();
  });
  const wait = <T>(find: () => T | undefined, what: string, ms: number): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = () => {
      const found = find();
      if (found !== undefined) resolve(found);
      else if (over) reject(new Error(`Output ended before ${what}:\n${text()}`));
    };
    const timer = setTimeout(() => reject(new Error(`No sign of ${what} within ${ms} ms:\n${text()}`)), ms);
    listeners.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      listeners.delete(look);
    });
  };
  return {
    lines,
    text,
    ended,
    waitFor: (pattern, { ms = 10_000 } = {}) =>
      wait(() => lines.find((line) => matches(line, pattern)), `a line with ${pattern}`, ms),
    waitForCount: async (count, { ms = 10_000 } = {}) => {
      await wait(() => total >= count ? true : undefined, `${count} lines`, ms);
    },
  };
}

function matches(line: string, pattern: string | RegExp): boolean {
  return typeof pattern === "string" ? line.includes(pattern) : line.search(pattern) !== -1;
}

async function consume(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  keep: (line: string) => void,
  tell: () => void,
): Promise<void> {
  let rest = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) keep(line);
    if (lines.length > 0) tell();
  }
  if (rest !== "") keep(rest);
}
