import { type Clock, systemClock } from "../base/mod.ts";

/** What the command line needs of the world around it. */
export interface CliIo {
  out(text: string): void;
  err(text: string): void;
  env(name: string): string | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** True when the output goes to a terminal that wants colours. */
  readonly color: boolean;
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    // The reader (`head`, a closed pager) has seen enough; that is no failure of the command.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/**
 * `fetch` past any HTTP proxy of the environment: the API token is for this node only, and a proxy would get to see it.
 * Deno reads these variables when it makes its HTTP client, which is at the first request.
 */
const directFetch: typeof globalThis.fetch = (input, init) => {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]) {
    Deno.env.delete(name);
    Deno.env.delete(name.toLowerCase());
  }
  return fetch(input, init);
};

/**
 * The real terminal, environment and network.
 * Permissions: `env`, and `net` for the node's HTTP address.
 */
export function systemIo(): CliIo {
  return {
    out: (text) => writeAll(Deno.stdout, text),
    err: (text) => writeAll(Deno.stderr, text),
    env: (name) => Deno.env.get(name),
    fetch: directFetch,
    clock: systemClock,
    color: Deno.stdout.isTerminal() && (Deno.env.get("NO_COLOR") ?? "") === "",
  };
}
