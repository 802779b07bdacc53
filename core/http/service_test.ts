import { expect } from "expect";
import { systemClock } from "../base/mod.ts";
import type { ModuleHttpResponse } from "../modules/mod.ts";
import { fakeModules, fakeService } from "./test_fakes.ts";

/** The next text frame, or `<code>` when the socket closes first. */
function nextFrame(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    const stop = new AbortController();
    const once = (text: string) => {
      stop.abort();
      resolve(text);
    };
    socket.addEventListener("message", (event) => once(String(event.data)), { signal: stop.signal });
    socket.addEventListener("close", (event) => once(`<${event.code}>`), { signal: stop.signal });
  });
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) resolve();
    else socket.addEventListener("close", () => resolve(), { once: true });
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setTimeout(resolve, 5));
}

async function running(init: Parameters<typeof fakeService>[0] = {}) {
  const fake = fakeService(init, { clock: systemClock });
  const { url } = await fake.service.start();
  return {
    ...fake,
    url,
    socketUrl: url.replace("http", "ws"),
    [Symbol.asyncDispose]: () => fake.service.stop(),
  };
}

Deno.test("start() answers with the port that it got", async () => {
  await using node = await running();
  expect(node.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const response = await fetch(`${node.url}/health`);
  expect([response.status, await response.text()]).toEqual([200, "OK"]);
});

Deno.test("start() names the address that is taken", async () => {
  await using node = await running();
  const { service } = fakeService({ port: Number(new URL(node.url).port) });
  await expect(service.start()).rejects.toMatchObject({
    code: "HTTP_LISTEN_FAILED",
    message: expect.stringContaining(new URL(node.url).host),
  });
});

Deno.test("stop() twice is harmless, also before start()", async () => {
  const { service } = fakeService();
  await service.stop();
  await service.start();
  await service.stop();
  await service.stop();
});

Deno.test("a request over a real socket is checked like any other", async () => {
  await using node = await running();
  const { port } = new URL(node.url);
  using connection = await Deno.connect({ port: Number(port) });
  const head = "GET /api/v1/node HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
  await connection.write(new TextEncoder().encode(head));
  const answer = await new Response(connection.readable).text();
  expect(answer).toContain("403 Forbidden");
  expect(answer).toContain("FORBIDDEN_HOST");
});

Deno.test("ws() sends the own status first, then what happens", async (t) => {
  for (const path of ["/ws", "/p2p-ws"]) {
    await t.step(path, async () => {
      await using node = await running();
      const socket = new WebSocket(node.socketUrl + path);
      expect(JSON.parse(await nextFrame(socket))).toMatchObject({
        type: "node_status",
        peer_id: "12D3KooWfake",
      });
      const next = nextFrame(socket);
      node.p2p.notify("block", { hash: "ab" });
      expect(JSON.parse(await next)).toMatchObject({ type: "block", hash: "ab" });
      socket.close();
      await closed(socket);
      await until(() => node.metrics.gauge("commons_http_ws_clients") === 0);
      expect(node.p2p.listening()).toBe(0);
    });
  }
});

Deno.test("ws() filters by type, but not the first frame", async () => {
  await using node = await running();
  const socket = new WebSocket(`${node.socketUrl}/ws?types=block`);
  expect(JSON.parse(await nextFrame(socket)).type).toBe("node_status");
  const next = nextFrame(socket);
  node.p2p.notify("node_status");
  node.p2p.notify("block");
  expect(JSON.parse(await next).type).toBe("block");
  socket.close();
  await closed(socket);
});

Deno.test("ws() pings every 10 s", async () => {
  const fake = fakeService();
  const { url } = await fake.service.start();
  const socket = new WebSocket(url.replace("http", "ws") + "/ws");
  await nextFrame(socket);
  const next = nextFrame(socket);
  await fake.clock.advance(10_000);
  expect(JSON.parse(await next)).toEqual({
    type: "PING",
    timestamp: "2023-11-14T22:13:30Z",
    base_url: "http://hub",
    peer_id: "12D3KooWfake",
  });
  socket.close();
  await closed(socket);
  await fake.service.stop();
});

Deno.test("ws() closes chatty clients with 1008", async (t) => {
  const rows: [name: string, talk: (socket: WebSocket) => void][] = [
    ["long frame", (socket) => socket.send("x".repeat(1025))],
    ["many frames", (socket) => Array.from({ length: 101 }).forEach(() => socket.send("x"))],
  ];
  for (const [name, talk] of rows) {
    await t.step(name, async () => {
      await using node = await running();
      const socket = new WebSocket(`${node.socketUrl}/ws`);
      await nextFrame(socket);
      const end = nextFrame(socket);
      talk(socket);
      expect(await end).toBe("<1008>");
    });
  }
});

Deno.test("ws() refuses sockets beyond the cap", async () => {
  await using node = await running({ maxWsClients: 1 });
  const socket = new WebSocket(`${node.socketUrl}/ws`);
  await nextFrame(socket);
  const response = await upgradeOnce(node.url);
  expect(response).toContain("503 Service Unavailable");
  expect(response).toContain("TOO_MANY_CLIENTS");
  socket.close();
  await closed(socket);
});

Deno.test("ws() gives up a client that stops reading and keeps its memory bounded", async () => {
  await using node = await running({ maxClientBytes: 256 * 1024, maxWsClients: 2 });
  const { port } = new URL(node.url);
  const stuck = await Deno.connect({ port: Number(port) });
  try {
    await stuck.write(new TextEncoder().encode(upgradeHead(port)));
    const reading = new WebSocket(`${node.socketUrl}/ws`);
    await nextFrame(reading);
    await until(() => node.metrics.gauge("commons_http_ws_clients") === 2);
    let frames = 0;
    reading.addEventListener("message", () => frames++);
    const padding = "x".repeat(64 * 1024);
    let sent = 0;
    const evictions = () => node.metrics.counted.get("commons_http_ws_evicted_total too_slow") ?? 0;
    for (; evictions() === 0 && sent < 1000; sent++) { // until the kernel's buffers are full, too
      node.p2p.notify("block", { padding });
      await until(() => frames > sent);
    }
    expect(evictions()).toBe(1);
    expect(frames).toBe(sent); // the other client missed nothing
    expect(node.metrics.gauge("commons_http_ws_clients")).toBe(2); // the stuck one is still connected
    const third = new WebSocket(`${node.socketUrl}/ws`);
    await nextFrame(third); // it stands in nobody's way
    third.close();
    await closed(third);
    reading.close();
    await closed(reading);
  } finally {
    stuck.close();
  }
  await until(() => node.metrics.gauge("commons_http_ws_clients") === 0);
});

Deno.test("ws() refuses pages of other origins, and a proxy's headers make nobody local", async (t) => {
  await using node = await running({ maxWsClients: 1 });
  const rows: [header: string, status: string][] = [
    ["Origin: https://evil.example", "403 Forbidden"],
    ["Origin: null", "403 Forbidden"],
    ["X-Forwarded-For: 127.0.0.1", "401 Unauthorized"],
    ["Forwarded: for=127.0.0.1", "401 Unauthorized"],
    ["Origin: https://app.example", "101 Switching Protocols"],
  ];
  for (const [header, status] of rows) {
    await t.step(header, async () => expect(await upgradeOnce(node.url, [header])).toContain(status));
  }
});

Deno.test("ws() gives up a client that answers no ping", async () => {
  await using node = await running({ wsIdleSeconds: 1 });
  const { port } = new URL(node.url);
  using silent = await Deno.connect({ port: Number(port) });
  await silent.write(new TextEncoder().encode(upgradeHead(port)));
  const opcodes: number[] = [];
  const bytes = new Uint8Array(4096);
  for (let length = await silent.read(bytes); length !== null; length = await silent.read(bytes)) {
    // the pings and the goodbye come alone, and behind them nothing is long
    const code = [0x89, 0x88].find((opcode) => bytes[0] === opcode);
    if (code !== undefined) opcodes.push(code);
    if (code === 0x88) break;
  }
  expect(opcodes).toEqual([0x89, 0x88]);
  await until(() => node.metrics.gauge("commons_http_ws_clients") === 0);
});

Deno.test("stop() closes sockets with 1001", async () => {
  const fake = fakeService({}, { clock: systemClock });
  const { url } = await fake.service.start();
  const socket = new WebSocket(url.replace("http", "ws") + "/ws");
  await nextFrame(socket);
  const end = nextFrame(socket);
  await fake.service.stop();
  expect(await end).toBe("<1001>");
});

Deno.test("stop() does not wait for ever for a request under way, and does not break it", async () => {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<ModuleHttpResponse>();
  const handleHttp = () => {
    asked.resolve();
    return answered.promise;
  };
  const fake = fakeService({}, { modules: { ...fakeModules(), handleHttp } });
  const { url } = await fake.service.start();
  const response = fetch(`${url}/modules/hello/http/wait`);
  await asked.promise;
  const stopped = fake.service.stop();
  await fake.clock.advance(2_000);
  await stopped;
  answered.resolve({ status: 200, headers: {}, body: new TextEncoder().encode("late") });
  expect(await (await response).text()).toBe("late");
});

Deno.test("events() arrive over a real socket and resume", async () => {
  await using node = await running();
  node.events.publish("NewBlock", { block_hash: "ab", height: 1 });
  const response = await fetch(`${node.url}/api/v1/events`, { headers: { "last-event-id": "0" } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("id: 1\n")) text += (await reader?.read())?.value ?? "";
  node.events.publish("NewBlock", { block_hash: "cd", height: 2 });
  while (!text.includes("id: 2\n")) text += (await reader?.read())?.value ?? "";
  await reader?.cancel();
  await until(() => node.metrics.gauge("commons_http_sse_clients") === 0);
});

function upgradeHead(port: string, headers: readonly string[] = []): string {
  return `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
    headers.map((line) => `${line}\r\n`).join("") + "\r\n";
}

async function upgradeOnce(url: string, headers: readonly string[] = []): Promise<string> {
  const { port } = new URL(url);
  using connection = await Deno.connect({ port: Number(port) });
  await connection.write(new TextEncoder().encode(upgradeHead(port, headers)));
  const bytes = new Uint8Array(4096);
  const length = await connection.read(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, length));
}
