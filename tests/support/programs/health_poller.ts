// Asks each URL of its arguments every 20 ms, one request at a time; prints how slow the answers were at SIGTERM.
import type { PollSummary } from "../health_poll.ts";

const PAUSE_MS = 20;
const summaries = new Map<string, { -readonly [K in keyof PollSummary]: PollSummary[K] }>();

async function poll(url: string): Promise<void> {
  const summary = { count: 0, failed: 0, slowestMs: 0, over100: 0 };
  summaries.set(url, summary);
  for (;;) {
    const from = performance.now();
    const ok = await fetch(url).then((response) => response.text()).then(
      (text) => text === "OK",
      () => false,
    );
    const ms = performance.now() - from;
    summary.count++;
    if (!ok) summary.failed++;
    if (ms > 100) summary.over100++;
    summary.slowestMs = Math.max(summary.slowestMs, ms);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

for (const url of Deno.args) poll(url);
Deno.addSignalListener("SIGTERM", () => {
  console.log(JSON.stringify(Object.fromEntries(summaries)));
  Deno.exit(0);
});
console.log("polling");
