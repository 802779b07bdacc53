import { expect } from "expect";
import { FakeClock } from "../../base/mod.ts";
import { decodeMessage, type WireMessage } from "../../bitcoin/mod.ts";
import { mineHeaders, tipOf } from "../../../tests/support/mining.ts";
import { genesisOf, silentLogger, testChain } from "../_fixture.ts";
import type { AcceptResult } from "../types.ts";
import { recordingDesk, settled } from "./_fixture.ts";
import { HeaderSync } from "./header_sync.ts";
import type { TalkChain } from "./header_talk.ts";
import type { PeerHandle } from "./peer_types.ts";
import { Traffic } from "./traffic.ts";

const BATCH = 2_000 * 80;

/** A peer that keeps what it is sent. */
function keptPeer(claimedHeight: number) {
  const sent: WireMessage[] = [];
  const dropped: string[] = [];
  const peer: PeerHandle = {
    source: "bitcoin-p2p a:1",
    services: 9n,
    claimedHeight,
    received: 0,
    send: (command, payload) => {
      sent.push(decodeMessage({ command, payload: new Uint8Array(payload ?? []) }));
    },
    drop: (reason) => void dropped.push(reason),
  };
  return { peer, sent, dropped };
}

Deno.test("header sync asks for the next batch while the last ones are judged, up to eight", async () => {
  const clock = new FakeClock();
  await using t = await testChain();
  const { headers } = mineHeaders(tipOf(genesisOf("regtest")), 24_000);
  const gates: PromiseWithResolvers<void>[] = [];
  const accepted: number[] = [];
  const chain: TalkChain = {
    locator: () => t.chain.locator(),
    presync: (hash) => t.chain.presync(hash),
    tip: () => t.chain.tip(),
    header: (hash) => t.chain.header(hash),
    async accept(batch): Promise<AcceptResult> {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      accepted.push(batch.length / 80);
      return await t.chain.accept(batch);
    },
  };
  const { peer, sent, dropped } = keptPeer(24_000);
  const told = recordingDesk();
  const from: number[] = [];
  const sync = new HeaderSync({
    chain,
    desk: {
      ...told.desk,
      syncing(source, height) {
        from.push(t.chain.tip().height); // where it begins, although much has come already
        return told.desk.syncing(source, height);
      },
    },
    clock,
    logger: silentLogger,
    traffic: new Traffic(),
  });
  sync.start();
  sync.add(peer);
  let served = 0;
  while (served < sent.length) { // a peer that answers at once; the chain has not judged a single header
    sync.headers(peer, headers.slice(served * BATCH, ++served * BATCH));
  }
  expect([served, accepted.length]).toEqual([9, 0]); // one is judged, eight wait
  expect(sync.isSyncing(peer)).toBe(true);
  for (let done = 0; done < 12; done++) {
    gates[done]?.resolve();
    await settled(5);
    while (served < sent.length) sync.headers(peer, headers.slice(served * BATCH, ++served * BATCH));
    await settled(5);
  }
  expect(accepted).toEqual(Array(12).fill(2_000));
  expect(t.chain.tip().height).toBe(24_000);
  expect(dropped).toEqual([]);
  expect(from).toEqual([0]);
  sync.headers(peer, new Uint8Array(0));
  await settled();
  expect(told.syncs).toEqual(["begin bitcoin-p2p a:1 24000", "end bitcoin-p2p a:1"]);
  await sync.stop();
  expect(clock.pending).toBe(0);
});

Deno.test("header sync tries again soon when the chain cannot take headers", async () => {
  const clock = new FakeClock();
  await using t = await testChain();
  const { headers } = mineHeaders(tipOf(genesisOf("regtest")), 10);
  let broken = true;
  const warnings: string[] = [];
  const chain: TalkChain = {
    locator: () => t.chain.locator(),
    presync: (hash) => t.chain.presync(hash),
    tip: () => t.chain.tip(),
    header: (hash) => t.chain.header(hash),
    accept: (batch) => broken ? Promise.reject(new Error("disk full")) : t.chain.accept(batch),
  };
  const { peer, sent, dropped } = keptPeer(10);
  const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
  const sync = new HeaderSync({ chain, desk: recordingDesk().desk, clock, logger, traffic: new Traffic() });
  sync.start();
  sync.add(peer);
  sync.headers(peer, headers.slice());
  await settled();
  expect(warnings).toEqual(["headers of a Bitcoin node were not taken"]);
  expect(dropped).toEqual([]);
  broken = false;
  await clock.advance(61_000);
  expect(sent.length).toBe(2);
  sync.headers(peer, headers.slice());
  await settled();
  expect(t.chain.tip().height).toBe(10);
  await sync.stop();
});

Deno.test("header sync asks anew when it failed while an answer was on its way that counts no more", async () => {
  const clock = new FakeClock();
  await using t = await testChain();
  const root = tipOf(genesisOf("regtest"));
  await t.chain.accept(mineHeaders(root, 2_300).headers, { lowWork: "store" });
  const { headers, tip } = mineHeaders(root, 6_000, { tag: 1 });
  let broken = false;
  const chain: TalkChain = {
    locator: () => t.chain.locator(),
    presync: (hash) => t.chain.presync(hash),
    tip: () => t.chain.tip(),
    header: (hash) => t.chain.header(hash),
    accept: (...given) => broken ? Promise.reject(new Error("disk full")) : t.chain.accept(...given),
  };
  const { peer, sent, dropped } = keptPeer(6_000);
  const desk = recordingDesk().desk;
  const sync = new HeaderSync({ chain, desk, clock, logger: silentLogger, traffic: new Traffic() });
  sync.start();
  sync.add(peer);
  for (const batch of [0, 1]) { // too little work, then enough: what was asked for behind it belongs to the first pass
    sync.headers(peer, headers.slice(batch * BATCH, (batch + 1) * BATCH));
    await settled();
  }
  expect(sent.length).toBe(3);
  broken = true;
  sync.headers(peer, mineHeaders(tip, 1).headers); // said without being asked
  await settled();
  broken = false;
  await clock.advance(31_000);
  sync.headers(peer, headers.slice(2 * BATCH));
  await settled();
  expect(sent.length).toBe(4);
  for (let batch = 0; batch < 6; batch++) {
    sync.headers(peer, headers.slice((batch % 3) * BATCH, (batch % 3 + 1) * BATCH));
    await settled();
  }
  expect([t.chain.tip().height, dropped]).toEqual([6_000, []]);
  await sync.stop();
});
