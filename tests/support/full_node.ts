import { displayDoubleSha256 } from "../../core/base/mod.ts";

/** One call as it came. */
export interface RpcMessage {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A transaction of the fake's mempool; the fee in bitcoin, as nodes write it. */
export interface FakeMempoolEntry {
  readonly fee: number;
  readonly vsize: number;
  readonly time?: number;
}

/** Answers a request in the fake's place; `undefined` lets the fake answer. */
export type Misbehaviour = (
  request: Request,
  messages: readonly RpcMessage[],
) => Response | undefined | Promise<Response | undefined>;

/** A full node's JSON-RPC server on loopback, with what the tests put into it. */
export interface FakeFullNode extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Methods that were called, in order. */
  readonly called: string[];
  /** HTTP requests so far. */
  readonly requests: number;
  /** 80-byte headers of its best chain, the first at height `firstHeight`. */
  setChain(headers: Uint8Array, firstHeight?: number): void;
  /** Raw blocks in hex by hash. */
  readonly blocks: Map<string, string>;
  /** Ids of a block's transactions by its hash. */
  readonly blockTxids: Map<string, readonly string[]>;
  readonly mempool: Map<string, FakeMempoolEntry>;
  /** Answers of other methods. A throw of {@linkcode RpcFailure} is an error of JSON-RPC. */
  readonly methods: Map<string, (params: readonly unknown[]) => unknown>;
  /** `user:password` that is asked for. */
  login: string | undefined;
  misbehave: Misbehaviour | undefined;
}

/** An error of JSON-RPC. */
export class RpcFailure extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface FakeFullNodeInit {
  /** Default `core`. btcd answers errors with status 200, and describes single transactions of its mempool not at all. */
  readonly flavour?: "core" | "btcd";
  readonly chain?: string;
  readonly port?: number;
}

/** Starts a fake full node on loopback. Disposing ends it, hanging requests too. */
export function startFakeFullNode(init: FakeFullNodeInit = {}): FakeFullNode {
  return new Fake(init);
}

const READY = () => {};

class Fake implements FakeFullNode {
  readonly called: string[] = [];
  readonly blocks = new Map<string, string>();
  readonly blockTxids = new Map<string, readonly string[]>();
  readonly mempool = new Map<string, FakeMempoolEntry>();
  readonly methods = new Map<string, (params: readonly unknown[]) => unknown>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #flavour: "core" | "btcd";
  readonly #chain: string;
  readonly #ended = Promise.withResolvers<Response>();
  login: string | undefined;
  misbehave: Misbehaviour | undefined;
  requests = 0;
  #hashes: string[] = [];
  #headers = new Map<string, { readonly hex: string; readonly height: number }>();
  #firstHeight = 0;

  constructor({ flavour = "core", chain = "regtest", port = 0 }: FakeFullNodeInit) {
    this.#flavour = flavour;
    this.#chain = chain;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: READY },
      (request) => Promise.race([this.#answer(request), this.#ended.promise]),
    );
    this.#fillMethods();
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  setChain(headers: Uint8Array, firstHeight = 0): void {
    this.#firstHeight = firstHeight;
    this.#hashes = [];
    for (let at = 0; at < headers.length; at += 80) {
      const header = headers.subarray(at, at + 80);
      const hash = displayDoubleSha256(header);
      this.#headers.set(hash, { hex: header.toHex(), height: firstHeight + at / 80 });
      this.#hashes.push(hash);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.resolve(new Response(null, { status: 503 }));
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    this.requests++;
    const body: unknown = JSON.parse(await request.text());
    const messages = (Array.isArray(body) ? body : [body]) as RpcMessage[];
    const odd = await this.misbehave?.(request, messages);
    if (odd) return odd;
    const expected = this.login && `Basic ${btoa(this.login)}`;
    if (expected && request.headers.get("authorization") !== expected) {
      return new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="jsonrpc"' } });
    }
    const answers = messages.map((message) => this.#call(message));
    if (Array.isArray(body)) return Response.json(answers);
    const failed = this.#flavour === "core" && answers[0]?.error !== null;
    return Response.json(answers[0], { status: failed ? 500 : 200 });
  }

  #call({ id, method, params }: RpcMessage) {
    this.called.push(method);
    const run = this.methods.get(method);
    try {
      if (!run) throw new RpcFailure(-32_601, "Method not found");
      return { result: run(params), error: null, id };
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error;
      return { result: null, error: { code: error.code, message: error.message }, id };
    }
  }

  #fillMethods(): void {
    const { methods } = this;
    const header = (hash: unknown) => this.#headers.get(String(hash)) ?? missing("Block not found");
    const tip = () => this.#hashes.at(-1) ?? missing("no chain");
    methods.set("getblockchaininfo", () => ({
      chain: this.#chain,
      blocks: this.#firstHeight + this.#hashes.length - 1,
      headers: this.#firstHeight + this.#hashes.length - 1,
      initialblockdownload: false,
      pruned: false,
    }));
    methods.set("getbestblockhash", tip);
    methods.set("getblockhash", ([height]) => {
      const hash = this.#hashes[Number(height) - this.#firstHeight];
      if (hash === undefined) throw new RpcFailure(-8, "Block height out of range");
      return hash;
    });
    methods.set("getblockheader", ([hash, verbose]) => {
      const { hex, height } = header(hash);
      return verbose === false ? hex : { hash, height };
    });
    methods.set("getblock", ([hash, verbosity]) => {
      const found = verbosity === 0 ? this.blocks.get(String(hash)) : this.blockTxids.get(String(hash));
      if (found === undefined) return missing("Block not found");
      return verbosity === 0 ? found : { hash, tx: found };
    });
    methods.set("getrawmempool", ([verbose]) => {
      if (verbose !== true) return [...this.mempool.keys()];
      return Object.fromEntries([...this.mempool].map(([txid, entry]) => [txid, this.#entry(entry)]));
    });
    methods.set("getmempoolentry", ([txid]) => {
      if (this.#flavour === "btcd") throw new RpcFailure(-1, "Command unimplemented");
      const entry = this.mempool.get(String(txid)) ?? missing("Transaction not in mempool");
      return this.#entry(entry);
    });
  }

  #entry({ fee, vsize, time = 1_700_000_000 }: FakeMempoolEntry) {
    const common = { vsize, weight: vsize * 4, time, height: 1, depends: [] };
    return this.#flavour === "btcd"
      ? { ...common, size: vsize, fee }
      : { ...common, fees: { base: fee, modified: fee, ancestor: fee, descendant: fee } };
  }
}

function missing(words: string): never {
  throw new RpcFailure(-5, words);
}
