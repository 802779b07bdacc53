import { expect } from "expect";
import { systemClock, systemRandom } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { createCellFactory } from "./cell_factory.ts";
import type { Cell, CellFactory, CellHandlers, CellInit, CellLimits } from "./cell_types.ts";
import { findDenoDir } from "./deno_dir.ts";

const LIMITS: CellLimits = {
  memoryBytes: 48 << 20,
  startupMs: 10_000,
  unresponsiveMs: 1_000,
  stopMs: 500,
  eventQueue: 100,
  requestsPerSecond: 100_000,
  maxInFlight: 64,
  maxFrameBytes: 1 << 20,
};
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

function initOf(source: string, limits: Partial<CellLimits> = {}): CellInit {
  return {
    name: "probe",
    version: "1.0.0",
    instanceId: "probe_00",
    source,
    config: { nested: { word: "hi" } },
    dataDir: "/nowhere",
    net: [],
    capabilities: [],
    limits: { ...LIMITS, ...limits },
  };
}

async function factory(): Promise<CellFactory & AsyncDisposable> {
  const made = await createCellFactory(
    { clock: systemClock, random: systemRandom, logger: silent },
    { denoDir: findDenoDir(Deno.build.os, (name) => Deno.env.get(name)) },
  );
  return {
    start: (init, handlers) => made.start(init, handlers),
    close: () => made.close(),
    [Symbol.asyncDispose]: () => made.close(),
  };
}

function handlers(logs: string[] = []): CellHandlers {
  return {
    onCall: (method, params) => method === "http.register" ? 0 : params.at(-1),
    onLog: (level, message) => void logs.push(`${level} ${message}`),
  };
}

function alive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof TypeError) return false;
    throw error;
  }
}

Deno.test("a cell loads a module, serves what is asked, and stops", async () => {
  await using cells = await factory();
  const logs: string[] = [];
  const cell = await cells.start(
    initOf(`export default {
      async start(node) {
        console.log("word", node.config.nested.word, Object.isFrozen(node.config.nested));
        node.cli.command({ name: "greet" }, ({ name }) => "Hello, " + name);
        node.http.get("/x/:id", ({ params }) => ({ id: params.id }));
        node.api.expose("add", ({ a, b }, caller) => ({ sum: a + b, caller }));
        node.api.expose("fail", () => { throw new Error("on purpose") });
        node.events.on("NewBlock", ({ height }) => node.log.info("height " + height));
        node.log.info("stored " + await node.storage.set(["k"], new Uint8Array([1])));
      },
      stop() { console.warn("stopping") },
    }`),
    handlers(logs),
  );
  await cell.started;
  const ask = (invocation: Parameters<Cell["invoke"]>[0]) => cell.invoke(invocation, { deadlineMs: 5_000 });
  expect(await ask({ kind: "cli", subcommand: "greet", args: { name: "Ada" } })).toBe("Hello, Ada");
  expect(await ask({ kind: "api", method: "add", params: { a: 2n ** 70n, b: 1n }, caller: "tester" }))
    .toEqual({ sum: 2n ** 70n + 1n, caller: "tester" });
  await expect(ask({ kind: "api", method: "fail", params: null, caller: "tester" }))
    .rejects.toMatchObject({ code: "MODULE_FAILED", message: "on purpose" });
  const request = {
    method: "GET",
    path: "/x/7",
    params: { id: "7" },
    query: {},
    headers: {},
    body: new Uint8Array(0),
  };
  expect(await ask({ kind: "http", route: 0, request })).toEqual({
    status: 200,
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode('{"id":"7"}'),
  });
  cell.sendEvent(
    JSON.stringify({ id: 1, type: "NewBlock", time: 0, payload: { block_hash: "", height: 42 } }),
  );
  await ask({ kind: "api", method: "add", params: { a: 1, b: 1 }, caller: "x" });
  expect(await cell.stop()).toMatchObject({ reason: "stopped" });
  expect(alive(cell.pid)).toBe(false);
  expect(logs).toEqual(["info word hi true", "info stored undefined", "info height 42", "warn stopping"]);
});

Deno.test("a cell that goes wrong ends with its reason and leaves no process", async (t) => {
  await using cells = await factory();
  const later = (code: string) => `export default { start() { setTimeout(() => { ${code} }, 20) } }`;
  const cases: Record<
    string,
    { source: string; reason: string; detail?: RegExp; limits?: Partial<CellLimits>; starts?: boolean }
  > = {
    "throws at load": { source: `throw new Error("boom")`, reason: "crashed", detail: /^Error: boom/ },
    "throws in start": {
      source: `export default { start() { throw new TypeError("no") } }`,
      reason: "crashed",
      detail: /TypeError: no/,
    },
    "rejects in start": {
      source: `export default { async start() { await null; throw "text" } }`,
      reason: "crashed",
    },
    "has no start": { source: `export default {}`, reason: "crashed", detail: /start function/ },
    "is no JavaScript": { source: `this is not JavaScript`, reason: "crashed", detail: /SyntaxError/ },
    "throws an object with a hostile toString": {
      source: `throw { toString() { throw 1 }, get name() { throw 2 } }`,
      reason: "crashed",
    },
    "spins at load": { source: `for (;;);`, reason: "start_timeout", limits: { startupMs: 1_500 } },
    "never finishes start": {
      source: `export default { start() { return new Promise(() => {}) } }`,
      reason: "start_timeout",
      limits: { startupMs: 1_500 },
    },
    "throws in a timer": {
      source: later(`throw new Error("late")`),
      reason: "crashed",
      detail: /^Error: late/,
      starts: true,
    },
    "leaves a rejection": {
      source: later(`Promise.reject(new Error("lost"))`),
      reason: "crashed",
      detail: /lost/,
      starts: true,
    },
    "spins in a timer": { source: later(`for (;;);`), reason: "unresponsive", starts: true },
    "spins in microtasks": {
      source: later(`const f = () => queueMicrotask(f); f()`),
      reason: "unresponsive",
      starts: true,
    },
    "waits for ever": {
      source: later(`Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`),
      reason: "unresponsive",
      starts: true,
    },
    "fills its heap": {
      source: later(`const a = []; for (;;) a.push(new Array(100).fill({}))`),
      reason: "out_of_memory",
      starts: true,
      limits: { unresponsiveMs: 20_000 },
    },
    "allocates 3 GB of typed arrays": {
      source: later(`const a = []; for (let i = 0; i < 3000; i++) a.push(new Uint8Array(1 << 20).fill(1))`),
      reason: "out_of_memory",
      starts: true,
      limits: { unresponsiveMs: 20_000 },
    },
    "does not stop": {
      source: `export default { start() {}, stop() { for (;;); } }`,
      reason: "killed",
      starts: true,
    },
  };
  for (const [name, { source, reason, detail, limits, starts = false }] of Object.entries(cases)) {
    await t.step(name, async () => {
      const cell = await cells.start(initOf(source, limits), handlers());
      if (starts) await cell.started;
      else await expect(cell.started).rejects.toMatchObject({ code: "START_FAILED" });
      const exit = await (name === "does not stop" ? cell.stop() : cell.exited);
      expect(exit.reason).toBe(reason);
      if (detail) expect(exit.detail).toMatch(detail);
      expect(alive(cell.pid)).toBe(false);
    });
  }
});

Deno.test("a module finds nothing of the host in its cell", async () => {
  await using cells = await factory();
  const logs: string[] = [];
  const names =
    "Deno process require Worker caches BroadcastChannel localStorage sessionStorage Buffer global fetch WebSocket " +
    "EventSource navigator location postMessage close onmessage importScripts indexedDB prompt alert confirm GPU";
  const cell = await cells.start(
    initOf(`
      const present = ${JSON.stringify(names.split(" "))}.filter((name) => name in globalThis);
      const attempts = {
        eval: () => eval("1"),
        indirect: () => (0, eval)("1"),
        Function: () => new Function("return 1"),
        constructor: () => (() => {}).constructor("return 1")(),
        async: () => (async () => {}).constructor("return 1")(),
        generator: () => (function* () {}).constructor("return 1")(),
        timer: () => setTimeout("globalThis.pwned = 1"),
        reflect: () => Reflect.construct(Function, ["return 1"]),
        proto: () => Object.getPrototypeOf(function () {}).constructor("return 1"),
      };
      const open = Object.keys(attempts).filter((name) => { try { attempts[name](); return true } catch { return false } });
      export default { start(node) { node.log.info(JSON.stringify({ present, open, own: Object.keys(globalThis).length >= 0 })) } }
    `),
    handlers(logs),
  );
  await cell.started;
  await cell.stop();
  expect(logs).toEqual([`info ${JSON.stringify({ present: [], open: [], own: true })}`]);
});

Deno.test("a spare cell is used once and ended with the factory", async () => {
  const { memoryBytes, unresponsiveMs } = LIMITS;
  const cells = await createCellFactory(
    { clock: systemClock, random: systemRandom, logger: silent },
    {
      denoDir: findDenoDir(Deno.build.os, (name) => Deno.env.get(name)),
      spare: { memoryBytes, unresponsiveMs, net: [] },
    },
  );
  const source = `export default { start() {} }`;
  const first = await cells.start(initOf(source), handlers());
  await first.started;
  await new Promise((resolve) => setTimeout(resolve, 900)); // the spare is made 300 ms after a start
  const second = await cells.start(initOf(source), handlers());
  const third = await cells.start(initOf(source), handlers());
  await Promise.all([second.started, third.started]);
  expect(new Set([first.pid, second.pid, third.pid]).size).toBe(3);
  await cells.close();
  expect([first, second, third].map((cell) => alive(cell.pid))).toEqual([false, false, false]);
  await expect(cells.start(initOf(source), handlers())).rejects.toMatchObject({ code: "CELL_START_FAILED" });
});

Deno.test("a cell with network reaches the hosts that it was granted and no other", async () => {
  await using granted = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/away") return Response.redirect(`http://127.0.0.1:${other.addr.port}/`);
    return new Response("granted");
  });
  let reached = 0;
  await using other = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
    reached++;
    return new Response("other");
  });
  await using cells = await factory();
  const logs: string[] = [];
  const host = `127.0.0.1:${granted.addr.port}`;
  const cell = await cells.start(
    {
      ...initOf(`
        const text = async (url) => { try { return await (await fetch(url)).text() } catch (error) { return error.name } };
        const socket = (url) => new Promise((resolve) => {
          try {
            const ws = new WebSocket(url);
            ws.onopen = () => resolve("open");
            ws.onerror = () => resolve("error");
          } catch (error) { resolve(error.name) }
        });
        export default { async start(node) {
          node.log.info(JSON.stringify([
            await text("http://${host}/"), await text("http://${host}/away"), await text("http://127.0.0.1:${other.addr.port}/"),
            await text("file:///etc/hostname"), await socket("ws://127.0.0.1:${other.addr.port}/"), typeof Deno,
          ]));
        } }`),
      net: [host],
    },
    handlers(logs),
  );
  await cell.started;
  await cell.stop();
  expect(JSON.parse(logs[0]?.slice(5) ?? "[]")).toEqual([
    "granted",
    "NotCapable",
    "NotCapable",
    "NotCapable",
    expect.stringMatching(/NotCapable|error/),
    "undefined",
  ]);
  expect(reached).toBe(0);
});
