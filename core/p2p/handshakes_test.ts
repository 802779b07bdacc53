import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { silentLogger } from "./_fixture.ts";
import { BestBlockAsker } from "./best_block_asker.ts";
import { Handshakes } from "./handshakes.ts";
import { NodeStatusBeat } from "./node_status_beat.ts";

function setupHandshakes(options: { readonly listeners?: boolean } = {}) {
  const clock = new FakeClock();
  const sent: string[] = [];
  let hasListeners = options.listeners ?? false;
  const handshakes = new Handshakes({
    clock,
    logger: silentLogger,
    send: (peerId, type) => {
      sent.push(`${type} ${peerId}`);
      return peerId === "gone" ? Promise.reject(new Error("no such peer")) : Promise.resolve();
    },
    publish: () => Promise.resolve(sent.push("topic")),
    hasListeners: () => hasListeners,
  });
  return { clock, sent, handshakes, listen: () => hasListeners = true };
}

Deno.test("Handshakes greets a peer half a second after it is known, and once", async () => {
  const { clock, sent, handshakes } = setupHandshakes();
  handshakes.connected("a");
  handshakes.connected("a");
  await clock.advance(499);
  expect(sent).toEqual([]);
  await clock.advance(1);
  expect(sent).toEqual(["version a"]);
  handshakes.answered("a");
  await clock.advance(60_000);
  expect(sent).toEqual(["version a"]);
  expect(clock.pending).toBe(0);
});

Deno.test("Handshakes tells the topic when a peer does not answer, not more often than in ten seconds", async () => {
  const { clock, sent, handshakes } = setupHandshakes();
  handshakes.connected("a");
  handshakes.connected("gone");
  await clock.advance(2_500);
  expect(sent).toEqual(["version a", "version gone", "topic"]);
  handshakes.connected("c");
  await clock.advance(9_000);
  expect(sent.filter((what) => what === "topic")).toHaveLength(1);
  handshakes.connected("d");
  await clock.advance(2_500);
  expect(sent.filter((what) => what === "topic")).toHaveLength(2);
});

Deno.test("Handshakes answers, and forgets peers that leave", async () => {
  const { clock, sent, handshakes } = setupHandshakes();
  handshakes.greeted("a");
  handshakes.connected("b");
  handshakes.disconnected("b");
  await clock.advance(60_000);
  expect(sent).toEqual(["verack a"]);
});

Deno.test("Handshakes.start() greets the topic as soon as somebody hears it, or never", async (t) => {
  await t.step("heard", async () => {
    const { clock, sent, handshakes, listen } = setupHandshakes();
    handshakes.start();
    await clock.advance(2_000);
    expect(sent).toEqual([]);
    listen();
    await clock.advance(500);
    expect(sent).toEqual(["topic"]);
  });
  await t.step("not heard", async () => {
    const { clock, sent, handshakes, listen } = setupHandshakes();
    handshakes.start();
    await clock.advance(6_000);
    listen();
    await clock.advance(60_000);
    expect(sent).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

Deno.test("Handshakes stops with everything that it planned", async () => {
  const { clock, sent, handshakes, listen } = setupHandshakes();
  handshakes.start();
  handshakes.connected("a");
  handshakes[Symbol.dispose]();
  listen();
  handshakes.connected("b");
  handshakes.greeted("b");
  handshakes.start();
  await clock.advance(60_000);
  expect([sent, clock.pending]).toEqual([[], 0]);
});

Deno.test("NodeStatusBeat tells at once, every ten seconds and soon after a change", async () => {
  const clock = new FakeClock();
  const start = clock.monotonic();
  const told: number[] = [];
  const beat = new NodeStatusBeat({
    clock,
    logger: silentLogger,
    publish: () => {
      told.push((clock.monotonic() - start) / 1000);
      return told.length === 2 ? Promise.reject(new Error("closed")) : Promise.resolve();
    },
  });
  beat.start();
  expect(told).toEqual([0]);
  await clock.advance(2_000);
  for (let i = 0; i < 5; i++) beat.refresh(); // too soon for all others to look at it again
  await clock.advance(6_000);
  expect(told).toEqual([0, 6]);
  await clock.advance(12_000);
  expect(told).toEqual([0, 6, 20]); // the one at 10 had been told at 6
  await clock.advance(7_000);
  beat.refresh();
  await clock.advance(0);
  expect(told).toEqual([0, 6, 20, 27]);
  beat[Symbol.dispose]();
  beat.refresh();
  await clock.advance(60_000);
  expect([told.length, clock.pending]).toEqual([4, 0]);
});

Deno.test("BestBlockAsker asks every second, and waits longer while it is alone", async (t) => {
  const setup = (alone: boolean) => {
    const clock = new FakeClock();
    const asked: number[] = [];
    const start = clock.monotonic();
    const asker = new BestBlockAsker({
      clock,
      logger: silentLogger,
      ask: () => Promise.resolve(asked.push(clock.monotonic() - start)),
      hasPeers: () => !alone || clock.monotonic() - start >= 7_000,
    });
    asker.start();
    return { clock, asked, asker };
  };
  await t.step("until somebody answers", async () => {
    const { clock, asked, asker } = setup(false);
    await clock.advance(2_500);
    asker.answered();
    await clock.advance(60_000);
    expect([asked, clock.pending]).toEqual([[0, 1_000, 2_000], 0]);
  });
  await t.step("for half a minute", async () => {
    const { clock, asked } = setup(false);
    await clock.advance(120_000);
    expect([asked.length, clock.pending]).toEqual([30, 0]);
  });
  await t.step("looking for peers every five seconds", async () => {
    const { clock, asked } = setup(true);
    await clock.advance(12_000);
    expect(asked).toEqual([10_000, 11_000, 12_000]);
  });
});
