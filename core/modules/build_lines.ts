import { CommonsError, concatBytes } from "../base/mod.ts";

/**
 * Lines of a stream of UTF-8 bytes, without their ends.
 * @throws {CommonsError} `LINE_TOO_LONG`
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    let rest = chunk;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      parts.push(rest.subarray(0, end));
      yield new TextDecoder().decode(concatBytes(parts));
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
    }
    length += rest.length;
    if (length > maxBytes) {
      throw new CommonsError("LINE_TOO_LONG", `Cannot read a line: over ${maxBytes} bytes`);
    }
    if (rest.length > 0) parts.push(rest);
  }
}
