import { expect } from "expect";
import type { HashHex } from "../../base/mod.ts";
import { eventually } from "../../../tests/support/eventually.ts";
import { type Misbehaviour, RpcFailure } from "../../../tests/support/full_node.ts";
import { tempDir } from "../../../tests/support/temp_dir.ts";
import { codeOf, isUp, nodeRig, TXID } from "../../../tests/support/full_node_rig.ts";

const HASH = TXID(1) as HashHex;

/** A body that never ends. */
function endless(): Response {
  const chunk = new TextEncoder().encode(" ".repeat(65_536));
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

const answer = (result: unknown): Misbehaviour => (_request, [message]) =>
  Response.json({ result, error: null, id: message?.id });

Deno.test("answers that break a rule are SOURCE_FAULT, and the node stays up", async (t) => {
  await using rig = nodeRig();
  await isUp(rig);
  const rows: [string, Misbehaviour][] = [
    ["a page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["a page with status 500", () => new Response("<html>", { status: 500 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } })],
    ["status 418", () => new Response("{}", { status: 418 })],
    ["no body", () => new Response(null, { headers: { "content-type": "application/json" } })],
    ["not UTF-8", () => new Response(new Uint8Array([0x22, 0xff, 0x22]), { headers: JSON_TYPE })],
    ["not JSON", () => new Response("{", { headers: JSON_TYPE })],
    ["the id of another call", () => Response.json({ result: "00", error: null, id: -1 })],
    ["a list", (_request, [message]) => Response.json([{ result: "00", error: null, id: message?.id }])],
    ["endless", endless],
    ["too long, and says so", () => Response.json("x".repeat(9_000_000))],
    ["a number", answer(5)],
    ["null", answer(null)],
    ["an object", answer({})],
    ["not hex", answer("zz")],
    ["half a byte", answer("000")],
  ];
  for (const [name, misbehave] of rows) {
    await t.step(name, async () => {
      rig.fake.misbehave = misbehave;
      expect(await codeOf(rig.node.block(HASH))).toBe("SOURCE_FAULT");
      expect(rig.node.available()).toBe(true);
    });
  }
});

const JSON_TYPE = { "content-type": "application/json" };

Deno.test("results that break a rule are SOURCE_FAULT", async (t) => {
  await using rig = nodeRig();
  const { node, fake } = rig;
  const utxo = { bestblock: HASH, confirmations: 1, value: 1, scriptPubKey: { hex: "51" }, coinbase: false };
  const ask = { txid: HASH, index: 0 };
  const rows: [string, string, unknown, () => Promise<unknown>][] = [
    ["tip: no hash", "getbestblockhash", "ABC", () => node.bestBlock()],
    ["tip: no height", "getblockheader", { height: -1 }, () => node.bestBlock()],
    ["tip: a height that cannot be", "getblockheader", { height: 1e12 }, () => node.bestBlock()],
    ["tip: hex", "getblockheader", "00", () => node.bestBlock()],
    ["hashes: upper case", "getblockhash", HASH.replace("1", "A"), () => node.hashesAt([0])],
    ["headers: 79 bytes", "getblockheader", "00".repeat(79), () => node.headers([HASH])],
    ["headers: none", "getblockheader", null, () => node.headers([HASH])],
    ["ids of a block: none", "getblock", { tx: {} }, () => node.blockTxids(HASH)],
    ["ids of a block: transactions", "getblock", { tx: [{}] }, () => node.blockTxids(HASH)],
    ["transaction: text", "getrawtransaction", "00", () => node.transaction(HASH)],
    ["transaction: block", "getrawtransaction", { hex: "00", blockhash: 1 }, () => node.transaction(HASH)],
    ["utxo: amount", "gettxout", { ...utxo, value: "1" }, () => node.utxo(ask)],
    ["utxo: too precise", "gettxout", { ...utxo, value: 1e-9 }, () => node.utxo(ask)],
    ["utxo: script", "gettxout", { ...utxo, scriptPubKey: {} }, () => node.utxo(ask)],
    ["utxo: confirmations", "gettxout", { ...utxo, confirmations: 1.5 }, () => node.utxo(ask)],
    ["sent: no id", "sendrawtransaction", null, () => node.sendTransaction(new Uint8Array(1))],
    ["rate: text", "estimatesmartfee", "1", () => node.feeRate(1)],
    ["mempool: object", "getrawmempool", {}, () => node.mempool()],
    ["mempool: numbers", "getrawmempool", [1], () => node.mempool()],
  ];
  for (const [name, method, result, call] of rows) {
    await t.step(name, async () => {
      const before = fake.methods.get(method);
      fake.methods.set(method, () => result);
      expect(await codeOf(call())).toBe("SOURCE_FAULT");
      if (before) fake.methods.set(method, before);
    });
  }
  const entries: [string, unknown][] = [
    ["null", null],
    ["no fee", { vsize: 1, time: 1 }],
    ["a negative fee", { vsize: 1, time: 1, fees: { base: -1 } }],
    ["no size", { time: 1, fees: { base: 1 } }],
    ["size 0", { vsize: 0, time: 1, fees: { base: 1 } }],
    ["a time with a fraction", { vsize: 1, time: 1.5, fees: { base: 1 } }],
  ];
  fake.methods.set("getrawmempool", () => [HASH]);
  for (const [name, entry] of entries) {
    await t.step(`mempool: ${name}`, async () => {
      fake.methods.set("getmempoolentry", () => entry);
      expect(await codeOf(node.mempool())).toBe("SOURCE_FAULT");
    });
  }
});

Deno.test("a login is sent, a wrong one is UNAVAILABLE, and no line shows it", async () => {
  const login = "user:5ecret";
  await using right = nodeRig({ login, user: "user", password: "5ecret" });
  expect((await right.node.bestBlock()).height).toBe(0);
  await using wrong = nodeRig({ login, user: "user", password: "other5ecret" });
  const error: unknown = await wrong.node.bestBlock().catch((error) => error);
  expect(error).toMatchObject({
    code: "UNAVAILABLE",
    message: "Cannot ask the full node: it refuses the login",
  });
  for (const line of [...right.lines, ...wrong.lines, Deno.inspect(error, { depth: 20 })]) {
    expect(line).not.toContain("5ecret");
    expect(line).not.toContain(btoa("user:5ecret"));
  }
});

Deno.test("a cookie is read again when the node was started anew", async () => {
  await using dir = await tempDir();
  const cookieFile = dir.file(".cookie");
  await Deno.writeTextFile(cookieFile, "__cookie__:one");
  await using rig = nodeRig({ login: "__cookie__:one", cookieFile });
  expect((await rig.node.bestBlock()).height).toBe(0);
  rig.fake.login = "__cookie__:two";
  await Deno.writeTextFile(cookieFile, "__cookie__:two");
  expect((await rig.node.bestBlock()).height).toBe(0);
  rig.fake.login = "__cookie__:three"; // and the file is not there yet
  expect(await codeOf(rig.node.bestBlock())).toBe("UNAVAILABLE");
  expect(rig.node.available()).toBe(false);
});

Deno.test("a node that is down is probed, more and more seldom, and calls fail at once", async () => {
  await using rig = nodeRig();
  await isUp(rig);
  const { fake, node, clock } = rig;
  fake.misbehave = () => new Response(null, { status: 502 });
  expect(await codeOf(node.bestBlock())).toBe("UNAVAILABLE");
  expect(node.available()).toBe(false);
  const { requests } = fake;
  expect(await codeOf(node.bestBlock())).toBe("UNAVAILABLE");
  expect(fake.requests).toBe(requests); // nobody was asked
  let probes = requests;
  for (const ms of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    await clock.advance(ms - 1);
    expect(fake.requests).toBe(probes);
    await clock.advance(1);
    probes++;
    await eventually("a probe", () => fake.requests === probes && clock.pending === 1);
  }
  fake.misbehave = undefined;
  await clock.advance(60_000);
  await isUp(rig);
  expect((await node.bestBlock()).height).toBe(0);
  expect(rig.lines.map((line) => line.split(" {")[0])).toEqual([
    "warn the full node does not answer",
    "info the full node answers again",
  ]);
});

Deno.test("nobody listens: UNAVAILABLE; a node that starts later is found", async () => {
  const port = await freePort();
  await using rig = nodeRig({ url: `http://127.0.0.1:${port}` });
  expect(await codeOf(rig.node.bestBlock())).toBe("UNAVAILABLE");
  expect(rig.node.status().why).toContain("nothing answers there");
  await using later = nodeRig({ port });
  await rig.clock.advance(1_000);
  await isUp(rig);
  expect(later.fake.called).toContain("getblockhash");
});

Deno.test("a certificate that is not trusted is named as the reason", async () => {
  const refuse = () => {
    const cause = new Error(
      "error sending request for url (https://5ecret): invalid peer certificate: UnknownIssuer",
    );
    return Promise.reject(new TypeError("fetch failed", { cause }));
  };
  await using rig = nodeRig({ fetch: refuse });
  const error: unknown = await rig.node.bestBlock().catch((error) => error);
  expect(error).toMatchObject({ message: "Cannot ask the full node: its certificate is not trusted" });
  expect(Deno.inspect(error, { depth: 20 })).not.toContain("5ecret");
});

async function freePort(): Promise<number> {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response());
  return server.addr.port;
}

Deno.test("a node that is starting (-28) is down until it is not", async () => {
  const starting = () => {
    throw new RpcFailure(-28, "Verifying blocks…");
  };
  await using rig = nodeRig({ before: (fake) => fake.methods.set("getblockchaininfo", starting) });
  expect(await codeOf(rig.node.bestBlock())).toBe("UNAVAILABLE");
  expect(rig.node.status()).toMatchObject({ state: "down", why: "it is starting (Verifying blocks…)" });
  rig.fake.methods.set("getblockchaininfo", () => ({}));
  await rig.clock.advance(1_000);
  await isUp(rig);
});

Deno.test("a slow call is TIMEOUT; three in a row, or three times busy, and the node is down", async (t) => {
  await using rig = nodeRig();
  await isUp(rig);
  const { fake, node, clock } = rig;
  const hang: Misbehaviour = () => new Promise(() => {});
  const timeOut = async () => {
    fake.misbehave = hang;
    const { requests } = fake;
    const call = codeOf(node.bestBlock());
    await eventually("the call is under way", () => fake.requests > requests);
    await clock.advance(30_000);
    expect(await call).toBe("TIMEOUT");
  };
  await t.step("slow", async () => {
    await timeOut();
    await timeOut();
    fake.misbehave = undefined;
    await node.bestBlock(); // an answer: the count begins anew
    for (let i = 0; i < 3; i++) {
      expect(node.available()).toBe(true);
      await timeOut();
    }
    expect(node.available()).toBe(false);
  });
  fake.misbehave = undefined;
  await clock.advance(60_000);
  await isUp(rig);
  await t.step("busy", async () => {
    fake.misbehave = () => new Response("Work queue depth exceeded", { status: 503 });
    for (let i = 0; i < 3; i++) {
      expect(node.available()).toBe(true);
      expect(await codeOf(node.bestBlock())).toBe("UNAVAILABLE");
    }
    expect(node.available()).toBe(false);
  });
});

Deno.test("four calls at once, 256 wait, the next is UNAVAILABLE, and stop() ends them all", async () => {
  await using rig = nodeRig();
  await isUp(rig);
  const { fake, node } = rig;
  fake.misbehave = () => new Promise(() => {});
  const { requests } = fake;
  const calls = Array.from({ length: 260 }, () => codeOf(node.block(HASH)));
  await eventually("four are under way", () => fake.requests === requests + 4);
  expect(await codeOf(node.block(HASH))).toBe("UNAVAILABLE");
  expect(node.available()).toBe(true); // the crowd is here, not there
  await node.stop();
  expect(new Set(await Promise.all(calls))).toEqual(new Set(["UNAVAILABLE"]));
  expect(fake.requests).toBe(requests + 4);
  expect(await codeOf(node.block(HASH))).toBe("UNAVAILABLE");
  await node.stop();
});

Deno.test("a call ends with its caller's signal", async () => {
  await using rig = nodeRig();
  await isUp(rig);
  rig.fake.misbehave = () => new Promise(() => {});
  const stop = new AbortController();
  const { requests } = rig.fake;
  const call = rig.node.block(HASH, { signal: stop.signal });
  await eventually("the call is under way", () => rig.fake.requests > requests);
  stop.abort(new Error("enough"));
  await expect(call).rejects.toThrow("enough");
  await expect(rig.node.block(HASH, { signal: stop.signal })).rejects.toThrow("enough");
  expect(rig.node.available()).toBe(true);
});

Deno.test("a connection that breaks off is UNAVAILABLE", async () => {
  let broken = false;
  const breakOff = () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"result":'));
        controller.error(new Error("gone"));
      },
    });
    return Promise.resolve(new Response(body, { headers: JSON_TYPE }));
  };
  await using rig = nodeRig({ fetch: (input, init) => broken ? breakOff() : fetch(input, init) });
  await isUp(rig);
  broken = true;
  expect(await codeOf(rig.node.block(HASH))).toBe("UNAVAILABLE");
});

Deno.test("a cookie file that is never read to its end holds up neither calls nor the stop", async () => {
  await using rig = nodeRig({ cookieFile: "/cookie", readCookie: () => new Promise(() => {}) });
  await rig.clock.advance(30_000);
  expect(await codeOf(rig.node.bestBlock())).toBe("UNAVAILABLE");
  expect(rig.node.status().why).toMatch(/no answer within 30000 ms/);
});
