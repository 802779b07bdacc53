import { expect } from "expect";
import { afterTurn, FakeClock } from "../base/mod.ts";
import { createEventBus } from "../events/mod.ts";
import { createMetrics } from "../telemetry/mod.ts";
import { type MinedTip, mineHeaders, tipOf } from "../../tests/support/mining.ts";
import { genesisOf, silentLogger, testChain } from "./_fixture.ts";
import { type GossipSourceComponents, startGossipSource } from "./gossip_source.ts";
import type { MissingParent } from "./peer_headers_types.ts";
import type { AcceptOptions, AcceptResult } from "./types.ts";

const ROOT = tipOf(genesisOf("regtest"));

function rig(chain: GossipSourceComponents["chain"]) {
  const events = createEventBus({ clock: new FakeClock(), logger: silentLogger });
  const metrics = createMetrics();
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (line: string) => warnings.push(line) };
  const missing: MissingParent[] = [];
  const source = startGossipSource({
    chain,
    events,
    logger,
    metrics,
    missing: (header) => void missing.push(header),
  });
  /** Announces headers as the P2P service does. */
  const announce = (headers: Uint8Array) => {
    for (let at = 0; at < headers.length; at += 80) {
      const header = headers.subarray(at, at + 80);
      const block_hash = tipOf(header).hash.toReversed().toHex();
      events.publish("BlockAnnounced", {
        block_hash,
        height: 0xffff_ffff, // claimed by the sender, believed by nobody
        header: header.toHex(),
        peer_id: "p",
        base_url: "",
      });
    }
  };
  return { source, events, announce, warnings, metrics, missing };
}

/** A chain that keeps what it was offered, and answers when it is told to. */
function slowChain() {
  const batches: { readonly headers: number; readonly options: AcceptOptions | undefined }[] = [];
  const gates: PromiseWithResolvers<AcceptResult>[] = [];
  return {
    batches,
    gates,
    accept(headers: Uint8Array, options?: AcceptOptions) {
      batches.push({ headers: headers.length / 80, options });
      const gate = Promise.withResolvers<AcceptResult>();
      gates.push(gate);
      return gate.promise;
    },
  };
}

function result(rejected: AcceptResult["rejected"]): AcceptResult {
  const tip = { hash: "00" as never, height: 0, chainwork: "00", time: 0, bits: 0 };
  return { accepted: 0, duplicate: 0, rejected, adopted: 0, tip };
}

const turn = () => new Promise<void>((resolve) => afterTurn(resolve));

async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

function fakeHeaders(from: number, count: number): Uint8Array {
  const headers = new Uint8Array(count * 80);
  const view = new DataView(headers.buffer);
  for (let i = 0; i < count; i++) view.setUint32(i * 80, from + i, true);
  return headers;
}

Deno.test("headers of gossip become the best chain, in whatever order they come", async () => {
  await using t = await testChain();
  const { source, announce, warnings } = rig(t.chain);
  const { headers, tip } = mineHeaders(ROOT, 4);
  announce(headers.subarray(160)); // 3 and 4: orphans
  await turns();
  announce(headers.subarray(80, 160)); // 2: another
  announce(headers.subarray(0, 80)); // 1: the parent of them all
  await source.stop();
  expect(t.chain.tip()).toMatchObject({ height: 4, hash: tip.hash.toReversed().toHex() });
  expect(t.chain.stats()).toMatchObject({ orphans: 0, stale: 0 });
  expect(warnings).toEqual([]);
});

Deno.test("headers with too little work are refused without a word", async () => {
  await using t = await testChain();
  const { source, announce, warnings } = rig(t.chain);
  await t.chain.accept(mineHeaders(ROOT, 200).headers, { lowWork: "store" });
  announce(mineHeaders(ROOT, 3, { tag: 1 }).headers);
  const stranger: MinedTip = { hash: new Uint8Array(32).fill(9), time: ROOT.time };
  announce(mineHeaders(stranger, 1).headers);
  await source.stop();
  expect(t.chain.stats()).toMatchObject({ headers: 201, stale: 0, orphans: 1 });
  expect(warnings).toEqual([]);
});

Deno.test("one batch at a time, with all that came in meanwhile, each once", async () => {
  const chain = slowChain();
  const { source, announce, warnings, metrics, missing } = rig(chain);
  announce(fakeHeaders(0, 5));
  announce(fakeHeaders(0, 5));
  await turns();
  announce(fakeHeaders(10, 3_000)); // 1,000 too many
  await turns();
  const options = { keepOrphans: true };
  expect(chain.batches).toEqual([{ headers: 5, options }]);
  chain.gates[0]?.reject(new Error("disk full"));
  await turns();
  expect(chain.batches).toEqual([{ headers: 5, options }, { headers: 2_000, options }]);
  chain.gates[1]?.resolve(result([{ index: 0, code: "LOW_WORK" }, { index: 7, code: "UNKNOWN_PARENT" }]));
  await source.stop();
  expect(warnings).toEqual(["headers of gossip were not taken"]);
  const hash = tipOf(fakeHeaders(17, 1)).hash.toReversed().toHex();
  expect(missing).toEqual([{ hash, peerId: "p", height: 0xffff_ffff }]);
  const text = await metrics.text();
  expect(text).toContain(`commons_chain_gossip_headers_total{outcome="offered"} 2005`);
  expect(text).toContain(`commons_chain_gossip_headers_total{outcome="dropped"} 1000`);
});

Deno.test("stop() waits for what is under way and hears no more", async () => {
  const chain = slowChain();
  const { source, announce } = rig(chain);
  announce(fakeHeaders(0, 1));
  await turns();
  let stopped = false;
  const stopping = source.stop().then(() => stopped = true);
  await turns();
  expect(stopped).toBe(false);
  chain.gates[0]?.resolve(result([]));
  await stopping;
  announce(fakeHeaders(5, 1));
  await turns();
  await source.stop();
  expect(chain.batches.length).toBe(1);
});
