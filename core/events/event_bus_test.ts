import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { createLogger, createMetrics } from "../telemetry/mod.ts";
import type { NodeEvent } from "./bus.ts";
import { createEventBus } from "./event_bus.ts";

const HASH = "00".repeat(32);

function setUp() {
  const lines: string[] = [];
  const clock = new FakeClock(1_000);
  const logger = createLogger({ level: "debug", format: "json", write: (line) => lines.push(line), clock });
  const metrics = createMetrics();
  return { bus: createEventBus({ clock, logger, metrics }), clock, metrics, lines };
}

Deno.test("publish() reaches those who want the type, with growing ids", async () => {
  const { bus, clock } = setUp();
  const all: NodeEvent[] = [];
  const blocks: NodeEvent[] = [];
  const none: NodeEvent[] = [];
  bus.listen({ name: "all" }, (event) => void all.push(event));
  bus.listen({ name: "blocks", types: ["NewBlock", "NewBlock"] }, (event) => void blocks.push(event));
  bus.listen({ name: "none", types: [] }, (event) => void none.push(event));
  bus.publish("NewBlock", { block_hash: HASH, height: 1 });
  await clock.advance(5);
  bus.publish("PeerUnbanned", { peer_addr: "p" });
  expect(all.map(({ id, type, time }) => [id, type, time])).toEqual([
    [1, "NewBlock", 1_000],
    [2, "PeerUnbanned", 1_005],
  ]);
  expect(blocks.length).toBe(1);
  expect(none.length).toBe(0);
});

Deno.test("json is the event as text, made once", () => {
  const { bus } = setUp();
  let made = 0;
  const payload = { block_hash: HASH, height: 1, toJSON: () => (made++, { block_hash: HASH, height: 1 }) };
  const texts: string[] = [];
  bus.listen({ name: "a" }, (event) => void texts.push(event.json));
  bus.listen({ name: "b" }, (event) => void texts.push(event.json));
  bus.publish("NewBlock", payload);
  expect(made).toBe(1);
  expect(texts[0]).toBe(texts[1]);
  expect(JSON.parse(texts[0] ?? "")).toEqual({
    id: 1,
    type: "NewBlock",
    time: 1_000,
    payload: { block_hash: HASH, height: 1 },
  });
});

Deno.test("a listener that throws is logged and counted, and disturbs nobody", async () => {
  const { bus, metrics, lines } = setUp();
  let heard = 0;
  bus.listen({ name: "bad" }, () => {
    throw new Error("listener broke");
  });
  bus.listen({ name: "good" }, () => void heard++);
  bus.publish("PeerUnbanned", { peer_addr: "p" });
  bus.publish("PeerUnbanned", { peer_addr: "p" });
  expect(heard).toBe(2);
  expect(bus.stats()).toEqual([
    { name: "bad", delivered: 0, dropped: 2 },
    { name: "good", delivered: 2, dropped: 0 },
  ]);
  expect(lines[0]).toContain("listener broke");
  const text = await metrics.text();
  expect(text).toContain('commons_event_listener_failures_total{subscriber="bad"} 2');
  expect(text).toContain('commons_events_published_total{type="PeerUnbanned"} 2');
});

Deno.test("a listener that publishes does not let its event overtake", () => {
  const { bus } = setUp();
  const seen: number[] = [];
  bus.listen({ name: "chain", types: ["NewBlock"] }, () => bus.publish("PeerUnbanned", { peer_addr: "p" }));
  bus.listen({ name: "late" }, ({ id }) => void seen.push(id));
  bus.publish("NewBlock", { block_hash: HASH, height: 1 });
  bus.publish("NewBlock", { block_hash: HASH, height: 2 });
  expect(seen).toEqual([1, 2, 3, 4]);
});

Deno.test("listeners that publish in a loop are cut off", () => {
  const { bus, lines } = setUp();
  let heard = 0;
  bus.listen({ name: "echo" }, () => {
    heard++;
    bus.publish("PeerUnbanned", { peer_addr: "p" });
  });
  bus.publish("PeerUnbanned", { peer_addr: "p" });
  expect(heard).toBe(10_001);
  expect(lines.at(-1)).toContain("publish in a loop");
});

Deno.test("disposing ends listening at once, also in the middle of a delivery", () => {
  const { bus } = setUp();
  const seen: string[] = [];
  bus.listen({ name: "a" }, () => {
    seen.push("a");
    b[Symbol.dispose]();
    b[Symbol.dispose]();
  });
  const b = bus.listen({ name: "b" }, () => void seen.push("b"));
  bus.listen({ name: "c" }, () => void seen.push("c"));
  bus.publish("PeerUnbanned", { peer_addr: "p" });
  expect(seen).toEqual(["a", "c"]);
  expect(bus.stats().map(({ name }) => name)).toEqual(["a", "c"]);
});

Deno.test("publish() refuses a type that is not in the catalogue", () => {
  const { bus } = setUp();
  // @ts-expect-error -- what an untyped caller could do
  expect(() => bus.publish("Nonsense", {})).toThrow(expect.objectContaining({ code: "UNKNOWN_EVENT_TYPE" }));
});

Deno.test("subscribe() queues up to its capacity, drops the newest and counts", async () => {
  const { bus, metrics } = setUp();
  using subscription = bus.subscribe({ name: "slow", capacity: 2 });
  for (let height = 1; height <= 5; height++) bus.publish("NewBlock", { block_hash: HASH, height });
  expect([subscription.pending, subscription.dropped, subscription.delivered]).toEqual([2, 3, 0]);
  const reader = subscription[Symbol.asyncIterator]();
  expect([(await reader.next()).value?.id, (await reader.next()).value?.id]).toEqual([1, 2]);
  expect(bus.stats()).toEqual([{ name: "slow", delivered: 2, dropped: 3 }]);
  expect(await metrics.text()).toContain('commons_events_dropped_total{subscriber="slow"} 3');
});

Deno.test("subscribe() hands over events that come later, and ends on dispose", async () => {
  const { bus } = setUp();
  const subscription = bus.subscribe({ name: "s", types: ["NewBlock"] });
  const ids: number[] = [];
  const reading = (async () => {
    for await (const event of subscription) ids.push(event.id);
  })();
  bus.publish("NewBlock", { block_hash: HASH, height: 1 });
  bus.publish("PeerUnbanned", { peer_addr: "p" });
  await Promise.resolve();
  bus.publish("NewBlock", { block_hash: HASH, height: 2 });
  while (ids.length < 2) await Promise.resolve();
  subscription[Symbol.dispose]();
  subscription[Symbol.dispose]();
  await reading;
  expect(ids).toEqual([1, 3]);
  bus.publish("NewBlock", { block_hash: HASH, height: 3 });
  expect(subscription.pending).toBe(0);
  expect(bus.stats()).toEqual([]);
  for await (const _ of subscription) throw new Error("must have ended");
});

Deno.test("subscribe() refuses a second reader while one waits", async () => {
  const { bus } = setUp();
  using subscription = bus.subscribe({ name: "s" });
  const waiting = subscription[Symbol.asyncIterator]().next();
  await expect(subscription[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: "SUBSCRIPTION_BUSY",
  });
  bus.publish("PeerUnbanned", { peer_addr: "p" });
  expect((await waiting).value?.id).toBe(1);
});

Deno.test("since() gives the last thousand events after an id, by type when asked", async (t) => {
  const { bus } = setUp();
  expect(bus.since(0)).toEqual([]);
  for (let height = 1; height <= 1_500; height++) {
    if (height % 2 === 0) bus.publish("NewBlock", { block_hash: HASH, height });
    else bus.publish("PeerUnbanned", { peer_addr: "p" });
  }
  const ids = (id: number, types?: ["NewBlock"]) => bus.since(id, types).map((event) => event.id);
  const rows: [string, number[], number, number | undefined, number | undefined][] = [
    ["from before the ring", ids(0), 1_000, 501, 1_500],
    ["negative", ids(-7), 1_000, 501, 1_500],
    ["inside the ring", ids(1_490), 10, 1_491, 1_500],
    ["the last", ids(1_500), 0, undefined, undefined],
    ["beyond the last", ids(9_999), 0, undefined, undefined],
    ["not a number", ids(NaN), 1_000, 501, 1_500],
    ["by type", ids(1_000, ["NewBlock"]), 250, 1_002, 1_500],
  ];
  for (const [name, found, count, first, last] of rows) {
    await t.step(name, () => {
      expect([found.length, found[0], found.at(-1)]).toEqual([count, first, last]);
    });
  }
});
