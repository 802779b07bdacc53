import { spawnDeno } from "./process.ts";

/** How the polls of one address went. */
export interface PollSummary {
  readonly count: number;
  readonly failed: number;
  readonly slowestMs: number;
  readonly over100: number;
}

/** Polls of a node's `/health`, and at the same time of a server that does nothing, for comparison. */
export interface HealthPoll extends AsyncDisposable {
  finish(): Promise<{ readonly node: PollSummary; readonly control: PollSummary }>;
}

/**
 * Asks the node for its health every 20 ms, from a process of its own: the test's event loop is not the measure. What a
 * server that does nothing needed meanwhile tells the machine's part. Permission: `run` of this Deno.
 */
export async function pollHealth(http: string): Promise<HealthPoll> {
  await using stack = new AsyncDisposableStack();
  const program = (name: string) => new URL(`./programs/${name}.ts`, import.meta.url);
  const server = stack.use(spawnDeno(program("control_server"), { flags: ["--allow-net"] }));
  const control = `http://127.0.0.1:${await server.stdout.waitFor(/^\d+$/)}/`;
  const node = `${http}/health`;
  const poller = stack.use(
    spawnDeno(program("health_poller"), { flags: ["--allow-net"], args: [node, control] }),
  );
  await poller.stdout.waitFor("polling");
  const owned = stack.move();
  return {
    async finish() {
      poller.kill();
      const line = await poller.stdout.waitFor(/^\{/);
      const summaries: Readonly<Record<string, PollSummary>> = JSON.parse(line);
      const [own, other] = [summaries[node], summaries[control]];
      if (!own || !other) throw new Error(`Not the poller's words: ${line}`);
      return { node: own, control: other };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
