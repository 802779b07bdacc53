import { identify } from "@libp2p/identify";
import { kadDHT } from "@libp2p/kad-dht";
import { ping } from "@libp2p/ping";
import { expect } from "expect";
import { createLibp2p } from "libp2p";
import { FakeClock } from "../base/mod.ts";
import { DhtAnswers } from "./discovery_answers.ts";

function setup() {
  const clock = new FakeClock();
  const answered: string[] = [];
  const rpc = {
    name: "the library's",
    handleMessage(peer: unknown, message: unknown) {
      answered.push(String(peer));
      return Promise.resolve(`${this.name} ${message}`);
    },
  };
  const answers = new DhtAnswers({ clock });
  expect(answers.watch({ rpc })).toBe(true);
  const ask = (peer: string, count: number) => {
    const results = Array.from({ length: count }, () => rpc.handleMessage(peer, "answer"));
    for (const result of results) result.catch(() => {}); // looked at by who asks for it
    return results;
  };
  return { clock, answers, answered, ask };
}

Deno.test("DhtAnswers hands on what comes at a peer's rate, and lets the rest wait", async () => {
  const { clock, answered, ask } = setup();
  const [first] = ask("a", 100);
  expect(await first).toBe("the library's answer");
  await clock.advance(0);
  expect(answered.length).toBe(64);
  ask("b", 10); // another one does not wait for it
  await clock.advance(0);
  expect(answered.length).toBe(74);
  await clock.advance(1_000);
  expect(answered.filter((peer) => peer === "a").length).toBe(84);
  await clock.advance(1_000);
  expect(answered.length).toBe(110);
  expect(clock.pending).toBe(0);
});

Deno.test("DhtAnswers bounds what waits in all, and refuses more", async () => {
  const { clock, answered, ask } = setup();
  const results = Array.from({ length: 20 }, (_, i) => ask(`peer ${i}`, 60)).flat();
  await clock.advance(0);
  expect(answered.length).toBe(256);
  await expect(results[1_199]).rejects.toMatchObject({ code: "RATE_LIMITED" });
  await clock.advance(3_000);
  expect(answered.length).toBe(512); // those that were there when it was full
  expect(clock.pending).toBe(0);
  ask("peer 30", 1);
  await clock.advance(0);
  expect(answered.at(-1)).toBe("peer 30");
});

Deno.test("DhtAnswers.stop() ends what waits", async () => {
  const { clock, answers, ask } = setup();
  const results = ask("a", 65);
  await clock.advance(0);
  answers.stop();
  await expect(results[64]).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(clock.pending).toBe(0);
});

Deno.test("DhtAnswers.watch() leaves alone what it does not know", () => {
  const answers = new DhtAnswers({ clock: new FakeClock() });
  for (const dht of [{}, { rpc: 1 }, { rpc: null }, { rpc: {} }, { rpc: { handleMessage: 1 } }]) {
    expect(answers.watch(dht)).toBe(false);
  }
});

Deno.test("DhtAnswers.watch() knows the library's DHT", async () => {
  const services = { identify: identify(), ping: ping(), dht: kadDHT({ protocol: "/test/kad/1.0.0" }) };
  const host = await createLibp2p({ start: false, services });
  expect(new DhtAnswers({ clock: new FakeClock() }).watch(host.services.dht)).toBe(true);
});
