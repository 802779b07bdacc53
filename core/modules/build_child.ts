/**
 * Entry of a build process: takes one {@linkcode BuildJob} a line on stdin, writes one {@linkcode BuildAnswer} a line to
 * stdout, ends with its stdin. It holds no permission but to read the bundler's own WebAssembly file.
 * @module
 */
import { CommonsError, errorText } from "../base/mod.ts";
import type { BuildAnswer, BuildJob } from "./build_job.ts";
import { runBuild } from "./build_run.ts";
import { readLines } from "./build_lines.ts";

const MAX_JOB_BYTES = 64 * 1024 * 1024;

/** A build that never ends blocks this thread, so another one looks after the node: without it nobody would end us. */
const WATCHDOG = `const parent = Deno.ppid;
setInterval(() => { if (Deno.ppid !== parent) Deno.kill(Deno.pid, "SIGKILL"); }, 500);`;

new Worker(`data:application/javascript,${encodeURIComponent(WATCHDOG)}`, { type: "module" });
const encoder = new TextEncoder();
const writer = Deno.stdout.writable.getWriter();
for await (const line of readLines(Deno.stdin.readable, MAX_JOB_BYTES)) {
  await writer.write(encoder.encode(JSON.stringify(await answer(line)) + "\n"));
}
Deno.exit(0);

async function answer(line: string): Promise<BuildAnswer> {
  try {
    // Written by the node on the other end of the pipe, which is the one who started this process.
    const job: BuildJob = JSON.parse(line);
    return { ok: true, text: await runBuild(job) };
  } catch (error) {
    if (!(error instanceof CommonsError)) {
      return { ok: false, code: "BUILD_FAILED", message: `Cannot build: ${errorText(error)}` };
    }
    return {
      ok: false,
      code: error.code,
      message: error.message,
      ...(error.detail ? { detail: error.detail } : {}),
    };
  }
}
