import { expect } from "expect";
import { FakeClock, type PeerIdText, seededRandom } from "../base/mod.ts";
import { DialBackoff, MAX_REMEMBERED } from "./discovery_backoff.ts";

const id = (name: string) => name as PeerIdText; // only a key
const peer = (name: string) => ({ peerId: id(name), addresses: [] });

function setup() {
  const clock = new FakeClock();
  return { clock, backoff: new DialBackoff({ clock, random: seededRandom(5) }) };
}

Deno.test("DialBackoff doubles the wait with jitter up to half an hour", () => {
  const { clock, backoff } = setup();
  const waits = Array.from({ length: 14 }, () => {
    backoff.failed(peer("a"), "other");
    return (backoff.get(id("a"))?.notBefore ?? 0) - clock.monotonic();
  });
  waits.forEach((wait, index) => {
    const expected = Math.min(1_800_000, 10_000 * 2 ** index);
    expect(wait).toBeGreaterThanOrEqual(expected * 0.75);
    expect(wait).toBeLessThanOrEqual(expected * 1.25);
  });
  expect(new Set(waits).size).toBe(waits.length);
});

Deno.test("DialBackoff has a node that is alone wait for a minute at most", () => {
  const { clock, backoff } = setup();
  for (let i = 0; i < 14; i++) {
    backoff.failed(peer("a"), "other");
    const wait = (alone: boolean) => (backoff.get(id("a"), { alone })?.notBefore ?? 0) - clock.monotonic();
    expect(wait(true)).toBe(Math.min(wait(false), 60_000));
  }
  expect(backoff.get(id("b"), { alone: true })).toBeUndefined();
});

Deno.test("DialBackoff forgets on success and after hours", async () => {
  const { clock, backoff } = setup();
  backoff.failed(peer("a"), "identity_mismatch");
  backoff.succeeded(id("a"));
  expect(backoff.get(id("a"))).toBeUndefined();
  backoff.failed(peer("a"), "identity_mismatch");
  await clock.advance(6 * 3_600_000 - 1);
  expect(backoff.get(id("a"))?.kind).toBe("identity_mismatch");
  await clock.advance(1);
  expect(backoff.get(id("a"))).toBeUndefined();
  expect(backoff.size).toBe(0);
});

Deno.test("DialBackoff does not mind a wall clock that jumps", () => {
  const { clock, backoff } = setup();
  backoff.failed(peer("a"), "other");
  const before = backoff.get(id("a"))?.notBefore;
  clock.jump(-86_400_000);
  expect(backoff.get(id("a"))?.notBefore).toBe(before);
  clock.jump(10 * 86_400_000);
  expect(backoff.get(id("a"))?.notBefore).toBe(before);
});

Deno.test("DialBackoff is bounded, the oldest failure goes first", () => {
  const { backoff } = setup();
  for (let i = 0; i < MAX_REMEMBERED; i++) backoff.failed(peer(`p${i}`), "other");
  backoff.failed(peer("p0"), "other"); // the youngest now
  backoff.failed(peer("one more"), "other");
  expect(backoff.size).toBe(MAX_REMEMBERED);
  expect(backoff.get(id("p0"))?.count).toBe(2);
  expect(backoff.get(id("p1"))).toBeUndefined();
});
