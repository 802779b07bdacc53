import { expect } from "expect";
import { BEARER, fakeService, NODE, PEER } from "./test_fakes.ts";

interface Row {
  readonly ask: string;
  readonly body?: unknown;
  readonly status: number;
  readonly code?: string;
  readonly answer?: unknown;
}

const ROWS: readonly Row[] = [
  { ask: "GET /ready", status: 200, answer: { ready: true, checks: { store: { ok: true } } } },
  {
    ask: "GET /api/v1/node",
    status: 200,
    answer: {
      name: NODE.name,
      version: NODE.version,
      network: NODE.network,
      peerId: NODE.peerId,
      nodeId: NODE.nodeId,
      userAgent: NODE.userAgent,
      services: 2 ** 29,
      uptimeSeconds: 0,
      listening: ["/ip4/127.0.0.1/tcp/9905/p2p/12D3KooWfake"],
    },
  },
  { ask: "GET /api/v1/peers", status: 200, answer: { peers: [PEER] } },
  {
    ask: "POST /api/v1/peers",
    body: { multiaddr: "/ip4/1.2.3.4/tcp/1" },
    status: 201,
    answer: { peerId: "12D3KooWpeer" },
  },
  { ask: "POST /api/v1/peers", body: { multiaddr: "bad" }, status: 400, code: "INVALID_MULTIADDR" },
  { ask: "POST /api/v1/peers", body: { multiaddr: "/dead" }, status: 502, code: "DIAL_FAILED" },
  { ask: "POST /api/v1/peers", body: { multiaddr: 1 }, status: 400, code: "INVALID_PARAMS" },
  { ask: "POST /api/v1/peers", body: { multiaddr: "/x", extra: 1 }, status: 400, code: "INVALID_PARAMS" },
  { ask: "POST /api/v1/peers", status: 400, code: "INVALID_PARAMS" },
  { ask: "DELETE /api/v1/peers/12D3KooWpeer", status: 204 },
  { ask: "DELETE /api/v1/peers/12D3KooWother", status: 404, code: "PEER_NOT_FOUND" },
  {
    ask: "POST /api/v1/gossip/block",
    body: { message: { Hash: "x" } },
    status: 200,
    answer: { recipients: 2, message: { Hash: "x" } },
  },
  {
    ask: "POST /api/v1/gossip/block",
    body: { Hash: "x" },
    status: 200,
    answer: { recipients: 2, message: { Hash: "x" } },
  },
  {
    ask: "POST /api/v1/gossip/block",
    body: { message: { Hash: "bad" } },
    status: 422,
    code: "HASH_ABOVE_TARGET",
  },
  { ask: "POST /api/v1/gossip/block", body: [1], status: 400, code: "INVALID_PARAMS" },
  { ask: "POST /api/v1/gossip/other", body: {}, status: 404, code: "UNKNOWN_TOPIC" },
  { ask: "POST /api/v1/gossip/..%2fx", body: {}, status: 404, code: "UNKNOWN_TOPIC" },
  { ask: "GET /api/v1/gossip/stats", status: 200, answer: { bytesSent: 0, bytesReceived: 0, topics: [] } },
  { ask: "GET /api/v1/modules/none", status: 404, code: "MODULE_NOT_FOUND" },
  { ask: "GET /api/v1/modules/BAD", status: 400, code: "INVALID_MODULE_NAME" },
  { ask: "POST /api/v1/modules/none/load", status: 404, code: "MODULE_NOT_FOUND" },
  { ask: "POST /api/v1/modules/broken/load", status: 422, code: "MANIFEST_SYNTAX" },
  { ask: "POST /api/v1/modules/greedy/load", status: 403, code: "NEEDS_APPROVAL" },
  { ask: "POST /api/v1/modules/..%2f..%2fx/unload", status: 400, code: "INVALID_MODULE_NAME" },
  {
    ask: "POST /api/v1/modules/hello/call",
    body: { method: "greet", params: { name: "Ada" } },
    status: 200,
    answer: {
      result: {
        method: "greet",
        params: { name: "Ada" },
        caller: "operator",
        big: "1152921504606846976",
        bytes: "ff",
      },
    },
  },
  { ask: "POST /api/v1/modules/hello/call", body: { method: "crash" }, status: 500, code: "INTERNAL" },
  { ask: "POST /api/v1/modules/hello/call", body: {}, status: 400, code: "INVALID_PARAMS" },
  {
    ask: "GET /api/v1/modules/hello/logs?limit=2",
    status: 200,
    answer: { lines: [{ time: "T", level: "info", message: "limit 2" }] },
  },
  {
    ask: "GET /api/v1/modules/hello/audit?limit=5",
    status: 200,
    answer: { calls: [{ method: "node.info", outcome: "ok", at: "1970-01-01T00:00:00.005Z" }] },
  },
  { ask: "GET /api/v1/modules/hello/audit?limit=x", status: 400, code: "INVALID_PARAMS" },
  {
    ask: "GET /api/v1/module-api",
    status: 200,
    answer: expect.objectContaining({
      methods: expect.arrayContaining([expect.objectContaining({ name: "node.info" })]),
    }),
  },
  { ask: "GET /api/v1/modules/hello/logs?limit=-1", status: 400, code: "INVALID_PARAMS" },
  { ask: "GET /modules/none/http/x", status: 404, code: "MODULE_NOT_FOUND" },
  { ask: "GET /ws", status: 426, code: "UPGRADE_REQUIRED" },
  { ask: "GET /p2p-ws?types=block,nonsense", status: 400, code: "INVALID_PARAMS" },
  { ask: "GET /api/v1/events?types=Nonsense", status: 400, code: "INVALID_PARAMS" },
  { ask: "GET /api/v1/bans", status: 200, answer: { bans: [] } },
  { ask: "POST /api/v1/modules/install", body: {}, status: 501, code: "UNAVAILABLE" },
  { ask: "DELETE /api/v1/modules/hello", status: 501, code: "UNAVAILABLE" },
  { ask: "GET /api/v1/governance/proposals/1", status: 501, code: "UNAVAILABLE" },
  { ask: "GET /nothing", status: 404, code: "NOT_FOUND" },
  { ask: "PUT /api/v1/node", status: 405, code: "METHOD_NOT_ALLOWED" },
  { ask: "GET /rpc", status: 405, code: "METHOD_NOT_ALLOWED" },
];

Deno.test("routes() answer as the contract says", async (t) => {
  for (const row of ROWS) {
    await t.step(`${row.ask} ${JSON.stringify(row.body) ?? ""}: ${row.code ?? row.status}`, async () => {
      const { app } = fakeService();
      const [method = "", path = ""] = row.ask.split(" ");
      const body = row.body === undefined ? {} : { body: JSON.stringify(row.body) };
      const response = await app.request(path, { method, headers: BEARER, ...body });
      const text = await response.text();
      expect([response.status, text === "" ? undefined : JSON.parse(text).code]).toEqual([
        row.status,
        row.code,
      ]);
      if (row.answer !== undefined) expect(JSON.parse(text)).toEqual(row.answer);
      if (row.code !== undefined) {
        expect(response.headers.get("content-type")).toBe("application/problem+json");
        expect(JSON.parse(text)).toMatchObject({ type: "about:blank", status: row.status });
        expect(text).not.toContain("secret inside");
      }
    });
  }
});

Deno.test("routes() change modules and answer their view", async () => {
  const { app } = fakeService();
  for (const action of ["load", "unload", "reload", "approve", "revoke"]) {
    const response = await app.request(`/api/v1/modules/hello/${action}`, {
      method: "POST",
      headers: BEARER,
    });
    expect([response.status, (await response.json()).name]).toEqual([200, "hello"]);
  }
  const list = await (await app.request("/api/v1/modules")).json();
  expect(list.modules.map(({ name }: { name: string }) => name)).toEqual(["hello", "asleep"]);
});

Deno.test("health answers OK, and ready 503 when a part does not work", async () => {
  const health = { ready: () => ({ ready: false, checks: { p2p: { ok: false, detail: "starting" } } }) };
  const { app } = fakeService({}, { health });
  const ok = await app.request("/health");
  expect([ok.status, await ok.text()]).toEqual([200, "OK"]);
  const ready = await app.request("/ready");
  expect([ready.status, await ready.json()]).toEqual([503, health.ready()]);
});

Deno.test("routes() tell which methods a path takes", async () => {
  const { app } = fakeService();
  const wrong = await app.request("/api/v1/peers", { method: "PATCH", headers: BEARER });
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
  await wrong.body?.cancel();
  const options = await app.request("/api/v1/peers", { method: "OPTIONS", headers: BEARER });
  expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, POST"]);
});

Deno.test("node() counts up and is made once a second", async () => {
  const { app, clock } = fakeService();
  await clock.advance(2500);
  expect((await (await app.request("/api/v1/node")).json()).uptimeSeconds).toBe(2);
});

Deno.test("metrics() counts answers by class", async () => {
  const { app } = fakeService();
  for (const path of ["/health", "/api/v1/peers", "/nothing"]) await (await app.request(path)).body?.cancel();
  const response = await app.request("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4");
  expect(await response.text()).toBe("commons_http_requests_total 2xx 2\ncommons_http_requests_total 4xx 1");
});

Deno.test("body() is bounded while it is read", async (t) => {
  const { app } = fakeService({ maxBodyBytes: 100 });
  const post = (body: BodyInit, headers = {}) =>
    app.request("/api/v1/peers", { method: "POST", headers: { ...BEARER, ...headers }, body });
  const endless = () => {
    let sent = 0;
    return new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(64).fill(sent++ % 256)),
    }, { highWaterMark: 0 });
  };
  const rows: [name: string, answer: () => Promise<Response>, status: number, code: string][] = [
    ["said to be too large", () => post("{}", { "content-length": "101" }), 413, "BODY_TOO_LARGE"],
    ["too large", () => post(JSON.stringify("x".repeat(100))), 413, "BODY_TOO_LARGE"],
    ["endless", () => post(endless()), 413, "BODY_TOO_LARGE"],
    ["not JSON", () => post("{"), 400, "INVALID_JSON"],
    ["not UTF-8", () => post(new Uint8Array([0x22, 0xff, 0x22])), 400, "INVALID_JSON"],
    ["too deep", () => post("[".repeat(65)), 400, "JSON_TOO_DEEP"],
    ["brackets in a text", () => post(`"${'\\"['.repeat(25)}"`), 400, "INVALID_PARAMS"],
  ];
  for (const [name, answer, status, code] of rows) {
    await t.step(name, async () => {
      const response = await answer();
      expect([response.status, (await response.json()).code]).toEqual([status, code]);
    });
  }
});

Deno.test("body() has a deadline", async () => {
  const { app, clock } = fakeService();
  const silent = new ReadableStream<Uint8Array>({});
  const answer = app.request("/api/v1/peers", { method: "POST", headers: BEARER, body: silent });
  await clock.advance(30_000);
  const response = await answer;
  expect([response.status, (await response.json()).code]).toEqual([408, "REQUEST_TIMEOUT"]);
});

Deno.test("an error of the node's own is logged and says nothing", async () => {
  const { app, log } = fakeService();
  const body = JSON.stringify({ method: "crash" });
  const response = await app.request("/api/v1/modules/hello/call", { method: "POST", headers: BEARER, body });
  expect(await response.text()).not.toContain("secret");
  expect(log.lines.map(({ message }) => message)).toEqual(["request failed"]);
});

Deno.test("module routes are not told the node's token", async () => {
  const { app } = fakeService();
  const response = await app.request("/modules/hello/http/a%20b/c?x=1&y=2", {
    method: "POST",
    headers: {
      ...BEARER,
      cookie: "a=b",
      "content-type": "text/plain",
      "user-agent": "me",
      "x-hook": "1",
      "x-api-key": "secret",
      "x-forwarded-for": "1.2.3.4",
    },
    body: "hi",
  });
  expect(await response.json()).toEqual({
    method: "POST",
    path: "/a%20b/c",
    query: { x: "1", y: "2" },
    headers: {
      "content-type": "text/plain",
      "user-agent": "me",
      "x-hook": "1",
      "x-forwarded-for": "1.2.3.4",
    },
    body: "hi",
  });
  expect(response.headers.get("x-mine")).toBe("1");
  expect(response.headers.get("content-security-policy")).toMatch(/^sandbox/);
});

Deno.test("pages are self-contained and the document covers every path", async () => {
  const { app } = fakeService();
  for (const path of ["/", "/docs", "/assets/dashboard.js", "/assets/pages.css"]) {
    const response = await app.request(path);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).not.toMatch(/https?:\/\//);
    expect(text).not.toContain("innerHTML");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  }
  const document = await (await app.request("/openapi.json")).json();
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      "/health",
      "/openapi.json",
      "/rpc",
      "/api/v1/modules/{name}/load",
      "/modules/{name}/http/{path}",
    ]),
  );
  expect(document.paths["/api/v1/peers"].post.requestBody.content["application/json"].schema).toMatchObject({
    type: "object",
    required: ["multiaddr"],
    additionalProperties: false,
  });
  const ids = Object.values<Record<string, { operationId: string }>>(document.paths)
    .flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  expect(new Set(ids).size).toBe(ids.length);
});
