/** Headers that cost their maker next to nothing, by the ten thousand: memory and disk do not grow. */
import { expect } from "expect";
import { storeKey } from "../store/mod.ts";
import { type MinedTip, mineHeaders, tipOf } from "../../tests/support/mining.ts";
import { codesOf, genesisOf, type TestChain, testChain } from "./_fixture.ts";

const ROOT = tipOf(genesisOf("regtest"));
const FLOOD = 10_000;
/** As many as one message of Bitcoin has. */
const MESSAGE = 2_000;

function messagesOf(headers: Uint8Array): Uint8Array[] {
  const step = MESSAGE * 80;
  return Array.from(
    { length: Math.ceil(headers.length / step) },
    (_, i) => headers.subarray(i * step, (i + 1) * step),
  );
}

/** Headers on disk, in chunks. */
async function chunksOf({ store }: TestChain): Promise<number> {
  let count = 0;
  for await (const _ of store.list({ prefix: storeKey("chain", "log") })) count++;
  return count;
}

Deno.test("10,000 headers of one cheap chain leave nothing behind", async () => {
  await using t = await testChain();
  await t.chain.accept(mineHeaders(ROOT, FLOOD + 200).headers, { lowWork: "store" });
  const [stats, chunks] = [t.chain.stats(), await chunksOf(t)];
  expect(chunks).toBeGreaterThan(10);
  const events = t.events.length;
  const refused = new Set<string>();
  for (const message of messagesOf(mineHeaders(ROOT, FLOOD, { tag: 1 }).headers)) {
    const result = await t.chain.accept(message, { keepOrphans: true });
    expect(result).toMatchObject({ accepted: 0, adopted: 0 });
    for (const code of Object.values(codesOf(result))) refused.add(code);
  }
  expect([...refused]).toEqual(["LOW_WORK", "UNKNOWN_PARENT"]);
  expect(t.chain.stats()).toEqual({ ...stats, orphans: 1_000 });
  expect([await chunksOf(t), t.events.length]).toEqual([chunks, events]);
});

Deno.test("10,000 headers without parents are forgotten but for the last thousand", async () => {
  await using t = await testChain();
  const stats = t.chain.stats();
  let last = new Uint8Array(0);
  for (let i = 0; i < FLOOD / MESSAGE; i++) {
    const nowhere: MinedTip = { hash: new Uint8Array(32).fill(i + 1), time: ROOT.time };
    last = mineHeaders(nowhere, MESSAGE).headers;
    await t.chain.accept(last, { keepOrphans: true });
  }
  expect(t.chain.stats()).toEqual({ ...stats, orphans: 1_000 });
  await t.chain.accept(last, { keepOrphans: true }); // again, and again the same thousand
  expect(t.chain.stats()).toEqual({ ...stats, orphans: 1_000 });
  expect((await t.reopen()).stats()).toEqual(stats); // they are not stored
});

Deno.test("10,000 headers near the tip stop at the bound, and cost no more than their 88 bytes", async () => {
  const maxStale = 3_000;
  await using t = await testChain({ maxStale });
  const main = mineHeaders(ROOT, 1_000);
  await t.chain.accept(main.headers);
  const before = t.chain.stats();
  const fork = tipOf(t.chain.range(900, 1));
  const refused = new Set<string>();
  for (let i = 0; i < 100; i++) { // as long as what they would replace
    const result = await t.chain.accept(mineHeaders(fork, FLOOD / 100, { tag: i + 1 }).headers);
    for (const code of Object.values(codesOf(result))) refused.add(code);
  }
  expect([...refused]).toEqual(["TOO_MANY_STALE"]);
  const after = t.chain.stats();
  expect(after).toEqual({ ...before, headers: 1_001 + maxStale, stale: maxStale, bytes: after.bytes });
  expect(after.bytes - before.bytes).toBeLessThanOrEqual(maxStale * 88 + 64 * 1024);
  expect(t.chain.tip().height).toBe(1_000);
  // who has more work than the tip is heard all the same
  const better = mineHeaders(fork, 101, { tag: 500 });
  expect((await t.chain.accept(better.headers)).tip.height).toBe(1_001);
});

Deno.test("presync of 10,000 headers stores none of them before their work is counted", async () => {
  await using t = await testChain();
  await t.chain.accept(mineHeaders(ROOT, FLOOD + 500).headers, { lowWork: "store" });
  const [stats, chunks] = [t.chain.stats(), await chunksOf(t)];
  const presync = t.chain.presync(t.chain.base().hash);
  if (!presync) throw new Error("Cannot test: the base is known");
  for (const message of messagesOf(mineHeaders(ROOT, FLOOD, { tag: 1 }).headers)) {
    expect(presync.feed(message)).toEqual({ state: "counting", released: new Uint8Array(0) });
  }
  expect(presync.count).toBe(FLOOD);
  expect([t.chain.stats(), await chunksOf(t)]).toEqual([stats, chunks]);
});
