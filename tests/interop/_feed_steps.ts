/** Headers of someone else's full node on their way into the chain. */
import { expect } from "expect";
import { systemClock } from "../../core/base/mod.ts";
import { silentLogger, type TestChain, testChain } from "../../core/chain/_fixture.ts";
import { createSourceDesk } from "../../core/chain/mod.ts";
import { startHeaderFeed } from "../../core/chain/full_node/header_feed.ts";
import { createEventBus } from "../../core/events/mod.ts";
import { eventually } from "../support/eventually.ts";
import { attach } from "./_rpc_steps.ts";
import type { BitcoinNode, BitcoinProgram } from "./bitcoin_node.ts";

/** Something that brings the headers of a node into the chain until it is disposed. */
export interface Feed extends AsyncDisposable {
  /** Looks now. */
  wake(): void;
}

/** Starts a feed of one kind. */
export type StartFeed = (node: BitcoinNode, t: TestChain) => Promise<Feed>;

/** The desk that sources report to, with a bus that nobody hears. */
export function quietDesk({ chain }: TestChain) {
  const events = createEventBus({ clock: systemClock, logger: silentLogger });
  return createSourceDesk({ chain, events, clock: systemClock, logger: silentLogger });
}

/** The feed over JSON-RPC. */
export const startRpcFeed: StartFeed = (node, t) => {
  const desk = quietDesk(t);
  const rpc = attach(node);
  const components = { rpc, chain: t.chain, desk, clock: systemClock, logger: silentLogger };
  const feed = startHeaderFeed(components, { pollMs: 100 });
  return Promise.resolve({
    wake: () => feed.wake(),
    async [Symbol.asyncDispose]() {
      await feed.stop();
      await rpc.stop();
      desk[Symbol.dispose]();
    },
  });
};

async function follows({ chain }: TestChain, node: BitcoinNode): Promise<void> {
  const { hash } = await node.tip();
  await eventually("the tip of the node", () => chain.tip().hash === hash);
}

/** From nothing to the tip, block by block after it, and over to a better chain, whichever way it comes. */
export async function followsNode(program: BitcoinProgram, startFeed: StartFeed): Promise<void> {
  await using node = await program.start();
  await using rival = await program.start();
  await using t = await testChain({ clock: systemClock });
  const first = await node.mine(1_300);
  await using feed = await startFeed(node, t);
  await follows(t, node);
  expect(t.chain.tip().height).toBe(1_300);
  expect(t.chain.hashAt(700)).toBe(first[699]);
  t.seen();

  const [next] = await node.mine(1);
  feed.wake();
  await follows(t, node);
  expect(t.chain.tip().hash).toBe(next);
  expect(t.seen()).toEqual(["NewBlock", "ChainTipUpdated"]);

  // The node takes four blocks back: with less work it convinces nobody, with more it does.
  await node.rpc("invalidateblock", await node.rpc("getblockhash", 1_298));
  expect((await node.tip()).height).toBe(1_297);
  feed.wake();
  await node.mine(2);
  expect(t.chain.tip().hash).toBe(next);
  await node.mine(3);
  feed.wake();
  await follows(t, node);
  expect(t.chain.tip().height).toBe(1_302);
  expect(t.seen().filter((type) => type === "BlockDisconnected").length).toBe(4);
  expect(t.chain.staleTips()).toMatchObject([{ hash: next, branchLength: 4 }]);

  // A rival that nobody knew has more work from the first block on.
  await rival.mine(1_310);
  await node.connect(rival);
  await eventually("the rival's chain at the node", async () => (await node.tip()).height === 1_310);
  feed.wake();
  await follows(t, node);
  expect(t.chain.stats()).toMatchObject({ reorgs: 2, orphans: 0 });
  expect(t.chain.range(0, 2_000).length).toBe(80 * 1_311);
}
