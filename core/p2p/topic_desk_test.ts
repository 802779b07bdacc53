import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { minedHeader, silentLogger, testIdentity } from "./_fixture.ts";
import { testContext, testOwn } from "./_message_fixture.ts";
import { blockCodec } from "./block_codec.ts";
import type { TopicCodec } from "./codec.ts";
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
  desk.published(draft);
  expect(receive(blockBy(author))).toMatchObject({ code: "DUPLICATE" });
  expect(desk.counters.published).toBe(1);
});
