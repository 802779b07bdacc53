/** What a test run came to. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

function attribute(tag: string, name: string): number | undefined {
  const digits = new RegExp(`\\s${name}="(\\d+)"`).exec(tag)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Counts of a JUnit report as `deno test --junit-path` writes it (steps count as tests), or `undefined` for another text. */
export function parseJunit(xml: string): TestSummary | undefined {
  const total = /<testsuites\s[^>]*>/.exec(xml)?.[0];
  if (total === undefined || !xml.trimEnd().endsWith("</testsuites>")) return undefined;
  const [tests, failures, errors] = ["tests", "failures", "errors"].map((name) => attribute(total, name));
  if (tests === undefined || failures === undefined || errors === undefined) return undefined;
  const skipped = [...xml.matchAll(/<testsuite\s[^>]*>/g)]
    .reduce((sum, [suite]) => sum + (attribute(suite, "disabled") ?? 0), 0);
  const failed = failures + errors;
  return { passed: tests - failed - skipped, failed, skipped };
}

/**
 * The summary of a whole run: a runner that failed has at least one failure, also when it never wrote a report (a crash, a
 * file that does not load), and a run without a single test is one.
 */
export function summarise(report: TestSummary | undefined, runnerOk: boolean): TestSummary {
  const { passed, failed, skipped } = report ?? { passed: 0, failed: 1, skipped: 0 };
  const nothingRan = passed + failed === 0;
  return { passed, failed: failed === 0 && (nothingRan || !runnerOk) ? 1 : failed, skipped };
}

/** The last line of a test run. */
export function summaryLine({ passed, failed, skipped }: TestSummary): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
