import { expect } from "expect";
import { parseJunit, summarise, summaryLine } from "./test_summary.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="5" failures="1" errors="0" time="0.014">
    <testsuite name="./p_test.ts" tests="5" disabled="2" errors="0" failures="1">
        <testcase name="tests=&quot;9&quot; &lt;testsuites tests=" classname="./p_test.ts" time="0.007" line="2" col="6">
        </testcase>
    </testsuite>
</testsuites>
`;

Deno.test("parseJunit() counts passed, failed and skipped", () => {
  expect(parseJunit(REPORT)).toEqual({ passed: 2, failed: 1, skipped: 2 });
});

Deno.test("parseJunit() answers undefined for half a report", () => {
  expect(parseJunit("")).toBeUndefined();
  expect(parseJunit(REPORT.slice(0, 200))).toBeUndefined();
});

Deno.test("summarise() never calls a broken run a success", async (t) => {
  const rows = [
    { report: { passed: 3, failed: 0, skipped: 1 }, ok: true, line: "3 passed, 0 failed, 1 skipped" },
    { report: { passed: 3, failed: 2, skipped: 0 }, ok: false, line: "3 passed, 2 failed" },
    { report: { passed: 3, failed: 0, skipped: 0 }, ok: false, line: "3 passed, 1 failed" },
    { report: undefined, ok: false, line: "0 passed, 1 failed" },
    { report: undefined, ok: true, line: "0 passed, 1 failed" },
    { report: { passed: 0, failed: 0, skipped: 4 }, ok: true, line: "0 passed, 1 failed, 4 skipped" },
  ];
  for (const { report, ok, line } of rows) {
    await t.step(line, () => expect(summaryLine(summarise(report, ok))).toBe(line));
  }
});
