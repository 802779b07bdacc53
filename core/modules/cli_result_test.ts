import { expect } from "expect";
import { failedCli, toCliResult } from "./cli_result.ts";
import { codeOf } from "./test_host.ts";

Deno.test("toCliResult() makes a result of what a handler returned", async (t) => {
  const cases: [name: string, value: unknown, result: unknown][] = [
    ["text", "hi\n", { stdout: "hi\n", stderr: "", exit_code: 0 }],
    ["nothing", undefined, { stdout: "", stderr: "", exit_code: 0 }],
    ["null", null, { stdout: "", stderr: "", exit_code: 0 }],
    ["whole", { stdout: "a", stderr: "b", exit_code: 3 }, { stdout: "a", stderr: "b", exit_code: 3 }],
    ["part", { exit_code: 4 }, { stdout: "", stderr: "", exit_code: 4 }],
    ["data", { a: 1n }, { stdout: '{\n  "a": "1"\n}\n', stderr: "", exit_code: 0 }],
    ["number", 5, { stdout: "5\n", stderr: "", exit_code: 0 }],
    ["escapes", "\u001b[31mred", { stdout: "\ufffd[31mred", stderr: "", exit_code: 0 }],
  ];
  for (const [name, value, result] of cases) {
    await t.step(name, () => expect(toCliResult(value)).toEqual(result));
  }
});

Deno.test("toCliResult() refuses broken and oversized results", async (t) => {
  const cases: [name: string, value: unknown][] = [
    ["stdout no text", { stdout: 5 }],
    ["exit code of 256", { exit_code: 256 }],
    ["exit code no integer", { exit_code: 0.5 }],
    ["exit code text", { exit_code: "0" }],
    ["too much", "x".repeat(256 * 1024 + 1)],
    ["too much stderr", { stderr: "x".repeat(256 * 1024 + 1) }],
  ];
  for (const [name, value] of cases) {
    await t.step(name, async () => expect(await codeOf(() => toCliResult(value))).toBe("MODULE_FAILED"));
  }
});

Deno.test("failedCli() is exit code 1 with the reason on stderr", () => {
  expect(failedCli("no\u0007 luck")).toEqual({ stdout: "", stderr: "no\ufffd luck\n", exit_code: 1 });
});
