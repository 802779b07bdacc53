import { expect } from "expect";
import { createMetrics } from "../telemetry/mod.ts";
import { BEARER, fakeService } from "./test_fakes.ts";

type Json = Record<string, unknown>;

async function rpc(body: unknown, headers: Record<string, string> = BEARER) {
  const { app } = fakeService();
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await app.request("/rpc", { method: "POST", headers, body: text });
  const answer = await response.text();
  return { status: response.status, answer: answer === "" ? undefined : JSON.parse(answer) };
}

const two = (method: string, params?: unknown): Json => ({
  jsonrpc: "2.0",
  id: 7,
  method,
  ...(params === undefined ? {} : { params }),
});

Deno.test("rpc() methods answer", async (t) => {
  const rows: [method: string, params: unknown, result: unknown][] = [
    ["listmodules", [], ["hello"]],
    ["listmodules", undefined, ["hello"]],
    ["getmoduleclispecs", {}, {
      hello: { version: 1, name: "hello", subcommands: [{ name: "greet", args: [] }] },
    }],
    ["runmodulecli", ["hello", "greet", "Ada", "x"], { stdout: "greet Ada x", stderr: "", exit_code: 0 }],
    ["runmodulecli", { cli: "hello", subcommand: "greet", args: ["Ada"] }, {
      stdout: "greet Ada",
      stderr: "",
      exit_code: 0,
    }],
    ["loadmodule", ["hello"], "Module loaded"],
    ["unloadmodule", ["hello"], "Module unloaded"],
    ["reloadmodule", { name: "hello" }, "Module reloaded"],
    ["uptime", [], 0],
    ["getpeerinfo", [], [
      expect.objectContaining({
        id: 7,
        inbound: true,
        banscore: 30,
        subver: "other/1",
        services: "0000000000000000",
      }),
    ]],
    [
      "getnetworkinfo",
      [],
      expect.objectContaining({ connections: 1, connections_in: 1, localservices: "0000000020000000" }),
    ],
    ["help", ["runmodulecli"], expect.stringContaining("runmodulecli cli subcommand ( arg... )")],
    ["help", [], expect.stringContaining("hello_count")],
    ["hello_count", [1], { method: "hello_count", params: [1] }],
    ["hello_count", undefined, { method: "hello_count", params: [] }],
  ];
  for (const [method, params, result] of rows) {
    await t.step(`${method} ${JSON.stringify(params)}`, async () => {
      expect(await rpc(two(method, params))).toEqual({
        status: 200,
        answer: { jsonrpc: "2.0", id: 7, result },
      });
    });
  }
  await t.step("getrpcinfo lists everything", async () => {
    const { answer } = await rpc(two("getrpcinfo"));
    expect(answer.result.methods).toEqual(expect.arrayContaining(["help", "loadmodule", "hello_count"]));
  });
});

Deno.test("rpc() errors have the standard numbers", async (t) => {
  const rows: [name: string, body: unknown, status: number, code: number, message?: string][] = [
    ["not JSON", "{", 400, -32700, "Parse error"],
    ["empty", "", 400, -32600],
    ["not a call", "1", 400, -32600],
    ["no method", { jsonrpc: "2.0", id: 1 }, 400, -32600],
    ["bad version", { jsonrpc: "3.0", id: 1, method: "help" }, 400, -32600],
    ["bad params", { jsonrpc: "2.0", id: 1, method: "help", params: 1 }, 400, -32600],
    ["bad id", { jsonrpc: "2.0", id: {}, method: "help" }, 400, -32600],
    ["empty batch", [], 400, -32600],
    ["large batch", Array(101).fill(two("help")), 400, -32600],
    ["unknown method", two("nothing"), 200, -32601, "Method not found"],
    [
      "override not loaded",
      two("analyzepsbt"),
      200,
      -32001,
      "Method 'analyzepsbt' requires a module that answers it to be loaded",
    ],
    ["missing parameter", two("loadmodule"), 200, -32602],
    ["too many parameters", two("loadmodule", ["a", "b"]), 200, -32602],
    ["unknown parameter", two("loadmodule", { name: "hello", x: 1 }), 200, -32602],
    ["bad module name", two("unloadmodule", ["../x"]), 200, -32602],
    ["module not there", two("loadmodule", ["none"]), 200, -32602, "Module 'none' not found locally."],
    ["module refused", two("loadmodule", ["greedy"]), 200, -32603],
    [
      "no such CLI",
      two("runmodulecli", ["nope", "x"]),
      200,
      -32602,
      "No module with CLI name 'nope' is loaded",
    ],
    ["CLI name", two("runmodulecli", ["a b", "x"]), 200, -32602],
    ["CLI argument", two("runmodulecli", ["hello", "greet", 1]), 200, -32602],
    [
      "CLI too slow",
      two("runmodulecli", ["slow", "x"]),
      200,
      -32603,
      "Module did not respond to CLI invocation within 60 seconds",
    ],
    ["unknown help", two("help", ["nothing"]), 200, -32602],
    ["version 1.0, unknown", { id: 1, method: "nothing" }, 404, -32601],
    ["version 1.0, bad parameter", { id: 1, method: "loadmodule" }, 500, -32602],
  ];
  for (const [name, body, status, code, message] of rows) {
    await t.step(name, async () => {
      const result = await rpc(body);
      expect([result.status, result.answer.error.code]).toEqual([status, code]);
      if (message !== undefined) expect(result.answer.error.message).toBe(message);
    });
  }
});

Deno.test("rpc() speaks version 1.0", async () => {
  expect(await rpc({ id: "a", method: "uptime", params: [] })).toEqual({
    status: 200,
    answer: { result: 0, error: null, id: "a" },
  });
  const { answer } = await rpc({ method: "nothing" });
  expect(answer).toMatchObject({ result: null, id: null, error: { code: -32601 } });
});

Deno.test("rpc() answers batches in order and notifications not at all", async () => {
  const { status, answer } = await rpc([
    two("uptime"),
    { jsonrpc: "2.0", method: "uptime" },
    1,
    { ...two("nothing"), id: "x" },
  ]);
  expect(status).toBe(200);
  expect(answer).toEqual([
    { jsonrpc: "2.0", id: 7, result: 0 },
    { jsonrpc: "2.0", id: null, error: expect.objectContaining({ code: -32600 }) },
    { jsonrpc: "2.0", id: "x", error: expect.objectContaining({ code: -32601 }) },
  ]);
  expect(await rpc({ jsonrpc: "2.0", method: "uptime" })).toEqual({ status: 204, answer: undefined });
  expect(await rpc([{ jsonrpc: "2.0", method: "uptime" }])).toEqual({ status: 204, answer: undefined });
});

Deno.test("rpc() without the token runs what only reads", async (t) => {
  const reads = [
    "getrpcinfo",
    "help",
    "uptime",
    "listmodules",
    "getmoduleclispecs",
    "getpeerinfo",
    "getnetworkinfo",
  ];
  for (const method of reads) {
    await t.step(method, async () => {
      expect((await rpc(two(method), {})).answer.error).toBe(undefined);
    });
  }
  const writes: [string, unknown[]][] = [
    ["loadmodule", ["hello"]],
    ["unloadmodule", ["hello"]],
    ["reloadmodule", ["hello"]],
    ["runmodulecli", ["hello", "greet"]],
    ["hello_count", []],
  ];
  for (const [method, params] of writes) {
    await t.step(method, async () => {
      const { status, answer } = await rpc(two(method, params), {});
      expect([status, answer.error.code, answer.error.data.code]).toEqual([401, -32003, "UNAUTHORIZED"]);
    });
  }
  await t.step("element by element", async () => {
    const { status, answer } = await rpc([two("uptime"), two("loadmodule", ["hello"])], {});
    expect([status, answer[0].result, answer[1].error.code]).toEqual([200, 0, -32003]);
  });
});

Deno.test("rpc() takes what is as large as a block from the operator alone", async () => {
  const call = (bytes: number) => JSON.stringify({ ...two("uptime"), filler: "0".repeat(bytes) });
  expect((await rpc(call(8_000_000))).status).toBe(200);
  expect((await rpc(call(8_100_000))).status).toBe(413);
  expect((await rpc(call(60_000), {})).status).toBe(200);
  expect((await rpc(call(70_000), {})).status).toBe(413);
});

Deno.test("rpc() times each method, and never under a name that a caller made up", async () => {
  const metrics = createMetrics();
  const { app } = fakeService({}, { metrics });
  const call = (method: string) => ({ jsonrpc: "2.0", id: 1, method, params: [] });
  const body = JSON.stringify([call("listbanned"), call("listbanned"), call("nosuch"), call("<script>")]);
  await app.request("/rpc", { method: "POST", body });
  const lines = (await metrics.text()).split("\n").filter((line) =>
    line.startsWith("commons_http_rpc_ms_count")
  );
  expect(lines).toEqual([
    'commons_http_rpc_ms_count{method="listbanned"} 2',
    'commons_http_rpc_ms_count{method="unknown"} 2',
  ]);
});
