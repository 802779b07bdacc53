import { expect } from "expect";
import { Announcers, MAX_ANNOUNCERS, SPAM_REPEATS } from "./announcers.ts";

const offer = (peer: number, baseUrl = `http://hub${peer}.example`) => ({ peerId: `peer ${peer}`, baseUrl });

Deno.test("Announcers keeps the first offers of a hash, one for each peer", () => {
  const announcers = new Announcers();
  expect(announcers.of("h")).toEqual([]);
  announcers.first("h", offer(0));
  for (let peer = 0; peer < 20; peer++) announcers.repeated("h", offer(peer));
  announcers.repeated("h", offer(1, "http://other.example"));
  expect(announcers.of("h")).toEqual(Array.from({ length: MAX_ANNOUNCERS }, (_, peer) => offer(peer)));
});

Deno.test("Announcers notes an offer of what was forgotten or published by the node itself", () => {
  const announcers = new Announcers();
  expect(announcers.repeated("h", offer(1))).toBe(false);
  expect(announcers.of("h")).toEqual([offer(1)]);
});

Deno.test("Announcers tells who repeats itself without end", () => {
  const announcers = new Announcers();
  announcers.first("h", offer(0));
  const answers = Array.from({ length: SPAM_REPEATS + 1 }, () => announcers.repeated("h", offer(0)));
  expect(answers.indexOf(true)).toBe(SPAM_REPEATS - 1);
  expect(announcers.repeated("h", offer(1))).toBe(false);
});

Deno.test("Announcers is bounded: what nobody asked about for longest goes first", () => {
  const announcers = new Announcers();
  announcers.first("asked about", offer(0));
  for (let hash = 0; hash < 30_000; hash++) {
    announcers.first(`hash ${hash}`, offer(1));
    if (hash % 1_000 === 0) expect(announcers.of("asked about")).toEqual([offer(0)]);
  }
  const kept = Array.from({ length: 30_000 }, (_, hash) => announcers.of(`hash ${hash}`).length)
    .map((length, hash) => length > 0 ? hash : -1).filter((hash) => hash >= 0);
  expect(kept.length).toBeLessThanOrEqual(10_000);
  expect(kept.at(-1)).toBe(29_999);
  expect(announcers.of("hash 0")).toEqual([]);
});

Deno.test("Announcers keeps fewer hashes when their URLs are long", () => {
  const announcers = new Announcers();
  const long = (peer: number) => offer(peer, `http://hub.example/${"x".repeat(2_000)}`);
  for (let hash = 0; hash < 5_000; hash++) {
    for (let peer = 0; peer < MAX_ANNOUNCERS; peer++) announcers.repeated(`hash ${hash}`, long(peer));
  }
  expect(announcers.of("hash 4999")).toHaveLength(MAX_ANNOUNCERS);
  const kept = Array.from({ length: 5_000 }, (_, hash) => announcers.of(`hash ${hash}`).length > 0);
  expect(kept.filter(Boolean).length).toBeLessThan(600);
});
