/** The mempool of someone else's full node, as events. */
import { expect } from "expect";
import { seededRandom, systemClock } from "../../core/base/mod.ts";
import { parseTransaction, type Transaction } from "../../core/bitcoin/mod.ts";
import { silentLogger } from "../../core/chain/_fixture.ts";
import { startHeaderFeed } from "../../core/chain/full_node/header_feed.ts";
import { createMempoolView } from "../../core/chain/mempool/mempool_view.ts";
import { createSourceDesk, openHeaderChain } from "../../core/chain/mod.ts";
import { createEventBus, type NodeEvent } from "../../core/events/mod.ts";
import { memoryStore } from "../../core/store/mod.ts";
import { eventually } from "../support/eventually.ts";
import { spendToAnyone } from "./anyone.ts";
import type { BitcoinProgram } from "./bitcoin_node.ts";
import { attach, MATURE, rewardOf } from "./_rpc_steps.ts";

const POLL = { pollMs: 100 };

export async function tellsOfItsMempool(program: BitcoinProgram): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const node = stack.use(await program.start());
  const mined = await node.mine(MATURE + 2);
  const [clock, logger] = [systemClock, silentLogger];
  const events = createEventBus({ clock, logger });
  const seen: NodeEvent[] = [];
  stack.use(events.listen({ name: "test" }, (event) => void seen.push(event)));
  const store = stack.use(memoryStore());
  const chain = await openHeaderChain({ store, events, clock, logger, random: seededRandom(1) }, {
    network: "regtest",
  });
  stack.defer(() => chain.close());
  const fullNode = attach(node);
  stack.defer(() => fullNode.stop());
  const desk = stack.use(createSourceDesk({ chain, events, clock, logger }));
  const feed = startHeaderFeed({ rpc: fullNode, chain, desk, clock, logger }, POLL);
  stack.defer(() => feed.stop());
  const blockTxids = fullNode.blockTxids.bind(fullNode);
  const view = createMempoolView({ source: fullNode, blockTxids, events, clock, logger }, POLL);
  stack.defer(() => view.stop());
  const told = (type: string, { txid }: Transaction, reason?: string) =>
    eventually(
      `${type} ${reason ?? ""}`,
      () =>
        seen.some((event) =>
          event.type === type && JSON.stringify(event.payload).includes(txid) &&
          (reason === undefined || JSON.stringify(event.payload).includes(`"${reason}"`))
        ),
    );
  await eventually("the first look", () => view.available());
  expect(view.size()).toEqual({ transaction_count: 0, size_bytes: 0, total_fee_sats: 0 });

  const [first, second] = [
    await rewardOf(node, mined[0] ?? ""),
    await rewardOf(node, mined[1] ?? ""),
  ];
  const spend = (output: typeof first, fee: bigint) =>
    parseTransaction(Uint8Array.fromHex(spendToAnyone(output, fee)));
  const [cheap, better, other] = [spend(first, 1_000n), spend(first, 50_000n), spend(second, 3_000n)];
  await fullNode.sendTransaction(cheap.raw);
  await told("MempoolTransactionAdded", cheap);
  expect(view.entry(cheap.txid)).toMatchObject({ feeSats: 1_000n, vsize: cheap.vsize });
  await fullNode.sendTransaction(better.raw); // instead of the cheap one (BIP 125)
  await fullNode.sendTransaction(other.raw);
  for (const added of [better, other]) await told("MempoolTransactionAdded", added);
  await eventually("the replaced one to be gone", () => !view.has(cheap.txid));
  expect(view.txids().toSorted()).toEqual([better.txid, other.txid].toSorted());
  expect(view.size()).toEqual({
    transaction_count: 2,
    size_bytes: better.vsize + other.vsize,
    total_fee_sats: 53_000,
  });

  await node.mine(1);
  for (const confirmed of [better, other]) await told("MempoolTransactionRemoved", confirmed, "confirmed");
  expect(view.size().transaction_count).toBe(0);
  // The replaced one is told of later, when no block can have it any more.
  expect(seen.filter(({ type }) => type === "MempoolTransactionRemoved").length).toBe(2);
  expect(seen.some(({ type }) => type === "MempoolCleared")).toBe(false); // a block has them
}
