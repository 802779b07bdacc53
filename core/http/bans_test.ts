import { expect } from "expect";
import { BEARER, fakeService, from } from "./test_fakes.ts";

const PEER = "12D3KooWGRUfRnL3gDFTt5mVrBUiZGgRkcYXNSgFzB8yKGRPNMRJ";
const NOW = "2023-11-14T22:13:20.000Z"; // of the fake clock
const TOMORROW = "2023-11-15T22:13:20.000Z";

type Service = ReturnType<typeof fakeService>;

async function ask({ app }: Service, what: string, body?: unknown) {
  const [method = "", path = ""] = what.split(" ");
  const response = await app.request(path, {
    method,
    headers: BEARER,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

async function rpc(
  service: Service,
  method: string,
  params: unknown = [],
  headers: Record<string, string> = BEARER,
) {
  const response = await service.app.request("/rpc", {
    method: "POST",
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = await response.json();
  return error === undefined ? result : [error.code, error.message, error.data.code];
}

Deno.test("bans() over REST", async (t) => {
  const entry = { created: NOW, reason: "banned by the operator", source: "operator", hits: 0 };
  const rows: [body: unknown, status: number, answer: unknown][] = [
    [{ target: "192.0.2.1:9905" }, 201, { ...entry, target: "192.0.2.1", kind: "ip", until: TOMORROW }],
    [{ target: "192.0.2.1/24", duration: "1h" }, 201, {
      ...entry,
      target: "192.0.2.0/24",
      kind: "cidr",
      until: "2023-11-14T23:13:20.000Z",
    }],
    [{ target: PEER, duration: 60, reason: "a\nb" }, 201, {
      ...entry,
      target: PEER,
      kind: "peer",
      reason: "a b",
      until: "2023-11-14T22:14:20.000Z",
    }],
    [{ target: "::1", duration: "permanent" }, 201, { ...entry, target: "::1", kind: "ip", until: null }],
    [{ target: "::1", until: null }, 201, { ...entry, target: "::1", kind: "ip", until: null }],
    [
      { target: "::1", until: 1_700_000_060 },
      201,
      expect.objectContaining({ until: "2023-11-14T22:14:20.000Z" }),
    ],
    [
      { target: "::1", until: "2024-01-01" },
      201,
      expect.objectContaining({ until: "2024-01-01T00:00:00.000Z" }),
    ],
    [{}, 400, "INVALID_PARAMS"],
    [[], 400, "INVALID_PARAMS"],
    [{ target: 1 }, 400, "INVALID_PARAMS"],
    [{ target: "" }, 400, "INVALID_PARAMS"],
    [{ target: "1".repeat(129) }, 400, "INVALID_PARAMS"],
    [{ target: "::1", more: 1 }, 400, "INVALID_PARAMS"],
    [{ target: "::1", reason: "x".repeat(1025) }, 400, "INVALID_PARAMS"],
    [{ target: "::1", duration: null }, 400, "INVALID_PARAMS"],
    [{ target: "localhost" }, 400, "INVALID_BAN_TARGET"],
    [{ target: "1.2.3.4/33" }, 400, "INVALID_BAN_TARGET"],
    [{ target: "::1", duration: "1h", until: 1_800_000_000 }, 400, "INVALID_BAN_TIME"],
    [{ target: "::1", duration: 0 }, 400, "INVALID_BAN_TIME"],
    [{ target: "::1", duration: -1 }, 400, "INVALID_BAN_TIME"],
    [{ target: "::1", duration: "soon" }, 400, "INVALID_BAN_TIME"],
    [{ target: "::1", until: 1 }, 400, "INVALID_BAN_TIME"],
  ];
  for (const [body, status, answer] of rows) {
    await t.step(JSON.stringify(body).slice(0, 80), async () => {
      const got = await ask(fakeService(), "POST /api/v1/bans", body);
      expect(got.status).toBe(status);
      if (typeof answer === "string") expect(got.body.code).toBe(answer);
      else expect(got.body).toEqual(answer);
    });
  }
  await t.step("list, full, lift one, lift all", async () => {
    const service = fakeService(); // room for four
    for (const target of ["10.0.0.0/8", "2001:db8::/32", PEER, "192.0.2.1"]) {
      await ask(service, "POST /api/v1/bans", { target });
    }
    expect(await ask(service, "POST /api/v1/bans", { target: "192.0.2.2" }))
      .toMatchObject({ status: 409, body: { code: "BANS_FULL" } });
    const listed = async () =>
      (await ask(service, "GET /api/v1/bans")).body.bans.map(({ target }: { target: string }) => target);
    expect(await listed()).toEqual(["10.0.0.0/8", "2001:db8::/32", "192.0.2.1", PEER]);
    const deletes: [target: string, status: number, code?: string][] = [
      ["10.0.0.1", 404, "BAN_NOT_FOUND"],
      ["192.0.2.9", 404, "BAN_NOT_FOUND"],
      ["nonsense", 400, "INVALID_BAN_TARGET"],
      ["10.9.9.9/8", 204],
      ["2001:DB8::/32", 204],
      [PEER, 204],
      [PEER, 404, "BAN_NOT_FOUND"],
    ];
    for (const [target, status, code] of deletes) {
      const got = await ask(service, `DELETE /api/v1/bans/${encodeURIComponent(target)}`);
      expect([target, got.status, got.body?.code]).toEqual([target, status, code]);
    }
    expect(await ask(service, "DELETE /api/v1/bans")).toEqual({ status: 200, body: { removed: 1 } });
    expect(await listed()).toEqual([]);
  });
  await t.step("changing needs the token", async () => {
    const { app } = fakeService();
    for (const [method, path] of [["POST", ""], ["DELETE", ""], ["DELETE", "/::1"]] as const) {
      expect((await app.request(`/api/v1/bans${path}`, { method })).status).toBe(401);
    }
  });
});

Deno.test("setban, isbanned, listbanned, clearbanned", async (t) => {
  const bad = -8; // "invalid parameter" of Bitcoin Core
  const rows: [method: string, params: unknown, result: unknown][] = [
    ["setban", ["192.0.2.1", "add"], null],
    ["setban", ["192.0.2.2", "add", 0], null],
    ["setban", { subnet: "2001:db8::/32", command: "add", bantime: 60 }, null],
    ["setban", ["198.51.100.0/24", "add", 1_700_000_500, true], null],
    ["isbanned", ["192.0.2.1"], true],
    ["isbanned", ["192.0.2.1:9905"], true],
    ["isbanned", ["2001:db8::77"], true],
    ["isbanned", ["2001:db9::77"], false],
    ["listbanned", [], ["198.51.100.0/24", "2001:db8::/32", "192.0.2.1", "192.0.2.2"]],
    ["listbanned", [false], expect.arrayContaining(["192.0.2.1"])],
    ["listbanned", [true], [
      expect.objectContaining({ address: "198.51.100.0/24", banned_until: 1_700_000_500 }),
      expect.objectContaining({ address: "2001:db8::/32", banned_until: 1_700_000_060 }),
      {
        address: "192.0.2.1",
        banned_until: 1_700_086_400,
        ban_created: 1_700_000_000,
        ban_reason: "banned by the operator",
      },
      expect.objectContaining({ address: "192.0.2.2", banned_until: 1_700_086_400 }),
    ]],
    ["setban", ["192.0.2.3", "add"], [bad, "Failed to add ban", "BANS_FULL"]],
    ["setban", ["192.0.2.1", "remove"], null],
    ["setban", ["192.0.2.1", "remove"], [bad, "Failed to unban peer", "BAN_NOT_FOUND"]],
    ["setban", [], [bad, "IPOrSubnet is required", "INVALID_PARAMETER"]],
    ["setban", ["", "add"], [bad, "IPOrSubnet is required", "INVALID_PARAMETER"]],
    ["setban", ["localhost", "add"], [bad, "Invalid IP or subnet", "INVALID_BAN_TARGET"]],
    ["setban", [5, "add"], [bad, "Invalid IP or subnet", "INVALID_BAN_TARGET"]],
    ["setban", ["::1"], [bad, "Invalid command. Must be 'add' or 'remove'.", "INVALID_PARAMETER"]],
    ["setban", ["::1", "ADD"], [bad, "Invalid command. Must be 'add' or 'remove'.", "INVALID_PARAMETER"]],
    ["setban", ["::1", "add", "1h"], [bad, "Invalid bantime", "INVALID_BAN_TIME"]],
    ["setban", ["::1", "add", -1], [bad, "Invalid bantime", "INVALID_BAN_TIME"]],
    ["setban", ["::1", "add", 5, "yes"], [
      bad,
      "Invalid absolute: must be true or false",
      "INVALID_PARAMETER",
    ]],
    ["setban", ["::1", "add", 5, true], [
      bad,
      expect.stringContaining("not in the future"),
      "INVALID_BAN_TIME",
    ]],
    ["setban", ["::1", "add", 0, true], [
      bad,
      expect.stringContaining("not in the future"),
      "INVALID_BAN_TIME",
    ]],
    ["setban", ["::1", "add", 1, false, 1], [-32602, expect.stringContaining("at most 4"), "INVALID_PARAMS"]],
    ["isbanned", [], [bad, "IPOrSubnet is required", "INVALID_PARAMETER"]],
    ["isbanned", ["x"], [bad, "Invalid IP or subnet", "INVALID_BAN_TARGET"]],
    ["listbanned", ["x"], [bad, "Invalid verbose: must be true or false", "INVALID_PARAMETER"]],
    ["clearbanned", [], true],
    ["listbanned", [], []],
  ];
  const service = fakeService(); // room for four
  for (const [method, params, result] of rows) {
    await t.step(`${method} ${JSON.stringify(params)}`, async () => {
      expect(await rpc(service, method, params)).toEqual(result);
    });
  }
  await t.step("permanent bans have no end", async () => {
    await service.bans.ban("::2", { until: null });
    expect(await rpc(service, "listbanned", [true])).toEqual([
      expect.objectContaining({ address: "::2", banned_until: null }),
    ]);
  });
  await t.step("reading needs no token, changing does", async () => {
    const nobody = {};
    expect(await rpc(service, "isbanned", ["::1"], nobody)).toBe(false);
    expect(await rpc(service, "listbanned", [], nobody)).toEqual(["::2"]);
    for (const [method, params] of [["setban", ["::1", "add"]], ["clearbanned", []]] as const) {
      expect(await rpc(service, method, params, nobody)).toEqual([-32003, expect.anything(), "UNAUTHORIZED"]);
    }
  });
});

Deno.test("guard() refuses banned addresses and never loopback", async (t) => {
  const service = fakeService({ publicRead: true });
  const status = async (host: string, path = "/api/v1/node") =>
    (await service.app.request(path, { headers: BEARER }, from(host))).status;
  expect(await status("203.0.113.7")).toBe(200);
  for (const target of ["203.0.113.0/24", "2001:db8::1", "127.0.0.0/8", "::1"]) {
    await service.bans.ban(target);
  }
  const rows: [host: string, status: number][] = [
    ["203.0.113.7", 403],
    ["::ffff:203.0.113.7", 403],
    ["203.0.114.7", 200],
    ["2001:db8::1", 403],
    ["2001:db8::2", 200],
    ["127.0.0.1", 200],
    ["127.9.9.9", 200],
    ["::1", 200],
    ["::ffff:127.0.0.1", 200],
  ];
  for (const [host, wanted] of rows) {
    await t.step(host, async () => expect(await status(host)).toBe(wanted));
  }
  await t.step("health, too, and with the reason", async () => {
    expect(await status("203.0.113.7", "/health")).toBe(403);
    const answer = await service.app.request("/ready", {}, from("203.0.113.7"));
    expect((await answer.json()).code).toBe("BANNED");
  });
});

Deno.test("a ban ends the event streams of its addresses and no other", async () => {
  const service = fakeService({ publicRead: true });
  const open = async (host: string) => {
    const { body } = await service.app.request("/api/v1/events", {}, from(host));
    if (body === null) throw new Error("no body");
    const reader = body.getReader();
    await reader.read(); // the greeting
    return reader;
  };
  const bad = await open("203.0.113.7");
  const good = await open("203.0.114.7");
  const near = await open("127.0.0.1");
  await service.bans.ban("203.0.113.0/24");
  await service.bans.ban("127.0.0.1");
  const ends = await bad.read().then(({ done }) => done, () => true);
  expect(ends).toBe(true);
  for (const reader of [good, near]) {
    expect((await reader.read()).done).toBe(false); // the event of the ban itself
    await reader.cancel();
  }
});
