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
