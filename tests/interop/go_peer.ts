import { buildGo, type GoBuild } from "./go_build.ts";

/** Builds the Go peer, which stands on go-libp2p. */
export function buildGoPeer(): Promise<GoBuild> {
  return buildGo({ title: "The Go peer", folder: new URL("./go_peer/", import.meta.url) });
}

/** What arrived over gossip or a direct stream. */
export interface GoMessage {
  readonly from: string;
  readonly data: Uint8Array;
}

/** A running Go peer. Every request fails after 20 seconds. */
export interface GoPeer extends AsyncDisposable {
  readonly peerId: string;
  /** With `/p2p/<peer id>`. */
  readonly address: { readonly tcp: string; readonly ws: string };
  ask(request: GoRequest): Promise<unknown>;
  /** The next message of a topic or a protocol. */
  next(topic: string): Promise<GoMessage>;
}

export interface GoRequest {
  readonly do: string;
  readonly addr?: string;
  readonly peer?: string;
  readonly topic?: string;
  readonly proto?: string;
  readonly data?: Uint8Array;
}

interface Answer {
  readonly id: number;
  readonly error?: string;
  readonly value?: unknown;
}

/** Starts the program that {@linkcode buildGoPeer} built. */
export async function startGoPeer(path: string, args: readonly string[] = []): Promise<GoPeer> {
  const child = new Deno.Command(path, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
    env: { LIBP2P_FORCE_PNET: "0" },
  }).spawn();
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const reading = readAnswers(child.stdout, waiting);
  const writer = child.stdin.getWriter();
  let last = 0;
  const ask = (request: GoRequest) => {
    const id = ++last;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    const line = JSON.stringify({ id, ...request, data: request.data?.toBase64() }) + "\n";
    writer.write(new TextEncoder().encode(line)).catch((error) => answer.reject(error));
    return answer.promise;
  };
  const { peerId, addrs } = await ask({ do: "self" }) as { peerId: string; addrs: string[] };
  return {
    peerId,
    address: {
      tcp: addrs.find((address) => !address.includes("/ws")) ?? "",
      ws: addrs.find((address) => address.includes("/ws")) ?? "",
    },
    ask,
    async next(topic) {
      const { from, data } = await ask({ do: "next", topic }) as { from: string; data: string };
      return { from, data: Uint8Array.fromBase64(data) };
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      await child.status;
      await reading;
    },
  };
}

async function readAnswers(
  lines: ReadableStream<Uint8Array<ArrayBuffer>>,
  waiting: Map<number, PromiseWithResolvers<unknown>>,
): Promise<void> {
  let rest = "";
  for await (const text of lines.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const { id, error, value }: Answer = JSON.parse(part);
      const answer = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) answer?.resolve(value);
      else answer?.reject(new Error(`Go peer: ${error}`));
    }
  }
  for (const answer of waiting.values()) answer.reject(new Error("the Go peer has ended"));
}
