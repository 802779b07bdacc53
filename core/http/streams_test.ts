import { expect } from "expect";
import { ClientSlots } from "./client_slots.ts";
import { Outbox } from "./outbox.ts";
import { fakeService, from } from "./test_fakes.ts";

const decoder = new TextDecoder();

async function nextText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { done, value } = await reader.read();
  return done ? "<end>" : decoder.decode(value);
}

function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  if (response.body === null) throw new Error("no body");
  return response.body.getReader();
}

Deno.test("events() streams what was asked for", async () => {
  const { app, events } = fakeService();
  const response = await app.request("/api/v1/events?types=NewBlock");
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = readerOf(response);
  expect(await nextText(reader)).toBe("retry: 2000\n\n");
  events.publish("ModuleLoaded", { module_id: "hello_1", module_name: "hello", version: "1.0.0" });
  events.publish("NewBlock", { block_hash: "ab".repeat(32), height: 1 });
  const text = await nextText(reader);
  expect(text).toMatch(/^id: 2\nevent: NewBlock\ndata: \{.*\}\n\n$/);
  expect(JSON.parse(text.slice(text.indexOf("{")))).toMatchObject({
    id: 2,
    type: "NewBlock",
    payload: { height: 1 },
  });
  expect(events.listening()).toBe(1);
  await reader.cancel();
  expect(events.listening()).toBe(0);
});

Deno.test("events() resumes after Last-Event-ID", async () => {
  const { app, events } = fakeService();
  for (let height = 1; height <= 3; height++) events.publish("NewBlock", { block_hash: "ab", height });
  const reader = readerOf(await app.request("/api/v1/events", { headers: { "last-event-id": "1" } }));
  events.publish("NewBlock", { block_hash: "ab", height: 4 });
  const text = await nextText(reader);
  expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id)).toEqual(["2", "3", "4"]);
  await reader.cancel();
  const bad = await app.request("/api/v1/events", { headers: { "last-event-id": "x" } });
  expect(bad.status).toBe(400);
});

Deno.test("events() sends a comment every 15 s", async () => {
  const { app, clock } = fakeService();
  const reader = readerOf(await app.request("/api/v1/events"));
  await nextText(reader);
  await clock.advance(15_000);
  expect(await nextText(reader)).toBe(":\n\n");
  await reader.cancel();
});

Deno.test("events() ends a stream whose client does not read, and only that", async () => {
  const { app, events, metrics } = fakeService({ maxClientBytes: 2000 });
  const slow = readerOf(await app.request("/api/v1/events"));
  const quick = readerOf(await app.request("/api/v1/events"));
  await nextText(quick);
  for (let height = 0; height < 50; height++) {
    events.publish("NewBlock", { block_hash: "ab".repeat(32), height });
    expect(await nextText(quick)).toContain("NewBlock");
  }
  expect(await nextText(slow)).toBe("<end>");
  expect(metrics.counted.get("commons_http_sse_evicted_total")).toBe(1);
  await quick.cancel();
});

Deno.test("events() replays what fits, then ends so that the client resumes", async () => {
  const { app, events } = fakeService({ maxClientBytes: 600 });
  for (let height = 1; height <= 20; height++) {
    events.publish("NewBlock", { block_hash: "ab".repeat(32), height });
  }
  const reader = readerOf(await app.request("/api/v1/events", { headers: { "last-event-id": "0" } }));
  expect(await nextText(reader)).toContain("id: 1\n");
  expect(await nextText(reader)).toBe("<end>");
});

Deno.test("events() refuses 10,000 clients beyond the cap", async () => {
  const { app, metrics } = fakeService({ maxSseClients: 3 });
  const open: Response[] = [];
  let refused = 0;
  for (let i = 0; i < 10_000; i++) {
    const response = await app.request("/api/v1/events");
    if (response.status === 200) open.push(response);
    else {
      refused++;
      if (i === 9999) expect(await response.json()).toMatchObject({ status: 503, code: "TOO_MANY_CLIENTS" });
      else await response.body?.cancel();
    }
  }
  expect([open.length, refused]).toEqual([3, 9997]);
  expect(metrics.gauge("commons_http_sse_clients")).toBe(3);
  for (const response of open) await response.body?.cancel();
  const again = await app.request("/api/v1/events");
  expect(again.status).toBe(200);
  await again.body?.cancel();
});

Deno.test("events() gives one source a quarter of the streams", async () => {
  const { app } = fakeService({ maxSseClients: 40, publicRead: true, rateLimitPerMinute: 0 });
  const statuses = new Map<number, number>();
  for (let i = 0; i < 15; i++) {
    const { status } = await app.request("/api/v1/events", {}, from("203.0.113.7"));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect([...statuses]).toEqual([[200, 10], [503, 5]]);
});

Deno.test("events() counts a client until its connection is gone", async () => {
  const { app, metrics } = fakeService();
  const gone = Promise.withResolvers<void>();
  const response = await app.request("/api/v1/events", {}, { ...from("127.0.0.1"), completed: gone.promise });
  await response.body?.cancel();
  expect(metrics.gauge("commons_http_sse_clients")).toBe(1);
  gone.reject(new Error("reset"));
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  expect(metrics.gauge("commons_http_sse_clients")).toBe(0);
});

Deno.test("stop() ends event streams", async () => {
  const { app, service } = fakeService();
  const reader = readerOf(await app.request("/api/v1/events"));
  await nextText(reader);
  const end = nextText(reader);
  await service.stop();
  expect(await end).toBe("<end>");
});

Deno.test("Outbox() drops droppable items first and the oldest of them", () => {
  const outbox = new Outbox<string>(10);
  const push = (data: string, droppable: boolean) => outbox.push({ data, bytes: 3, droppable });
  expect([push("a", true), push("b", false), push("c", true)]).toEqual([true, true, true]);
  expect(push("d", false)).toBe(true); // a went
  expect(push("e", false)).toBe(true); // c went
  expect(push("f", true)).toBe(true); // f itself went
  expect(push("g", false)).toBe(false);
  expect(outbox.dropped).toBe(3);
  expect([outbox.shift(), outbox.shift(), outbox.shift(), outbox.shift()]).toEqual([
    "b",
    "d",
    "e",
    undefined,
  ]);
  expect(outbox.bytes).toBe(0);
});

Deno.test("Outbox() keeps the last item of each key, at the end", () => {
  const dropped: string[] = [];
  const outbox = new Outbox<string>(9, { onDrop: (data) => dropped.push(data) });
  const push = (data: string, key?: string) =>
    outbox.push({ data, bytes: 3, droppable: key !== undefined, key });
  expect([push("a1", "a"), push("block"), push("a2", "a"), push("b1", "b")]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([outbox.length, outbox.bytes, dropped]).toEqual([3, 9, ["a1"]]);
  expect(push("more")).toBe(true); // a2 is the oldest that may go
  expect(dropped).toEqual(["a1", "a2"]);
  expect([outbox.shift(), outbox.shift(), outbox.shift(), outbox.shift()]).toEqual([
    "block",
    "b1",
    "more",
    undefined,
  ]);
  expect([outbox.length, outbox.bytes, outbox.dropped]).toEqual([0, 0, 2]);
  expect(push("a3", "a")).toBe(true); // after its like was sent, nothing is superseded
  outbox.clear();
  expect([outbox.length, outbox.bytes]).toEqual([0, 0]);
});

Deno.test("Outbox() survives that one item is replaced all the time", () => {
  const outbox = new Outbox<number>(1_000);
  for (let i = 0; i < 100_000; i++) outbox.push({ data: i, bytes: 1, droppable: true, key: "status" });
  expect([outbox.length, outbox.bytes, outbox.shift(), outbox.shift()]).toEqual([1, 1, 99_999, undefined]);
});

Deno.test("ClientSlots() gives back what is disposed, once", () => {
  const slots = new ClientSlots(5);
  const near = { source: "127.0.0.1", remote: "", loopback: true };
  const far = { source: "203.0.113.7", remote: "203.0.113.7", loopback: false };
  const taken = [1, 2, 3, 4].map(() => slots.take(far));
  expect(slots.take(far)).toBe(undefined);
  const last = slots.take(near);
  expect(slots.take(near)).toBe(undefined);
  last?.[Symbol.dispose]();
  last?.[Symbol.dispose]();
  expect(slots.taken).toBe(4);
  for (const slot of taken) slot?.[Symbol.dispose]();
  expect(slots.taken).toBe(0);
});

Deno.test("ClientSlots() lets who was given up stand in nobody's way but its own", () => {
  const slots = new ClientSlots(4);
  const bad = { source: "203.0.113.7", remote: "203.0.113.7", loopback: false };
  const near = { source: "127.0.0.1", remote: "", loopback: true };
  const given = [1, 2, 3, 4].map(() => slots.take(bad));
  expect([slots.take(near), slots.take(bad)]).toEqual([undefined, undefined]);
  for (const slot of given) {
    slot?.linger();
    slot?.linger();
  }
  expect([slots.take(bad), slots.taken]).toEqual([undefined, 4]); // its own share is used up
  const others = [1, 2, 3, 4].map(() => slots.take(near));
  expect([others.includes(undefined), slots.take(near), slots.taken]).toEqual([false, undefined, 8]);
  for (const slot of others.slice(0, 2)) slot?.linger(); // two more than may stand about: these count
  expect([slots.take(near), slots.taken]).toEqual([undefined, 8]);
  given[0]?.[Symbol.dispose]();
  given[0]?.linger();
  expect(slots.take(near)).not.toBe(undefined);
  for (const slot of [...given, ...others]) slot?.[Symbol.dispose]();
  expect(slots.taken).toBe(1);
});

Deno.test("ClientSlots() gives a source its share", () => {
  const slots = new ClientSlots(100, { share: 20 });
  const far = { source: "203.0.113.7", remote: "203.0.113.7", loopback: false };
  const taken = Array.from({ length: 6 }, () => slots.take(far) !== undefined);
  expect(taken).toEqual([true, true, true, true, true, false]);
});
