import { expect } from "expect";
import { displayHash, systemClock } from "../../core/base/mod.ts";
import {
  createPeerHeaders,
  createSourceDesk,
  PEER_HEADERS_LIMITS,
  startGossipSource,
} from "../../core/chain/mod.ts";
import { genesisOf, silentLogger, testChain } from "../../core/chain/_fixture.ts";
import { startNode } from "../../core/p2p/_fixture.ts";
import type { RequestHandler } from "../../core/p2p/mod.ts";
import { headersPort, serveHeaders } from "../../core/peer_headers_port.ts";
import { eventually } from "../support/eventually.ts";
import { mineHeaders, tipOf } from "../support/mining.ts";

const ROOT = tipOf(genesisOf("regtest"));
/** A chain that ends now: headers of the future are refused, and 5,000 are a week. */
const FIRST = { hash: ROOT.hash, time: Math.floor(Date.now() / 1000) - 5_100 * 60 };

/** A node of a chain, gossip and the headers protocol; with `answer` it lies to who asks. */
async function startChainNode(lie?: RequestHandler["answer"]) {
  await using stack = new AsyncDisposableStack();
  const { chain } = stack.use(await testChain({ clock: systemClock }));
  const node = stack.use(await startNode({ init: { dht: "off" } }));
  const desk = stack.use(
    createSourceDesk({ chain, events: node.events, clock: systemClock, logger: silentLogger }),
  );
  const headers = createPeerHeaders({
    chain,
    desk,
    clock: systemClock,
    logger: silentLogger,
    port: headersPort(() => node.service.requests),
  });
  stack.defer(() => headers.stop());
  const { requests } = node.service;
  if (lie === undefined) stack.use(serveHeaders(requests, headers));
  else {stack.use(
      requests.handle(PEER_HEADERS_LIMITS.protocol, {
        ...PEER_HEADERS_LIMITS,
        maxAnswerBytes: 1e6,
        answer: lie,
      }),
    );}
  const gossip = startGossipSource({
    chain,
    events: node.events,
    logger: silentLogger,
    missing: (header) => headers.missing(header),
  });
  stack.defer(() => gossip.stop());
  const moved = stack.move();
  return { ...node, address: node.address, chain, desk, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

type ChainNode = Awaited<ReturnType<typeof startChainNode>>;

async function connect(from: ChainNode, to: ChainNode): Promise<void> {
  await from.service.addPeer(to.address);
  const hears = ({ service }: ChainNode) =>
    service.peers().some(({ topics }) => topics.includes("block")) &&
    service.requests.speakers(PEER_HEADERS_LIMITS.protocol).length > 0;
  await eventually("both on the topics", () => hears(from) && hears(to));
}

async function announce(node: ChainNode, headers: Uint8Array): Promise<void> {
  const header = headers.subarray(-80);
  const hash = displayHash(tipOf(header).hash);
  await node.service.publish("block", { Hash: hash, Height: headers.length / 80, Header: header.toHex() });
}

Deno.test("a node that hears of the newest block only gets the 5,000 headers before it from its peer", async () => {
  await using full = await startChainNode();
  await using empty = await startChainNode();
  const { headers } = mineHeaders(FIRST, 5_000, { spacing: 60 });
  await full.chain.accept(headers);
  await connect(empty, full);
  await announce(full, headers);
  await eventually("the same tip", () => empty.chain.tip().hash === full.chain.tip().hash);
  expect(empty.chain.tip()).toEqual(full.chain.tip());
  await eventually(
    "the source's word",
    () => empty.desk.sources().sources.some(({ state }) => state === "agrees"),
  );
  expect(empty.desk.sources().sources).toMatchObject([{ name: `commons-peer ${full.identity.peerId}` }]);
});

Deno.test("peers that answer garbage, floods or nothing do no harm, and others are asked", async (t) => {
  const own = mineHeaders(FIRST, 2_400, { spacing: 60, tag: 8 });
  const flood = mineHeaders(FIRST, 2_000, { spacing: 60, tag: 9 }).headers;
  const answers: [string, RequestHandler["answer"]][] = [
    ["garbage", () => crypto.getRandomValues(new Uint8Array(80_000))],
    ["a flood of low work", () => flood],
    ["more than was asked for", () => new Uint8Array(200_000)],
    ["nothing", () => undefined],
  ];
  for (const [name, answer] of answers) {
    await t.step(name, async () => {
      await using liar = await startChainNode(answer);
      await using honest = await startChainNode();
      await using victim = await startChainNode();
      await victim.chain.accept(own.headers);
      const better = mineHeaders(own.tip, 40, { spacing: 60 });
      await honest.chain.accept(own.headers);
      await honest.chain.accept(better.headers);
      await connect(victim, liar);
      await connect(victim, honest);
      await announce(liar, better.headers);
      await eventually("the honest one's tip", () => victim.chain.tip().hash === honest.chain.tip().hash);
      expect(victim.chain.stats().headers).toBe(2_441);
    });
  }
});
