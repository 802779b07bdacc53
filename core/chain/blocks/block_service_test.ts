import { expect } from "expect";
import { type BitcoinNetwork, CommonsError, type HashHex } from "../../base/mod.ts";
import { createMetrics } from "../../telemetry/mod.ts";
import { genesisOf, silentLogger } from "../_fixture.ts";
import { blockRig, FakeNode, FakeSource, rejection } from "../../../tests/support/block_rig.ts";
import {
  blockBytes,
  madeCoinbase,
  madeTransaction,
  madeTransactions,
  mineBlock,
} from "../../../tests/support/blocks.ts";
import { tipOf } from "../../../tests/support/mining.ts";
import { chainParams } from "../params.ts";
import { createBlockService } from "./block_service.ts";
import { blockRulesAt } from "./verify_block.ts";

const UNKNOWN = "ab".repeat(32) as HashHex;

Deno.test("block() hands out a verified block with its place", async () => {
  const source = new FakeSource("rpc");
  await using rig = await blockRig({ sources: [source] });
  source.answer = (hash) => rig.blocks.get(hash)?.raw;
  const first = await rig.mine({ transactions: madeTransactions(4) });
  await rig.mine();
  const found = await rig.service.block(first.hash);
  expect(found?.raw).toEqual(first.raw);
  expect([found?.hash, found?.height, found?.confirmations]).toEqual([first.hash, 1, 2]);
  expect(found?.parsed.transactions.map(({ txid }) => txid)).toEqual(
    first.transactions.map(({ txid }) => txid),
  );
  expect((await rig.service.blockAt(2))?.confirmations).toBe(1);
  expect(await rig.service.blockAt(3)).toBe(undefined);
  expect(rig.refused).toEqual([]);
});

Deno.test("block() says nothing of blocks whose header the chain does not know", async () => {
  const source = new FakeSource("rpc");
  await using rig = await blockRig({ sources: [source] });
  const stranger = mineBlock(tipOf(genesisOf("regtest")), { height: 1 });
  source.answer = () => stranger.raw;
  expect(await rig.service.block(stranger.hash)).toBe(undefined);
  expect(await rig.service.block(UNKNOWN)).toBe(undefined);
  expect(source.asked).toEqual([]);
});

Deno.test("block() tells a block off the best chain as such", async () => {
  const source = new FakeSource("rpc");
  await using rig = await blockRig({ sources: [source] });
  source.answer = (hash) => rig.blocks.get(hash)?.raw;
  const stale = await rig.mine({ tag: 1 });
  const other = await rig.mine({ tag: 2, height: 1, parent: tipOf(genesisOf("regtest")) });
  await rig.mine({ parent: other.tip, height: 2 });
  expect((await rig.service.block(stale.hash))?.confirmations).toBe(-1);
  expect((await rig.service.blockAt(1))?.hash).toBe(other.hash);
});

Deno.test("block() asks one source after the other, those that can be asked first", async (t) => {
  const names = ["down", "absent", "failing", "right", "never"];
  const sources = names.map((name) => new FakeSource(name));
  const [down, absent, failing, right, rest] = sources;
  await using rig = await blockRig({ sources });
  if (!down || !absent || !failing || !right || !rest) throw new Error("they are there");
  down.online = false;
  failing.answer = () => {
    throw new CommonsError("TIMEOUT", "Cannot get a block: no answer");
  };
  right.answer = (hash) => rig.blocks.get(hash)?.raw;
  const asked = () => Object.fromEntries(sources.map(({ name, asked }) => [name, asked.length]));

  await t.step("until one has it", async () => {
    const { hash } = await rig.mine();
    expect((await rig.service.block(hash))?.hash).toBe(hash);
    expect(asked()).toEqual({ down: 0, absent: 1, failing: 1, right: 1, never: 0 });
    expect(rig.refused).toEqual([]); // not to have a block breaks no rule
  });
  await t.step("and those that cannot be asked as a last resort", async () => {
    const { hash, raw } = await rig.mine();
    right.answer = () => undefined;
    down.answer = () => raw;
    expect((await rig.service.block(hash))?.hash).toBe(hash);
    expect(asked()).toEqual({ down: 1, absent: 2, failing: 2, right: 2, never: 1 });
  });
  await t.step("the full node last, when it is not among them", async () => {
    const node = new FakeNode("full", () => undefined);
    await using other = await blockRig({ sources: [new FakeSource("first")], fullNode: node });
    const { hash } = await other.mine();
    expect(await other.service.block(hash)).toBe(undefined);
    expect([other.sources[0]?.asked.length, node.asked.length]).toEqual([1, 1]);
  });
});

Deno.test("block() says why there is no block", async (t) => {
  const fail = (code: Uppercase<string>) => () => {
    throw new CommonsError(code, "Cannot get a block: x");
  };
  const table: readonly (readonly [string, readonly FakeSource[], string | undefined])[] = [
    ["no sources", [], "UNAVAILABLE"],
    ["nobody has it", [new FakeSource("a"), new FakeSource("b")], undefined],
    ["nobody can be reached", [new FakeSource("a", fail("UNAVAILABLE"))], "UNAVAILABLE"],
    [
      "one may have it and cannot be reached",
      [new FakeSource("a", fail("UNAVAILABLE")), new FakeSource("b")],
      "UNAVAILABLE",
    ],
    [
      "one took too long",
      [new FakeSource("a", fail("UNAVAILABLE")), new FakeSource("b", fail("TIMEOUT"))],
      "TIMEOUT",
    ],
    [
      "one broke a rule",
      [new FakeSource("a", fail("TIMEOUT")), new FakeSource("b", fail("SOURCE_FAULT"))],
      "SOURCE_FAULT",
    ],
    ["one is broken itself", [
      new FakeSource("a", () => {
        throw new TypeError("x is not a function");
      }),
    ], "UNAVAILABLE"],
  ];
  for (const [name, sources, code] of table) {
    await t.step(name, async () => {
      await using rig = await blockRig({ sources });
      const { hash } = await rig.mine();
      expect(await rejection(rig.service.block(hash))).toBe(code);
      expect(rig.refused).toEqual(code === "SOURCE_FAULT" ? ["b SOURCE_FAULT"] : []);
    });
  }
});

Deno.test("block() takes nothing wrong from a hostile source, tells the desk and asks the next", async (t) => {
  const others = madeTransactions(4);
  const parent = tipOf(genesisOf("regtest"));
  const good = mineBlock(parent, { height: 1, transactions: others });
  const { header, transactions } = good;
  const wrongHeight = mineBlock(parent, { height: 2, transactions: others });
  const bare = mineBlock(parent, { height: 1, transactions: others, commitment: false });
  const [coinbase, a, b, c, d] = transactions;
  const list = (...some: typeof transactions[number][]) => blockBytes(header, some);
  if (!coinbase || !a || !b || !c || !d) throw new Error("they are there");
  const stripped = b.raw.slice();
  stripped[stripped.length - 6] = (stripped[stripped.length - 6] ?? 0) ^ 1; // a byte of its witness
  const odd = mineBlock(parent, { height: 1, transactions: others.slice(0, 2) });
  const table: readonly (readonly [string, Uint8Array, string, Uint8Array?])[] = [
    ["another block", mineBlock(parent, { height: 1, tag: 9 }).raw, "WRONG_BLOCK"],
    ["nothing", new Uint8Array(), "WRONG_BLOCK"],
    ["the header alone", header, "TRUNCATED"],
    ["half of it", good.raw.subarray(0, 300), "TRUNCATED"],
    ["more behind it", Uint8Array.of(...good.raw, 0), "TRAILING_BYTES"],
    ["5 MB", Uint8Array.from({ length: 5_000_000 }, (_, i) => header[i] ?? 0), "TOO_LARGE"],
    ["other transactions", list(coinbase, a, b, c, madeTransaction({ lockTime: 7 })), "BAD_MERKLE_ROOT"],
    ["a transaction less", list(coinbase, a, b, c), "BAD_MERKLE_ROOT"],
    ["another order", list(coinbase, b, a, c, d), "BAD_MERKLE_ROOT"],
    ["no transactions", list(), "NO_TRANSACTIONS"],
    [
      "the last one twice",
      blockBytes(odd.header, [...odd.transactions, ...odd.transactions.slice(-1)]),
      "MERKLE_MUTATED",
      odd.header,
    ],
    ["another witness", blockBytes(header, [coinbase, a, { raw: stripped }, c, d]), "BAD_WITNESS_COMMITMENT"],
    ["witnesses that nothing commits to", bare.raw, "UNEXPECTED_WITNESS", bare.header],
    ["a coinbase of another height", wrongHeight.raw, "BAD_COINBASE_HEIGHT", wrongHeight.header],
    [
      "no coinbase",
      mineBlock(parent, { height: 1, coinbase: madeTransaction() }).raw,
      "NO_COINBASE",
      mineBlock(parent, { height: 1, coinbase: madeTransaction() }).header,
    ],
  ];
  for (const [name, raw, code, other = header] of table) {
    await t.step(`${name}: ${code}`, async () => {
      const hostile = new FakeSource("hostile", () => raw);
      const honest = new FakeSource("honest", () => good.raw);
      await using rig = await blockRig({ sources: [hostile, honest] });
      await rig.chain.accept(other, { lowWork: "store" });
      const hash = tipOf(other).hash.toReversed().toHex() as HashHex;
      const isGood = hash === good.hash;
      expect(await rejection(rig.service.block(hash))).toBe(isGood ? undefined : "SOURCE_FAULT");
      expect(rig.refused[0]).toBe(`hostile ${code}`);
      expect(honest.asked).toEqual([hash]);
      if (isGood) expect((await rig.service.block(hash))?.raw).toEqual(good.raw);
    });
  }
});

Deno.test("block() asks a source of many again when it has left who lied, and not for ever", async (t) => {
  const parent = tipOf(genesisOf("regtest"));
  const { raw, header, hash } = mineBlock(parent, { height: 1 });
  const forged = Uint8Array.of(...raw.subarray(0, -1), 1);
  for (const [liars, code] of [[3, undefined], [9, "SOURCE_FAULT"]] as const) {
    await t.step(`${liars} liars`, async () => {
      let left = 0;
      const peers = Object.assign(new FakeSource("peers", () => left < liars ? forged : raw), {
        disown: () => ++left > 0,
      });
      await using rig = await blockRig({ sources: [peers] });
      await rig.chain.accept(header, { lowWork: "store" });
      expect(await rejection(rig.service.block(hash))).toBe(code);
      expect([peers.asked.length, rig.refused.length]).toEqual(code === undefined ? [4, 3] : [4, 4]);
    });
  }
  await t.step("but blames nobody for a block that is broken by itself", async () => {
    const broken = mineBlock(parent, { height: 2 }); // says so in its coinbase
    const peers = Object.assign(new FakeSource("peers", () => broken.raw), { disown: () => true });
    await using rig = await blockRig({ sources: [peers] });
    await rig.chain.accept(broken.header, { lowWork: "store" });
    expect(await rejection(rig.service.block(broken.hash))).toBe("SOURCE_FAULT");
    expect(peers.asked.length).toBe(1);
  });
});

Deno.test("block() joins those who ask for the same, and gives up when all have", async (t) => {
  const gate = Promise.withResolvers<void>();
  const source = new FakeSource("slow");
  const given: (AbortSignal | undefined)[] = [];
  await using rig = await blockRig({ sources: [source] });
  source.answer = async (hash, signal) => {
    given.push(signal);
    await gate.promise;
    return rig.blocks.get(hash)?.raw;
  };
  const { hash } = await rig.mine();
  await t.step("one who gives up does not stop the others", async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const waits = [first, second].map(({ signal }) => rejection(rig.service.block(hash, { signal })));
    expect(source.asked).toHaveLength(1);
    first.abort(new CommonsError("ABORTED", "Cannot wait: gone"));
    expect(await waits[0]).toBe("ABORTED");
    expect(given[0]?.aborted).toBe(false);
    second.abort(new CommonsError("ABORTED", "Cannot wait: gone"));
    expect(await waits[1]).toBe("ABORTED");
    expect(given[0]?.aborted).toBe(true);
  });
  await t.step("the next one begins anew", async () => {
    const waits = [1, 2, 3].map(() => rig.service.block(hash));
    gate.resolve();
    for (const found of await Promise.all(waits)) expect(found?.hash).toBe(hash);
    expect(source.asked).toHaveLength(2);
  });
  await t.step("a signal that has aborted asks nobody", async () => {
    const signal = AbortSignal.abort(new CommonsError("ABORTED", "Cannot wait: gone"));
    expect(await rejection(rig.service.block(hash, { signal }))).toBe("ABORTED");
  });
});

Deno.test("block() waits for a source for a minute, then asks the next", async () => {
  const deaf = new FakeSource("deaf", () => new Promise(() => {}));
  const right = new FakeSource("right");
  await using rig = await blockRig({ sources: [deaf, right] });
  right.answer = (hash) => rig.blocks.get(hash)?.raw;
  const { hash } = await rig.mine();
  const found = rig.service.block(hash);
  await rig.clock.advance(59_999);
  expect(right.asked).toEqual([]);
  await rig.clock.advance(1);
  expect((await found)?.hash).toBe(hash);
  expect(rig.clock.pending).toBe(0);
  right.answer = () => undefined;
  const { hash: second } = await rig.mine();
  const none = rejection(rig.service.block(second));
  await rig.clock.advance(60_000);
  expect(await none).toBe("TIMEOUT");
});

Deno.test("block() asks for eight blocks at once at most, and 256 callers may wait", async () => {
  const gate = Promise.withResolvers<undefined>();
  const source = new FakeSource("slow", () => gate.promise);
  await using rig = await blockRig({ sources: [source] });
  const hashes: HashHex[] = [];
  for (let i = 0; i < 9; i++) hashes.push((await rig.mine()).hash);
  const [ninth] = hashes.splice(8);
  const waits = hashes.map((hash) => rig.service.block(hash));
  if (ninth === undefined) throw new Error("it is there");
  expect(await rejection(rig.service.block(ninth))).toBe("BUSY");
  const [same = ninth] = hashes;
  for (let i = waits.length; i < 256; i++) waits.push(rig.service.block(same));
  expect(await rejection(rig.service.block(same))).toBe("BUSY");
  gate.resolve(undefined);
  await Promise.all(waits);
  expect(await rejection(rig.service.block(ninth))).toBe(undefined);
});

Deno.test("block() keeps blocks within the cache's bytes", async (t) => {
  const large = () => [madeTransaction({ outputs: [{ scriptPubKey: new Uint8Array(20_000) }] })];
  await t.step("the one that was not asked for longest goes first", async () => {
    const source = new FakeSource("rpc");
    await using rig = await blockRig({ sources: [source], cacheBytes: 60_000 });
    source.answer = (hash) => rig.blocks.get(hash)?.raw;
    const [a, b, c] = [1, 2, 3].map((tag) => ({ tag, transactions: large() }));
    const blocks = [await rig.mine(a), await rig.mine(b), await rig.mine(c)].map(({ hash }) => hash);
    const [first = UNKNOWN, second = UNKNOWN, third = UNKNOWN] = blocks;
    for (const hash of [first, second, first, third, first, second]) await rig.service.block(hash);
    expect(source.asked).toEqual([first, second, third, second]);
  });
  await t.step("0 keeps none", async () => {
    const source = new FakeSource("rpc");
    await using rig = await blockRig({ sources: [source], cacheBytes: 0 });
    source.answer = (hash) => rig.blocks.get(hash)?.raw;
    const { hash } = await rig.mine();
    await rig.service.block(hash);
    await rig.service.block(hash);
    expect(source.asked).toHaveLength(2);
  });
  await t.step("a view is kept without what it is a view of", async () => {
    const source = new FakeSource("rpc");
    await using rig = await blockRig({ sources: [source] });
    const { hash, raw } = await rig.mine();
    const whole = new Uint8Array(100_000);
    whole.set(raw, 500);
    source.answer = () => whole.subarray(500, 500 + raw.length);
    const found = await rig.service.block(hash);
    whole.fill(0);
    expect(found?.raw).toEqual(raw);
    expect(found?.raw.buffer.byteLength).toBe(raw.length);
  });
});

Deno.test("close() ends what is under way", async () => {
  const source = new FakeSource("deaf", () => new Promise(() => {}));
  await using rig = await blockRig({ sources: [source] });
  const { hash } = await rig.mine();
  const wait = rejection(rig.service.block(hash));
  rig.service.close();
  rig.service.close();
  expect(await wait).toBe("UNAVAILABLE");
  expect(await rejection(rig.service.block(hash))).toBe("UNAVAILABLE");
  expect(rig.clock.pending).toBe(0);
});

Deno.test("createBlockService() counts what becomes of blocks", async () => {
  const source = new FakeSource("rpc");
  await using rig = await blockRig({ sources: [source] });
  source.answer = (hash) => rig.blocks.get(hash)?.raw;
  const metrics = createMetrics();
  const service = createBlockService({
    chain: rig.chain,
    sources: () => rig.sources,
    desk: { noteRefused() {} },
    clock: rig.clock,
    logger: silentLogger,
    metrics,
  });
  const { hash } = await rig.mine();
  const absent = await rig.mine();
  rig.blocks.delete(absent.hash);
  for (const each of [hash, hash, hash, absent.hash]) await service.block(each);
  source.answer = () => new Uint8Array();
  await rejection(service.block(absent.hash));
  const text = await metrics.text();
  for (
    const line of [
      '{outcome="kept"} 2',
      '{outcome="fetched"} 1',
      '{outcome="absent"} 1',
      '{outcome="failed"} 1',
    ]
  ) {
    expect(text).toContain(`commons_chain_blocks_total${line}`);
  }
  expect(text).toContain("commons_chain_block_fetches 0");
  expect(text).toMatch(/commons_chain_block_cache_bytes [1-9]/);
  service.close();
});

Deno.test("block() reads coinbases of their height and no other", async () => {
  const source = new FakeSource("rpc");
  await using rig = await blockRig({ sources: [source] });
  source.answer = (hash) => rig.blocks.get(hash)?.raw;
  for (let i = 0; i < 20; i++) {
    const { hash } = await rig.mine();
    expect((await rig.service.block(hash))?.height).toBe(i + 1);
  }
  const wrong = await rig.mine({ coinbase: madeCoinbase({ height: 20 }) });
  expect(await rejection(rig.service.block(wrong.hash))).toBe("SOURCE_FAULT");
  expect(rig.refused).toEqual(["rpc BAD_COINBASE_HEIGHT"]);
});

Deno.test("blockRulesAt() knows since when heights and witnesses are looked at", () => {
  const table: readonly [BitcoinNetwork, number, boolean, number | undefined][] = [
    ["mainnet", 0, false, undefined],
    ["mainnet", 227_930, false, undefined],
    ["mainnet", 227_931, false, 227_931],
    ["mainnet", 481_823, false, 481_823],
    ["mainnet", 481_824, true, 481_824],
    ["testnet", 834_623, false, 834_623],
    ["testnet", 834_624, true, 834_624],
    ["testnet4", 0, false, undefined],
    ["testnet4", 1, true, 1],
    ["signet", 1, true, 1],
    ["regtest", 0, true, undefined],
    ["regtest", 1, true, 1],
  ];
  for (const [network, at, segwit, height] of table) {
    expect(blockRulesAt(at, chainParams(network))).toEqual({ segwit, height });
  }
});

Deno.test("block() lets others have their turn while it hashes a full block", async () => {
  const source = new FakeSource("rpc");
  await using rig = await blockRig({ sources: [source] });
  source.answer = (hash) => rig.blocks.get(hash)?.raw;
  const { hash } = await rig.mine({ transactions: madeTransactions(3_000) });
  const found = rig.service.block(hash);
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  expect((await found)?.parsed.transactions).toHaveLength(3_001);
  done = true;
  expect(turns).toBeGreaterThan(3);
  const caller = new AbortController();
  const { hash: second } = await rig.mine({ transactions: madeTransactions(3_000, 9) });
  const given = rejection(rig.service.block(second, { signal: caller.signal }));
  caller.abort(new CommonsError("ABORTED", "Cannot wait: gone"));
  expect(await given).toBe("ABORTED");
});
