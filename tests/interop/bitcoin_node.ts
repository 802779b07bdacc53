import { expect } from "expect";
import { eventually } from "../support/eventually.ts";
import { type OwnedProcess, spawnProgram } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { ANYONE, ANYONE_ADDRESS, type AnyoneScript, freshAnyone } from "./anyone.ts";
import { buildGo, type GoBuild } from "./go_build.ts";

const START_MS = 30_000;

/** A full node of someone else's on regtest, on ports of loopback. Killed when disposed. */
export interface BitcoinNode extends AsyncDisposable {
  /** `host:port` for Bitcoin's own protocol. */
  readonly p2p: string;
  /** URL of JSON-RPC. */
  readonly rpcUrl: string;
  readonly user: string;
  readonly password: string;
  readonly process: OwnedProcess;
  /** Calls a method; throws with the node's own message. */
  rpc(method: string, ...params: unknown[]): Promise<unknown>;
  /** Mines blocks that pay to anyone and that no other node mines; answers their hashes. */
  mine(count: number): Promise<readonly string[]>;
  /** Scripts that it has mined to. */
  readonly rewards: readonly AnyoneScript[];
  tip(): Promise<{ readonly height: number; readonly hash: string }>;
  /** Connects it to another one. */
  connect(other: BitcoinNode): Promise<void>;
}

/** One that can be started any number of times. */
export interface BitcoinProgram {
  readonly name: "btcd" | "bitcoind";
  start(): Promise<BitcoinNode>;
}

/** Builds btcd at the version that `btcd/go.mod` pins. */
export function buildBtcd(): Promise<GoBuild> {
  const folder = new URL("./btcd/", import.meta.url);
  return buildGo({ title: "btcd", folder, package: "github.com/btcsuite/btcd" });
}

/** Starts btcd with indexes of transactions; mines by itself only when it is told to. */
export function startBtcd(
  path: string,
  options: { readonly network?: "regtest" | "simnet" } = {},
): Promise<BitcoinNode> {
  const { network = "regtest" } = options;
  return startNode(path, {
    args: ({ dir, p2p, rpc, user, password }) => [
      `--${network}`,
      `--datadir=${dir}/data`,
      `--logdir=${dir}/logs`,
      `--configfile=${dir}/btcd.conf`,
      `--listen=127.0.0.1:${p2p}`,
      `--rpclisten=127.0.0.1:${rpc}`,
      `--rpcuser=${user}`,
      `--rpcpass=${password}`,
      ...network === "regtest" ? [`--miningaddr=${ANYONE_ADDRESS}`] : [],
      "--notls",
      "--txindex",
      "--nodnsseed",
      "--trickleinterval=100ms",
      "--debuglevel=info",
    ],
    reward: () => ANYONE, // it puts random bytes into every coinbase
    mine: (call, { count }) => call("generate", count),
    connect: (call, address) => call("node", "connect", address, "temp"),
  });
}

/** Starts Bitcoin Core's node. */
export function startBitcoind(path = "bitcoind"): Promise<BitcoinNode> {
  return startNode(path, {
    args: ({ dir, p2p, rpc, onion, user, password }) => [
      "-regtest",
      `-datadir=${dir}`,
      `-bind=127.0.0.1:${p2p}`,
      `-bind=127.0.0.1:${onion}=onion`, // else all would want the same port for it
      "-listenonion=0",
      `-rpcbind=127.0.0.1`,
      `-rpcallowip=127.0.0.1`,
      `-rpcport=${rpc}`,
      `-rpcuser=${user}`,
      `-rpcpassword=${password}`,
      "-server",
      "-txindex",
      "-acceptnonstdtxn=1",
      "-dnsseed=0",
      "-disablewallet",
    ],
    // Its coinbases differ by height and script only, and so would blocks of one second.
    reward: freshAnyone,
    mine: (call, { count, reward }) => call("generatetodescriptor", count, `raw(${reward.output})`),
    connect: (call, address) => call("addnode", address, "onetry"),
  });
}

/** Whether `bitcoind` can be run here. */
export async function hasBitcoind(): Promise<boolean> {
  try {
    return (await new Deno.Command("bitcoind", { args: ["--version"], stdout: "null", stderr: "null" })
      .output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

type Call = (method: string, ...params: unknown[]) => Promise<unknown>;

interface Place {
  readonly dir: string;
  readonly p2p: number;
  readonly rpc: number;
  readonly onion: number;
  readonly user: string;
  readonly password: string;
}

interface Kind {
  args(place: Place): readonly string[];
  /** Whom the next blocks pay to. */
  reward(): AnyoneScript;
  mine(call: Call, blocks: { readonly count: number; readonly reward: AnyoneScript }): Promise<unknown>;
  connect(call: Call, address: string): Promise<unknown>;
}

async function startNode(path: string, kind: Kind): Promise<BitcoinNode> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const [p2p, rpc, onion] = freePorts();
  const place: Place = { dir: dir.path, p2p, rpc, onion, user: "interop", password: crypto.randomUUID() };
  const process = stack.use(spawnProgram(path, { args: kind.args(place), env: { HOME: dir.path } }));
  const rpcUrl = `http://127.0.0.1:${rpc}/`;
  const call: Call = (method, ...params) => callRpc({ ...place, url: rpcUrl }, method, params);
  let gone = false;
  process.exited.then(() => gone = true);
  await eventually("the node's RPC", async () => {
    if (gone) throw new Error(`The node has ended:\n${process.output()}`);
    return await call("getblockcount").then(() => true, () => false);
  }, { ms: START_MS });
  const rewards: AnyoneScript[] = [];
  const owned = stack.move();
  return {
    p2p: `127.0.0.1:${p2p}`,
    rpcUrl,
    user: place.user,
    password: place.password,
    process,
    rpc: call,
    rewards,
    async mine(count) {
      const hashes: string[] = [];
      const reward = kind.reward();
      rewards.push(reward);
      while (hashes.length < count) { // in pieces that take no longer than a call may
        const piece = await kind.mine(call, { count: Math.min(100, count - hashes.length), reward });
        expect(Array.isArray(piece)).toBe(true);
        hashes.push(...piece as string[]); // checked by the line above
      }
      return hashes;
    },
    async tip() {
      const info = await call("getblockchaininfo") as { blocks: number; bestblockhash: string };
      return { height: info.blocks, hash: info.bestblockhash };
    },
    async connect(other) {
      await kind.connect(call, other.p2p);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function callRpc(
  { url, user, password }: { readonly url: string; readonly user: string; readonly password: string },
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${user}:${password}`)}`, "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "1.0", id: 1, method, params }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (response.status === 401) throw new Error(`Cannot call ${method}: not allowed`);
  const { result, error }: { result?: unknown; error?: { message?: string } | null } = JSON.parse(text);
  if (error) throw new Error(`Cannot call ${method}: ${error.message}`);
  return result;
}

/** Ports that were free a moment ago. */
function freePorts(): [number, number, number] {
  using first = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using second = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using third = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return [first.addr.port, second.addr.port, third.addr.port];
}
