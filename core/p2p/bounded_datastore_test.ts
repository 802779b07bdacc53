import { expect } from "expect";
import { BoundedDatastore } from "./bounded_datastore.ts";

/** Only what the store asks of a key. */
const key = (text: string) => ({ toString: () => text }) as Parameters<BoundedDatastore["get"]>[0];
const bytes = (text: string) => new TextEncoder().encode(text);
const names = (store: BoundedDatastore, prefix: string) => [...store.queryKeys({ prefix })].map(String);

Deno.test("BoundedDatastore keeps, finds and forgets", async () => {
  const store = new BoundedDatastore({ pinned: "/peers/self" });
  store.put(key("/peers/a"), bytes("1"));
  store.put(key("/peers/a"), bytes("2"));
  expect(store.get(key("/peers/a"))).toEqual(bytes("2"));
  expect(store.has(key("/peers/b"))).toBe(false);
  expect(() => store.get(key("/peers/b"))).toThrow(expect.objectContaining({ name: "NotFoundError" }));
  store.delete(key("/peers/a"));
  store.delete(key("/peers/a"));
  expect(store.size).toBe(0);

  const pairs = ["/x/1", "/x/2"].map((text) => ({ key: key(text), value: bytes(text) }));
  expect((await Array.fromAsync(store.putMany(pairs))).map(String)).toEqual(["/x/1", "/x/2"]);
  expect(await Array.fromAsync(store.getMany(pairs.map((pair) => pair.key)))).toEqual(pairs);
  await Array.fromAsync(store.deleteMany([key("/x/1")]));
  const batch = store.batch();
  batch.put(key("/x/3"), bytes("3"));
  batch.delete(key("/x/2"));
  expect(names(store, "/x")).toEqual(["/x/2"]);
  await batch.commit();
  expect(names(store, "/x")).toEqual(["/x/3"]);
});

Deno.test("BoundedDatastore answers questions by prefix", async (t) => {
  const store = new BoundedDatastore({ pinned: "" });
  const all = [
    "/peers/a",
    "/peers/b",
    "/dht/provider/cid1/p1",
    "/dht/provider/cid1/p2",
    "/dht/provider/cid2/p1",
  ];
  for (const text of all) store.put(key(text), bytes(text));
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["/dht/provider/cid1", ["/dht/provider/cid1/p1", "/dht/provider/cid1/p2"]],
    ["/dht/provider/cid", []],
    ["/dht/provider/none", []],
    ["/dht/provider", all.slice(2)],
    ["/dht", all.slice(2)],
    ["/peers/", all.slice(0, 2)],
    ["/peers/a", ["/peers/a"]],
    ["/none", []],
    ["", all],
  ];
  for (const [prefix, expected] of rows) {
    await t.step(`"${prefix}"`, () => expect(names(store, prefix)).toEqual(expected));
  }
  await t.step("with filters, order, offset and limit", () => {
    const found = store.query({
      prefix: "/peers/",
      filters: [({ value }) => new TextDecoder().decode(value) !== "x"],
      orders: [(a, b) => a.key.toString() < b.key.toString() ? 1 : -1],
      offset: 1,
      limit: 1,
    });
    expect([...found].map((pair) => pair.key.toString())).toEqual(["/peers/a"]);
  });
});

Deno.test("BoundedDatastore is bounded: what was used longest ago goes, the node's own entry never", () => {
  const store = new BoundedDatastore({ pinned: "/peers/self" });
  store.put(key("/peers/self"), bytes("self"));
  store.put(key("/peers/busy"), bytes("busy"));
  for (let i = 0; i < 30_000; i++) {
    store.put(key(`/peers/${i}`), bytes("x"));
    if (i % 1000 === 0) store.get(key("/peers/busy"));
  }
  expect(store.size).toBe(20_000);
  expect(store.has(key("/peers/self"))).toBe(true);
  expect(store.has(key("/peers/busy"))).toBe(true);
  expect(store.has(key("/peers/0"))).toBe(false);
  for (let i = 0; i < 1000; i++) store.put(key(`/dht/provider/popular/${i}`), bytes("x"));
  expect(names(store, "/dht/provider/popular")).toHaveLength(256);
  expect(store.has(key("/dht/provider/popular/999"))).toBe(true);
  for (let i = 0; i < 20_000; i++) store.put(key(`/dht/provider/${i}/p`), bytes("x"));
  for (let i = 0; i < 5_000; i++) store.put(key(`/dht/record/${i}`), bytes("x"));
  expect(store.size).toBe(31_000);
});
