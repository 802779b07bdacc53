import { expect } from "expect";
import { minedHeader } from "../../core/p2p/_fixture.ts";
import { startBarePeer } from "../../core/p2p/_bare_peer.ts";
import { residentMiB } from "../support/children.ts";
import { eventually } from "../support/eventually.ts";
import { BLOCK_1 } from "../support/headers.ts";
import { helloModule } from "../support/modules.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";
import { connectRaw, parseFrames, requestHead, upgradeHead } from "../support/raw_http.ts";

const TOPIC = "commons/bitcoin/1.0.0/mainnet-block";
const MESSAGES = "commons_p2p_messages_total";
const CLOSE = 8;

Deno.test("requests that must be refused are, with their code", async (t) => {
  await using node = await startTestNode({ set: ["http.max_body_bytes=4096"] });
  const { http, token } = node;
  const bearer = { authorization: `Bearer ${token}` };
  const json = { ...bearer, "content-type": "application/json" };
  const load = `${http}/api/v1/modules/x/load`;
  const long = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "uptime", params: ["x".repeat(5_000)] });
  const rows: readonly {
    name: string;
    method?: string;
    url: string;
    headers?: Readonly<Record<string, string>>;
    body?: string;
    status: number;
    code: string;
  }[] = [
    { name: "no token", method: "POST", url: load, status: 401, code: "UNAUTHORIZED" },
    {
      name: "a wrong token",
      method: "POST",
      url: load,
      headers: { authorization: `Bearer ${"0".repeat(64)}` },
      status: 401,
      code: "UNAUTHORIZED",
    },
    {
      name: "a wrong token for what needs none",
      url: `${http}/api/v1/node`,
      method: "HEAD",
      headers: { authorization: "Bearer x" },
      status: 401,
      code: "",
    },
    {
      name: "a foreign Host",
      url: `${http}/api/v1/node`,
      headers: { ...bearer, host: "evil.example" },
      status: 403,
      code: "FORBIDDEN_HOST",
    },
    {
      name: "a foreign Origin",
      url: `${http}/api/v1/node`,
      headers: { ...bearer, origin: "https://evil.example" },
      status: 403,
      code: "FORBIDDEN_ORIGIN",
    },
    {
      name: "a foreign Origin's WebSocket",
      url: `${http}/ws`,
      headers: { origin: "https://evil.example", upgrade: "websocket", connection: "upgrade" },
      status: 403,
      code: "FORBIDDEN_ORIGIN",
    },
    {
      name: "a body over the limit",
      method: "POST",
      url: `${http}/api/v1/peers`,
      headers: { ...json, "content-length": String(long.length) },
      body: long,
      status: 413,
      code: "BODY_TOO_LARGE",
    },
    {
      name: "a body over the limit that does not say so",
      method: "POST",
      url: `${http}/api/v1/peers`,
      headers: { ...json, "transfer-encoding": "chunked" },
      body: `${long.length.toString(16)}\r\n${long}\r\n0\r\n\r\n`,
      status: 413,
      code: "BODY_TOO_LARGE",
    },
    {
      name: "a body that is not JSON",
      method: "POST",
      url: `${http}/api/v1/peers`,
      headers: { ...json, "content-length": "1" },
      body: "{",
      status: 400,
      code: "INVALID_JSON",
    },
    {
      name: "a body nested too deeply",
      method: "POST",
      url: `${http}/api/v1/peers`,
      headers: { ...json, "content-length": "2000" },
      body: "[".repeat(2_000),
      status: 400,
      code: "JSON_TOO_DEEP",
    },
    { name: "a path that is not there", url: `${http}/api/v1/none`, status: 404, code: "NOT_FOUND" },
    {
      name: "a method that is not there",
      method: "PUT",
      url: `${http}/api/v1/node`,
      headers: bearer,
      status: 405,
      code: "METHOD_NOT_ALLOWED",
    },
    { name: "no WebSocket", url: `${http}/ws`, status: 426, code: "UPGRADE_REQUIRED" },
    {
      name: "a module's name that is none",
      method: "POST",
      url: `${http}/api/v1/modules/..%2f..%2fx/load`,
      headers: bearer,
      status: 400,
      code: "INVALID_MODULE_NAME",
    },
  ];
  for (const { name, method = "GET", url, headers = {}, body = "", status, code } of rows) {
    await t.step(name, async () => {
      using connection = await connectRaw(url);
      await connection.send(requestHead(method, url, { connection: "close", ...headers }) + body);
      const head = await connection.head();
      expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      const length = method === "HEAD" ? 0 : Number(/^content-length: (\d+)/im.exec(head)?.[1]);
      const text = new TextDecoder().decode(await connection.rest((bytes) => bytes.length >= length));
      if (text !== "") expect(JSON.parse(text)).toMatchObject({ status, code });
      expect(text).not.toContain(token);
    });
  }
  await t.step("not even a head", async () => {
    using connection = await connectRaw(http);
    await connection.send("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not HTTP\r\n\r\n");
    expect(await connection.head()).toMatch(/^(HTTP\/1\.1 400 |$)/);
  });
  await t.step("and the node goes on", async () => {
    expect((await node.api("/api/v1/node")).status).toBe(200);
    expect(node.process.output()).not.toContain(token);
  });
});

/** Announces regtest blocks, each unlike the others and as long as allowed, until `done`; answers how many. */
async function announceUntil(node: TestNode, done: (sent: number) => Promise<boolean>): Promise<number> {
  const url = `http://127.0.0.1/${"x".repeat(2_000)}`;
  let sent = 0;
  while (!await done(sent)) {
    await Promise.all(Array.from({ length: 50 }, async () => {
      const { header: Header, hash: Hash } = minedHeader(++sent);
      const message = { Hash, Height: sent, Header, DataHubURL: url };
      expect(await node.api("/api/v1/gossip/block", { body: { message } })).toMatchObject({ status: 200 });
    }));
  }
  return sent;
}

Deno.test("a WebSocket client that stops reading is closed with 1013; the node and the others go on", async () => {
  await using node = await startTestNode({ set: ['node.network="regtest"'] });
  const url = `${node.http}/ws`;
  using stalled = await connectRaw(url);
  await stalled.send(upgradeHead(url));
  expect(await stalled.head()).toMatch(/^HTTP\/1\.1 101 /);
  const reading = new WebSocket(url.replace("http", "ws"));
  const heights: number[] = [];
  reading.onmessage = ({ data }) => {
    const { type, height } = JSON.parse(data);
    if (type === "block") heights.push(height);
  };
  await new Promise((resolve) => reading.onopen = resolve);

  const before = await residentMiB(node.run.pid) ?? 0;
  const evicted = () => node.metric("commons_http_ws_evicted_total", { reason: "too_slow" });
  const sent = await announceUntil(node, async (count) => await evicted() === 1 || count >= 20_000);
  expect(await evicted()).toBe(1);
  await eventually("all blocks at the client that reads", () => heights.length === sent);
  expect(new Set(heights).size).toBe(sent);
  // What was sent to the client that does not read is with the kernel or was let go, and never more than a few MiB.
  expect((await residentMiB(node.run.pid) ?? 0) - before).toBeLessThan(256);

  const frames = parseFrames(
    await stalled.rest((bytes) => parseFrames(bytes).at(-1)?.opcode === CLOSE),
  );
  const last = frames.at(-1);
  expect(last?.opcode).toBe(CLOSE);
  expect(new DataView((last?.payload ?? new Uint8Array(2)).slice(0, 2).buffer).getUint16(0)).toBe(1013);
  expect(frames.length).toBeLessThan(sent);
  const closed = new Promise((resolve) => reading.onclose = resolve);
  reading.close();
  await closed;
});

Deno.test("event streams beyond the cap are refused with 503, and places come free again", async (t) => {
  const open = (node: TestNode) => fetch(`${node.http}/api/v1/events`);
  const streams = (node: TestNode) => node.metric("commons_http_sse_clients");

  await t.step("a small cap", async () => {
    await using node = await startTestNode({ set: ["http.max_sse_clients=3"] });
    const held = await Promise.all(Array.from({ length: 3 }, () => open(node)));
    expect(held.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await open(node);
    expect({ status: refused.status, body: await refused.json() }).toMatchObject({
      status: 503,
      body: { code: "TOO_MANY_CLIENTS" },
    });
    await held[0]?.body?.cancel();
    await eventually("a free place", async () => await streams(node) === 2);
    const next = await open(node);
    expect(next.status).toBe(200);
    await Promise.all([next, ...held.slice(1)].map(({ body }) => body?.cancel()));
  });

  await t.step("10,000 clients", async () => {
    await using node = await startTestNode({ modules: { hello: await helloModule() } });
    const held: Response[] = [];
    const refused = new Map<string, number>();
    for (let round = 0; round < 100; round++) {
      await Promise.all(Array.from({ length: 100 }, async () => {
        const response = await open(node);
        if (response.status === 200) return void held.push(response);
        const { code } = await response.json();
        const key = `${response.status} ${code}`;
        refused.set(key, (refused.get(key) ?? 0) + 1);
      }));
    }
    expect(held).toHaveLength(256);
    expect([...refused]).toEqual([["503 TOO_MANY_CLIENTS", 10_000 - 256]]);
    expect(await streams(node)).toBe(256);
    expect(await node.commons("hello", "greet")).toMatchObject({ code: 0, stdout: "Hello, world!\n" });
    await Promise.all(held.map(({ body }) => body?.cancel()));
    await eventually("free places", async () => await streams(node) === 0);
  });
});

Deno.test("what peers send that is no message is dropped and counted, and the node hears the next", async (t) => {
  await using node = await startTestNode({ modules: { hello: await helloModule() } });
  const [address = ""] = node.run.p2p;
  const accepted = () => node.metric(MESSAGES, { result: "accept" });

  await t.step("on the bare port", async () => {
    const port = Number(/tcp\/(\d+)/.exec(address)?.[1]);
    for (
      const bytes of [new Uint8Array(100_000).fill(0xff), new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")]
    ) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(bytes).catch(() => 0); // it may be closed on us
      connection.close();
    }
  });
  const garbage: readonly (readonly [string, Uint8Array])[] = [
    ["a frame that says to be over 4 MiB", Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 1, 2, 3])],
    ["a frame whose length never ends", new Uint8Array(1_000).fill(0x80)],
    ["a frame that is no RPC", Uint8Array.from([5, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ];
  for (const [name, bytes] of garbage) {
    await t.step(name, async () => {
      await using peer = await startBarePeer(TOPIC);
      await peer.dial(address);
      await peer.write(address, { protocol: "/meshsub/1.1.0", bytes });
      expect((await node.api("/health")).status).toBe(200);
    });
  }
  await using peer = await startBarePeer(TOPIC);
  await peer.dial(address);
  const good = { ...BLOCK_1, PeerID: peer.peerId, ClientName: "bare", DataHubURL: "" };
  const messages: readonly (readonly [string, unknown, string])[] = [
    ["a message that is not JSON", Uint8Array.from([0xff, 0]), "NOT_JSON"],
    ["a message that is no object", [good], "BAD_SHAPE"],
    ["a message over the cap", { ...good, Coinbase: "00".repeat(16 * 1024) }, "MESSAGE_TOO_LARGE"],
  ];
  for (const [name, message, code] of messages) {
    await t.step(name, async () => {
      await peer.publish(TOPIC, message);
      await eventually(code, async () => await node.metric(MESSAGES, { result: "reject", code }) === 1);
    });
  }
  await t.step("a good one", async () => {
    expect(await accepted()).toBe(0);
    await peer.publish(TOPIC, good);
    await eventually("the good one", async () => await accepted() === 1);
    expect(await node.commons("hello", "blocks")).toMatchObject({ stdout: expect.stringMatching(/^1 /) });
  });
});
