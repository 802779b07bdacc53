import { expect } from "expect";
import { terminalLines } from "./terminal_lines.ts";

Deno.test("terminalLines() keeps the status below the lines", () => {
  let out = "";
  const terminal = terminalLines((text) => out += text);
  const written = () => [out, out = ""][0];
  terminal.write("one");
  expect(written()).toBe("one\n");
  terminal.status("50 %");
  expect(written()).toBe("\r\x1b[K50 %");
  terminal.write("two");
  expect(written()).toBe("\r\x1b[Ktwo\n50 %");
  terminal.status("50 %");
  expect(written()).toBe("");
  terminal.status(undefined);
  expect(written()).toBe("\r\x1b[K");
  terminal.status(undefined);
  terminal.write("three");
  expect(written()).toBe("three\n");
});
