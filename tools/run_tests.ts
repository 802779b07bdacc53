/**
 * Runs the tests: `deno task test [deno test flags and paths]`. Ends with a line `N passed, N failed` (`, N skipped`) and
 * with exit code 0 only when there were tests and none failed.
 */
import { parseJunit, summarise, summaryLine, type TestSummary } from "./test_summary.ts";

/** Wide, because tests start nodes, cells and the tools; still no native code. */
const PERMISSIONS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--allow-sys",
];

/** A test that hangs ends the run as a failure instead of keeping CI busy. */
const DEADLINE_MS = 20 * 60 * 1000;

async function readReport(path: string): Promise<TestSummary | undefined> {
  try {
    return parseJunit(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // the runner died before it wrote one
    throw error;
  }
}

const folder = await Deno.makeTempDir({ prefix: "commons-test-" });
try {
  const report = `${folder}/junit.xml`;
  const runner = new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-prompt", ...PERMISSIONS, `--junit-path=${report}`, ...Deno.args],
    stdin: "null",
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const { success } = await runner.spawn().status;
  const summary = summarise(await readReport(report), success);
  console.log(summaryLine(summary));
  Deno.exitCode = summary.failed === 0 ? 0 : 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
