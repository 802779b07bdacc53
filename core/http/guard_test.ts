import { expect } from "expect";
import { BEARER, fakeService, from, TOKEN } from "./test_fakes.ts";

const REMOTE = from("203.0.113.7");
const LOCAL = from("127.0.0.1");
const WRONG = { authorization: `Bearer ${"00".repeat(32)}` };

async function codeOf(response: Response): Promise<unknown> {
  return (await response.json()).code;
}

Deno.test("guard() asks for the token as the contract says", async (t) => {
  const node = "/api/v1/node";
  const rows = [
    { who: "local read", path: node, info: LOCAL, status: 200 },
    { who: "local mapped read", path: node, info: from("::ffff:127.0.0.1"), status: 200 },
    { who: "local IPv6 read", path: node, info: from("::1"), status: 200 },
    { who: "local HEAD", path: node, method: "HEAD", info: LOCAL, status: 200 },
    { who: "local read with wrong token", path: node, info: LOCAL, headers: WRONG, status: 200 },
    {
      who: "local proxied read",
      path: node,
      info: LOCAL,
      headers: { "x-forwarded-for": "127.0.0.1" },
      status: 401,
    },
    {
      who: "local proxied read",
      path: node,
      info: LOCAL,
      headers: { forwarded: "for=127.0.0.1" },
      status: 401,
    },
    { who: "remote read", path: node, info: REMOTE, status: 401 },
    {
      who: "remote read claiming to be local",
      path: node,
      info: REMOTE,
      headers: { "x-forwarded-for": "::1" },
      status: 401,
    },
    { who: "remote read with token", path: node, info: REMOTE, headers: BEARER, status: 200 },
    { who: "remote read with wrong token", path: node, info: REMOTE, headers: WRONG, status: 401 },
    { who: "remote read, public", path: node, info: REMOTE, publicRead: true, status: 200 },
    {
      who: "remote read, public, wrong token",
      path: node,
      info: REMOTE,
      publicRead: true,
      headers: WRONG,
      status: 401,
    },
    { who: "local write", path: "/api/v1/peers", method: "POST", info: LOCAL, status: 401 },
    {
      who: "remote write, public read",
      path: "/api/v1/peers",
      method: "POST",
      info: REMOTE,
      publicRead: true,
      status: 401,
    },
    { who: "local delete", path: "/api/v1/peers/12D3KooWpeer", method: "DELETE", info: LOCAL, status: 401 },
    {
      who: "local delete with token",
      path: "/api/v1/peers/12D3KooWpeer",
      method: "DELETE",
      info: LOCAL,
      headers: BEARER,
      status: 204,
    },
    {
      who: "lower-case scheme",
      path: "/api/v1/peers/12D3KooWpeer",
      method: "DELETE",
      info: LOCAL,
      headers: { authorization: `bearer ${TOKEN}` },
      status: 204,
    },
    {
      who: "basic is no bearer",
      path: "/api/v1/peers/12D3KooWpeer",
      method: "DELETE",
      info: LOCAL,
      headers: { authorization: `Basic ${TOKEN}` },
      status: 401,
    },
    { who: "remote health", path: "/health", info: REMOTE, status: 200 },
    { who: "remote ready", path: "/ready", info: REMOTE, status: 200 },
    { who: "remote health, wrong token", path: "/health", info: REMOTE, headers: WRONG, status: 200 },
    { who: "remote escaped health", path: "/%68ealth", info: REMOTE, status: 401 },
    { who: "remote metrics", path: "/metrics", info: REMOTE, status: 401 },
    { who: "remote dashboard", path: "/", info: REMOTE, status: 401 },
    { who: "module read", path: "/modules/hello/http/x", info: LOCAL, status: 200 },
    { who: "module write", path: "/modules/hello/http/x", method: "POST", info: LOCAL, status: 401 },
    {
      who: "module write with token",
      path: "/modules/hello/http/x",
      method: "POST",
      info: LOCAL,
      headers: BEARER,
      status: 200,
    },
    { who: "remote unknown path", path: "/nothing", info: REMOTE, status: 401 },
  ];
  for (const row of rows) {
    await t.step(`${row.who}: ${row.status}`, async () => {
      const { app } = fakeService({ publicRead: row.publicRead ?? false });
      const init = { method: row.method ?? "GET", headers: row.headers ?? {} };
      const response = await app.request(row.path, init, row.info);
      expect(response.status).toBe(row.status);
      if (row.status === 401) {
        expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
        expect(await codeOf(response)).toBe("UNAUTHORIZED");
      }
    });
  }
});

Deno.test("guard() refuses foreign hosts", async (t) => {
  const rows: [url: string, host: string, status: number][] = [
    ["http://localhost:9906", "127.0.0.1", 200],
    ["http://LOCALHOST", "127.0.0.1", 200],
    ["http://127.0.0.1:1234", "127.0.0.1", 200],
    ["http://[::1]:9906", "127.0.0.1", 200],
    ["http://app.example", "127.0.0.1", 200],
    ["http://evil.example:9906", "127.0.0.1", 403],
    ["http://localhost.evil.example", "127.0.0.1", 403],
    ["http://127.0.0.1.evil.example", "127.0.0.1", 403],
    ["http://192.168.1.5", "127.0.0.1", 403],
    ["http://192.168.1.5:9906", "192.168.1.5", 200],
    ["http://192.168.1.5:1", "192.168.1.5", 403],
    ["http://10.0.0.9:1", "0.0.0.0", 200],
    ["http://[2001:db8::1]:1", "::", 200],
    ["http://evil.example", "0.0.0.0", 403],
    ["https://localhost", "127.0.0.1", 403],
  ];
  for (const [url, host, status] of rows) {
    await t.step(`${url} at ${host}: ${status}`, async () => {
      const { app } = fakeService({ host, port: 9906 });
      for (const path of ["/health", "/api/v1/node"]) {
        const response = await app.fetch(new Request(url + path));
        expect(response.status).toBe(status);
        if (status === 403) expect(await codeOf(response)).toBe("FORBIDDEN_HOST");
        else await response.body?.cancel();
      }
    });
  }
});

Deno.test("guard() refuses foreign origins and names listed ones in CORS headers", async (t) => {
  const rows: [origin: string, status: number, cors: boolean][] = [
    ["http://localhost", 200, false],
    ["https://app.example", 200, true],
    ["http://app.example", 403, false],
    ["https://app.example.evil", 403, false],
    ["http://localhost:3000", 403, false],
    ["null", 403, false],
    ["", 403, false],
  ];
  const { app } = fakeService();
  for (const [origin, status, cors] of rows) {
    await t.step(`${JSON.stringify(origin)}: ${status}`, async () => {
      for (const path of ["/health", "/api/v1/node", "/api/v1/peers", "/ws"]) {
        const response = await app.request(path, { headers: { origin } });
        expect(response.status).toBe(status === 200 && path === "/ws" ? 426 : status);
        expect(response.headers.get("access-control-allow-origin")).toBe(cors ? origin : null);
        if (status === 403) expect(await codeOf(response)).toBe("FORBIDDEN_ORIGIN");
      }
    });
  }
  await t.step("preflight of a listed origin needs no token", async () => {
    const headers = { origin: "https://app.example", "access-control-request-method": "POST" };
    const response = await app.request("/api/v1/peers", { method: "OPTIONS", headers });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(response.headers.get("access-control-allow-headers")).toContain("authorization");
  });
});

Deno.test("createHttpService() refuses what is no origin", () => {
  for (const origin of ["*", "app.example", "https://app.example/path", "ftp://app.example", "null"]) {
    expect(() => fakeService({ corsOrigins: [origin] })).toThrow(/CORS origin/);
  }
});

Deno.test("guard() limits requests per source, but not loopback", async () => {
  const { app, clock, metrics } = fakeService({ rateLimitPerMinute: 3, publicRead: true });
  const ask = async (info: ReturnType<typeof from>, path = "/api/v1/node") =>
    (await app.request(path, {}, info)).status;
  expect([await ask(REMOTE), await ask(REMOTE), await ask(REMOTE), await ask(REMOTE)]).toEqual([
    200,
    200,
    200,
    429,
  ]);
  expect(await ask(REMOTE, "/health")).toBe(200);
  expect(await ask(from("203.0.113.8"))).toBe(200);
  for (let i = 0; i < 10; i++) expect(await ask(LOCAL)).toBe(200);
  for (let i = 0; i < 3; i++) expect(await ask(from(`2001:db8:1:2::${i + 1}`))).toBe(200);
  expect(await ask(from("2001:db8:1:2:ffff::9"))).toBe(429); // the same /64
  expect(await ask(from("2001:db8:1:3::1"))).toBe(200);
  await clock.advance(20_000);
  expect([await ask(REMOTE), await ask(REMOTE)]).toEqual([200, 429]);
  expect(metrics.counted.get("commons_http_rate_limited_total requests")).toBe(3);
});

Deno.test("guard() limits wrong tokens, never the right one", async () => {
  const { app } = fakeService();
  const statuses: number[] = [];
  for (let i = 0; i < 11; i++) {
    statuses.push((await app.request("/api/v1/peers", { method: "POST", headers: WRONG })).status);
  }
  expect(statuses).toEqual([...Array(10).fill(401), 429]);
  const right = await app.request("/api/v1/peers/12D3KooWpeer", { method: "DELETE", headers: BEARER });
  expect(right.status).toBe(204);
});

Deno.test("guard() bounds address and number of headers", async () => {
  const { app } = fakeService({ publicRead: true });
  const long = await app.request("/" + "a".repeat(9000));
  expect([long.status, await codeOf(long)]).toEqual([414, "URI_TOO_LONG"]);
  const headers = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x-${i}`, "1"]));
  const many = await app.request("/api/v1/node", { headers }, REMOTE);
  expect([many.status, await codeOf(many)]).toEqual([431, "TOO_MANY_HEADERS"]);
});

Deno.test("a service without a token lets nobody write", async () => {
  const { app } = fakeService({ token: "" });
  const response = await app.request("/api/v1/peers", {
    method: "POST",
    headers: { authorization: "Bearer " },
  });
  expect(response.status).toBe(401);
});
