import { fileURLToPath } from "node:url";
import { tempDir } from "../support/temp_dir.ts";

const FOLDER = fileURLToPath(new URL("./go_peer/", import.meta.url));
/** The first build loads and compiles all of go-libp2p. */
const BUILD_MS = 6 * 60_000;
const OFFLINE =
  /dial tcp|no such host|connection re|i\/o timeout|deadline|TLS|proxyconnect|40[34] |50\d |lookup /i;

/** The built program, or why there is none. */
export type GoBuild =
  | ({ readonly state: "built"; readonly path: string } & AsyncDisposable)
  | ({ readonly state: "skipped"; readonly reason: string } & AsyncDisposable);

/**
 * Builds the Go peer. Without Go, or where its modules can't be had, it is skipped with the reason; an error of the
 * program itself is thrown. Needs permission to run `go`.
 */
export async function buildGoPeer(): Promise<GoBuild> {
  const skipped = (reason: string): GoBuild => ({
    state: "skipped",
    reason,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  const dir = await tempDir();
  const path = dir.file(Deno.build.os === "windows" ? "peer.exe" : "peer");
  try {
    const { success, stderr } = await new Deno.Command("go", {
      args: ["build", "-o", path, "."],
      cwd: FOLDER,
      env: { GOFLAGS: "-mod=readonly -buildvcs=false", CGO_ENABLED: "0" },
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(BUILD_MS),
    }).output();
    if (success) return { state: "built", path, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
    const text = new TextDecoder().decode(stderr).trim();
    await dir[Symbol.asyncDispose]();
    if (OFFLINE.test(text)) return skipped(`its modules cannot be had: ${text.split("\n").at(-1)}`);
    throw new Error(`The Go peer does not build:\n${text}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await dir[Symbol.asyncDispose]();
    return skipped("there is no go on this machine");
  }
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
