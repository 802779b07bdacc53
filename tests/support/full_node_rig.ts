import { FakeClock } from "../../core/base/mod.ts";
import type { LogFields, Logger } from "../../core/telemetry/mod.ts";
import { eventually } from "./eventually.ts";
import { type FakeFullNode, type FakeFullNodeInit, startFakeFullNode } from "./full_node.ts";
import { genesisOf } from "../../core/chain/_fixture.ts";
import { createFullNode, type FullNodeInit, type RpcFullNode } from "../../core/chain/full_node/full_node.ts";
import type { ReadCookie } from "../../core/chain/full_node/login.ts";

/** A logger that keeps its lines, the fields behind the message. */
export function keptLog(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (message: string, fields?: LogFields) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  };
  const logger: Logger = {
    debug: keep("debug"),
    info: keep("info"),
    warn: keep("warn"),
    error: keep("error"),
    child: () => logger,
  };
  return { logger, lines };
}

export interface NodeRig extends AsyncDisposable {
  readonly fake: FakeFullNode;
  readonly node: RpcFullNode;
  readonly clock: FakeClock;
  readonly lines: string[];
}

export interface NodeRigOptions extends Partial<FullNodeInit>, FakeFullNodeInit {
  readonly readCookie?: ReadCookie;
  readonly fetch?: typeof fetch;
  readonly login?: string;
  /** Changes the fake before the node contacts it. */
  readonly before?: (fake: FakeFullNode) => void;
}

/** A fake full node with regtest's first block, and a client that is about to contact it. */
export function nodeRig(options: NodeRigOptions = {}): NodeRig {
  const { readCookie, fetch, login, before, flavour, chain, port, ...init } = options;
  const fake = startFakeFullNode({
    ...(flavour && { flavour }),
    ...(chain && { chain }),
    ...(port && { port }),
  });
  fake.login = login;
  fake.setChain(genesisOf("regtest"));
  before?.(fake);
  const clock = new FakeClock();
  const { logger, lines } = keptLog();
  const components = { clock, logger, readCookie, fetch };
  const node = createFullNode(components, { url: fake.url, network: "regtest", ...init });
  return {
    fake,
    node,
    clock,
    lines,
    async [Symbol.asyncDispose]() {
      await node.stop();
      await fake[Symbol.asyncDispose]();
    },
  };
}

/** Resolves when the client found its node. */
export async function isUp({ node }: Pick<NodeRig, "node">): Promise<void> {
  await eventually("the full node is up", () => node.available());
}

/** Code of what `work` rejects with. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "resolved";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

export const TXID = (n: number) => n.toString(16).padStart(64, "0");
