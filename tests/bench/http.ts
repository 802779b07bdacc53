import { type OwnedProcess, spawnDeno } from "../support/process.ts";
import type { Bench } from "./bench.ts";

const CONNECTIONS = 32;
/** Requests under way on one connection: enough that the server is what limits, not this client. */
const PIPELINED = 4;
const ROUND_MS = 700;

/** Requests a second of a path, against a bare Hono app on `Deno.serve` with the same body; each in its own process. */
export function httpBench(name: string, path: string): Bench {
  return {
    name,
    unit: "requests/s",
    better: "higher",
    aim: 0.85,
    async setup() {
      await using cleanup = new AsyncDisposableStack();
      const node = cleanup.use(startServer(["node"]));
      const nodePort = await portOf(node);
      const view = await (await fetch(`http://127.0.0.1:${nodePort}/api/v1/node`)).text();
      const barePort = await portOf(cleanup.use(startServer(["bare", view])));
      const resources = cleanup.move();
      return {
        value: () => requestsPerSecond(nodePort, path),
        baseline: () => requestsPerSecond(barePort, path),
        [Symbol.asyncDispose]: () => resources.disposeAsync(),
      };
    },
  };
}

function startServer(args: readonly string[]): OwnedProcess {
  return spawnDeno(new URL("./programs/http_server.ts", import.meta.url), { args });
}

async function portOf(server: OwnedProcess): Promise<number> {
  return Number((await server.stdout.waitFor(/^port \d+$/)).slice("port ".length));
}

/** Keep-alive connections that each send the next requests when the last ones are answered. */
async function requestsPerSecond(port: number, path: string): Promise<number> {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  const answerBytes = await sizeOfAnswer(port, request);
  const batch = new TextEncoder().encode(request.repeat(PIPELINED));
  const start = performance.now();
  let answered = 0;
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    const buffer = new Uint8Array(64 * 1024);
    while (performance.now() - start < ROUND_MS) {
      await connection.write(batch); // far below what a socket takes at once
      await readExactly(connection, answerBytes * PIPELINED, buffer);
      answered += PIPELINED;
    }
  }));
  return answered / (performance.now() - start) * 1000;
}

/** Answers to one request all have the same length, so that the client need not parse them. */
async function sizeOfAnswer(port: number, request: string): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(64 * 1024);
  const length = await connection.read(buffer) ?? 0;
  const answer = new TextDecoder().decode(buffer.subarray(0, length));
  const bodyBytes = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(answer)?.[1] ?? NaN);
  if (!answer.startsWith("HTTP/1.1 200 ") || answer.indexOf("\r\n\r\n") + 4 + bodyBytes !== length) {
    throw new Error(`Cannot measure: the server answered ${answer.slice(0, 200)}`);
  }
  return length;
}

async function readExactly(connection: Deno.TcpConn, bytes: number, buffer: Uint8Array): Promise<void> {
  for (let left = bytes; left > 0;) {
    const read = await connection.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (read === null) throw new Error("Cannot measure: the server closed the connection");
    left -= read;
  }
}
