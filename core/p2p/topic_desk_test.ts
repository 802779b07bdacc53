import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { minedHeader, silentLogger, testIdentity } from "./_fixture.ts";
import { goodMessages, testContext, testOwn } from "./_message_fixture.ts";
import { blockCodec } from "./block_codec.ts";
import type { CheckContext, TopicCodec } from "./codec.ts";
import { miningOnCodec } from "./mining_on_codec.ts";
import { nodeStatusCodec } from "./node_status_codec.ts";
import { rejectedTxCodec } from "./rejected_tx_codec.ts";
import { subtreeCodec } from "./subtree_codec.ts";
import { TopicDesk } from "./topic_desk.ts";

const { peerId: author } = await testIdentity();

function setup(codec: TopicCodec = blockCodec) {
  const clock = new FakeClock();
  const desk = new TopicDesk({ codec, path: "topic", logger: silentLogger, clock });
  const context = testContext(author, { network: "regtest", clock });
  const receive = (message: unknown) =>
    desk.receive(new TextEncoder().encode(JSON.stringify(message)), context);
  return { clock, desk, context, receive };
}

function blockBy(peerId: string, number = 1): Record<string, unknown> {
  const { hash, header } = minedHeader(number);
  return { PeerID: peerId, ClientName: "", DataHubURL: "", Hash: hash, Height: number, Header: header };
}

Deno.test("TopicDesk.receive() accepts an announcement once in half an hour", async () => {
  const { clock, desk, receive } = setup();
  expect(receive(blockBy(author)).result).toBe("accept");
  expect(receive({ ...blockBy(author), ClientName: "other" })).toMatchObject({
    result: "ignore",
    code: "DUPLICATE",
  });
  expect(receive(blockBy(author, 2)).result).toBe("accept");
  await clock.advance(30 * 60_000);
  expect(receive(blockBy(author)).result).toBe("accept");
  expect([desk.counters.total("accept"), desk.counters.total("ignore")]).toEqual([3, 1]);
});

Deno.test("TopicDesk.receive() remembers nothing of a bad message, so it can't silence a good one", () => {
  const { receive } = setup();
  const good = blockBy(author);
  for (const bad of [{ ...good, Height: -1 }, { ...good, PeerID: "x" }, { ...good, DataHubURL: "ftp://x" }]) {
    expect(receive(bad).result).toBe("reject");
  }
  expect(receive(good).result).toBe("accept");
});

Deno.test("TopicDesk.receive() looks at the size before anything else", () => {
  const { desk, context } = setup();
  const big = new Uint8Array(blockCodec.maxBytes + 1);
  expect(desk.receive(big, context)).toMatchObject({ code: "MESSAGE_TOO_LARGE" });
  expect(desk.receive(big.subarray(1), context)).toMatchObject({ code: "NOT_JSON" });
});

Deno.test("TopicDesk.receive() ignores what its codec trips over", () => {
  const { receive } = setup({
    ...blockCodec,
    check() {
      throw new Error("a bug");
    },
  });
  expect(receive(blockBy(author))).toMatchObject({ result: "ignore", code: "INTERNAL" });
});

Deno.test("TopicDesk.published() makes later announcements of the same thing repeats", () => {
  const { desk, context, receive } = setup();
  const { Hash, Height, Header } = blockBy(author);
  const own = testOwn({ peerId: author, dataHubUrl: "" });
  const draft = desk.draft({ Hash, Height, Header }, { own, form: "raw", context });
  desk.published(draft, 1);
  expect(receive(blockBy(author))).toMatchObject({ code: "DUPLICATE" });
  expect(desk.counters.published).toBe(1);
});

function deskOf(codec: TopicCodec) {
  const { clock, desk } = setup(codec);
  const receive = (message: unknown, context: Partial<CheckContext> = {}) =>
    desk.receive(
      new TextEncoder().encode(JSON.stringify(message)),
      testContext(author, { clock, ...context }),
    );
  return { clock, desk, receive };
}

Deno.test("TopicDesk.receive() lets nobody say in advance what others would say of the same thing", async (t) => {
  const { peerId: liar } = await testIdentity();
  for (
    const [codec, lie] of [[miningOnCodec, { Miner: "liar" }], [rejectedTxCodec, { Reason: "lie" }]] as const
  ) {
    await t.step(codec.topic, () => {
      const { receive } = deskOf(codec);
      const [good, bad] = [goodMessages(author)[codec.topic], goodMessages(liar)[codec.topic]];
      expect(receive({ ...bad, ...lie }, { author: liar, source: liar }).result).toBe("accept");
      expect(receive(good).result).toBe("accept");
      expect(receive(good)).toMatchObject({ result: "ignore", code: "DUPLICATE" });
    });
  }
});

Deno.test("TopicDesk.receive() looks at so many messages of an author, before it parses them", async () => {
  const { clock, desk, receive } = deskOf(subtreeCodec);
  const subtree = (number: number) => ({
    ...goodMessages(author).subtree,
    Hash: number.toString(16).padStart(64, "0"),
  });
  for (let i = 0; i < 200; i++) expect(receive(subtree(i)).result).toBe("accept");
  expect(receive(subtree(200))).toMatchObject({ result: "ignore", code: "RATE_LIMITED" });
  expect(receive("no message")).toMatchObject({ result: "ignore", code: "RATE_LIMITED" });
  await clock.advance(50);
  expect(receive(subtree(200)).result).toBe("accept"); // what was not looked at is not remembered
  const verdicts = Array.from({ length: 300 }, (_, i) => receive(subtree(1_000 + i)));
  expect(verdicts.at(-1)).toMatchObject({ result: "reject", code: "FLOOD" });
  expect(desk.counters.total("accept")).toBe(201);
});

Deno.test("TopicDesk.receive() blames no node that speaks with each of 500 blocks", async (t) => {
  for (const codec of [nodeStatusCodec, miningOnCodec]) {
    await t.step(codec.topic, () => {
      const { desk, receive } = deskOf(codec);
      for (let i = 0; i < 500; i++) receive(goodMessages(author)[codec.topic]);
      expect(desk.counters.total("reject")).toBe(0);
    });
  }
});

Deno.test("TopicDesk.receive() takes an author's newest status, one in five seconds", async () => {
  const { clock, receive } = deskOf(nodeStatusCodec);
  const status = (uptime: number) => ({ ...goodMessages(author).node_status, uptime });
  expect(receive(status(100)).result).toBe("accept");
  expect(receive(status(101))).toMatchObject({ result: "ignore", code: "RATE_LIMITED" });
  await clock.advance(5_000);
  expect(receive(status(99))).toMatchObject({ result: "ignore", code: "STALE" });
  await clock.advance(5_000);
  expect(receive(status(110)).result).toBe("accept");
});

Deno.test("TopicDesk.announcersOf() tells who offers a block, the first first", async () => {
  const { desk, receive } = deskOf(blockCodec);
  const { peerId: second } = await testIdentity();
  const url = (number: number) => `https://hub${number}.example/`;
  const good = goodMessages(author).block;
  receive({ ...good, DataHubURL: url(1) });
  expect(receive({ ...good, PeerID: second, DataHubURL: url(2) }, { author: second, source: second }))
    .toMatchObject({ code: "DUPLICATE" });
  expect(desk.announcersOf(String(good["Hash"]))).toEqual([
    { peerId: author, baseUrl: url(1) },
    { peerId: second, baseUrl: url(2) },
  ]);
});

Deno.test("TopicDesk.receive() tells a peer that repeats itself from one whose words others repeat", () => {
  const { receive } = deskOf(blockCodec);
  const good = goodMessages(author).block;
  for (let i = 0; i < 51; i++) receive(good);
  expect(receive(good)).toMatchObject({ result: "reject", code: "SPAM" });
  expect(receive(good, { source: "relay" })).toMatchObject({ result: "ignore", code: "DUPLICATE" });
});

Deno.test("TopicDesk.receive() is not silenced by what came directly before", async () => {
  const { desk, context, receive } = setup();
  const { peerId: hostile } = await testIdentity();
  const direct = () =>
    desk.receiveParsed(blockBy(hostile), {
      size: 500,
      context: { ...context, author: hostile, source: hostile },
    });
  expect(direct().result).toBe("accept");
  expect(direct()).toMatchObject({ code: "DUPLICATE" });
  expect(receive(blockBy(author)).result).toBe("accept"); // and is forwarded
  expect(receive(blockBy(author))).toMatchObject({ code: "DUPLICATE" });
  expect(direct()).toMatchObject({ code: "DUPLICATE" });
  expect(desk.announcersOf(minedHeader(1).hash).map(({ peerId }) => peerId)).toEqual([hostile, author]);
});

Deno.test("TopicDesk.receive() does not let others use up what an author may say by repeating it", async (t) => {
  await t.step("old statuses", async () => {
    const { clock, receive } = deskOf(nodeStatusCodec);
    const status = (uptime: number) => ({ ...goodMessages(author).node_status, uptime });
    expect(receive(status(100)).result).toBe("accept");
    for (let uptime = 110; uptime < 160; uptime += 10) {
      await clock.advance(10_000);
      for (let i = 0; i < 5; i++) receive(status(i), { source: "hostile" });
      expect(receive(status(uptime), { source: "relay" }).result).toBe("accept");
    }
  });
  await t.step("old subtrees", () => {
    const { receive } = deskOf(subtreeCodec);
    const good = goodMessages(author).subtree;
    expect(receive(good).result).toBe("accept");
    for (let i = 0; i < 1_000; i++) receive(good, { source: "hostile" });
    expect(receive({ ...good, Hash: "1".repeat(64) }, { source: "relay" }).result).toBe("accept");
  });
});

Deno.test("TopicDesk.receive() counts no repeats of others against an author", () => {
  const { receive } = deskOf(blockCodec);
  const good = goodMessages(author).block;
  for (let i = 0; i < 200; i++) receive(good, { source: "hostile" });
  expect(receive(good)).toMatchObject({ result: "ignore", code: "DUPLICATE" });
});

Deno.test("TopicDesk.takeTurn() stops before others take the node's repeats for spam", async () => {
  const { clock, desk, context } = setup();
  const own = testOwn({ peerId: author });
  const { PeerID: _peer, ...block } = blockBy(author);
  const announce = (recipients: number) => {
    const draft = desk.draft(block, { own, form: "raw", context });
    desk.takeTurn(draft);
    desk.published(draft, recipients);
  };
  for (let i = 0; i < 100; i++) announce(0); // nobody hears it
  for (let i = 0; i < 40; i++) announce(1);
  expect(() => announce(1)).toThrow(expect.objectContaining({ code: "RATE_LIMITED" }));
  const { PeerID: _other, ...next } = blockBy(author, 2);
  desk.takeTurn(desk.draft(next, { own, form: "raw", context }));
  await clock.advance(30 * 60_000);
  announce(1);
});
