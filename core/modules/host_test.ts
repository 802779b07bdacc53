import { expect } from "expect";
import { codeOf, TestHost } from "./test_host.ts";

const needs = (...names: string[]) => `[dependencies]\n${names.map((name) => `${name} = "*"`).join("\n")}\n`;
const likes = (...names: string[]) =>
  `[optional_dependencies]\n${names.map((name) => `${name} = "*"`).join("\n")}\n`;
const started = (t: TestHost) => t.cells.all.map(({ init }) => init.name);
const states = (t: TestHost) => Object.fromEntries(t.host.list().map(({ name, state }) => [name, state]));

Deno.test("start() starts dependencies first, and one bad module stops no other", async () => {
  await using t = new TestHost();
  t.add("a", { toml: needs("b") });
  t.add("b", { toml: needs("c") + likes("d") });
  t.add("c");
  t.add("d", { toml: likes("b") });
  t.add("e", { toml: needs("broken") });
  t.add("broken", { toml: `[compatibility]\nsdk = 9` });
  t.add("x", { toml: needs("y") });
  t.add("y", { toml: needs("x") });
  await t.host.start();
  expect(states(t)).toEqual({
    a: "running",
    b: "running",
    broken: "rejected",
    c: "running",
    d: "running",
    e: "rejected",
    x: "rejected",
    y: "rejected",
  });
  const order = started(t);
  expect(order.indexOf("c") < order.indexOf("b") && order.indexOf("b") < order.indexOf("a")).toBe(true);
  expect([t.host.get("x")?.reason?.code, t.host.get("e")?.reason?.code])
    .toEqual(["DEPENDENCY_CYCLE", "DEPENDENCY_NOT_RUNNING"]);
});

Deno.test("start() starts modules that do not wait for each other at the same time", async () => {
  await using t = new TestHost();
  for (const name of ["a", "b", "c"]) t.add(name);
  t.cells.onStart = () => {};
  const starting = t.host.start();
  await t.clock.advance(0);
  expect(started(t).length).toBe(3);
  for (const cell of t.cells.all) cell.run();
  await starting;
});

Deno.test("start() starts what the configuration enables", async () => {
  await using t = new TestHost({ enabled: { a: "", b: "^1", c: "^2", gone: "*" }, disabled: ["b"] });
  for (const name of ["a", "b", "c", "d"]) t.add(name);
  await t.host.start();
  expect(t.host.list().map(({ name, state, reason }) => [name, state, reason?.code])).toEqual([
    ["a", "running", undefined],
    ["b", "discovered", "DISABLED"],
    ["c", "rejected", "VERSION_NOT_ENABLED"],
    ["d", "discovered", "NOT_ENABLED"],
  ]);
  expect(t.log.some((line) => line.includes("an enabled module is not there") && line.includes("gone"))).toBe(
    true,
  );
  expect((await t.host.load("b")).state).toBe("running");
});

Deno.test("stop() stops dependents first and leaves nothing behind", async () => {
  const t = new TestHost();
  t.add("a", { toml: needs("b") });
  t.add("b", { toml: needs("c") });
  t.add("c");
  t.add("loop");
  t.cells.onStart = (cell) => cell.init.name === "loop" ? cell.end("crashed") : cell.run();
  await t.host.start();
  const stopped: string[] = [];
  for (const cell of t.cells.alive()) cell.onStop = () => stopped.push(cell.init.name);
  await t.host.stop();
  expect(stopped).toEqual(["a", "b", "c"]);
  expect([t.clock.pending, t.cells.alive().length]).toEqual([0, 0]);
  expect(await codeOf(() => t.host.load("a"))).toBe("MODULE_NOT_RUNNING");
  await t.host.stop();
  await t[Symbol.asyncDispose]();
});

Deno.test("stop() kills what does not stop in time", async () => {
  await using t = new TestHost();
  t.add("a");
  await t.host.start();
  t.cells.of("a").stopsAtOnce = false;
  const stopping = t.host.stop();
  await t.clock.advance(8_000);
  await stopping;
  expect([t.host.get("a")?.lastExit?.reason, t.clock.pending]).toEqual(["killed", 0]);
});

Deno.test("stop() gives up starts under way and waiting restarts", async () => {
  await using t = new TestHost();
  t.add("a");
  t.cells.onStart = () => {};
  const loading = codeOf(() => t.host.load("a"));
  await t.clock.advance(0);
  await t.host.stop();
  expect([await loading, t.state("a"), t.clock.pending]).toEqual(["START_FAILED", "stopped", 0]);
});

Deno.test("runCli() runs a command and reports its end", async (t) => {
  await using h = new TestHost();
  h.add("hello");
  await h.host.load("hello");
  const cell = h.cells.of("hello");
  cell.call("cli.register", { name: "greet", args: [{ name: "name", default: "world" }] });
  cell.answer = (invocation) => {
    if (invocation.kind !== "cli") return undefined;
    if (invocation.args["name"] === "boom") throw new Deno.errors.Busy("not a CommonsError");
    return `Hello, ${invocation.args["name"]}!\n`;
  };
  await t.step("output", async () => {
    expect(await h.host.runCli("hello", "greet", ["Ada"])).toEqual({
      stdout: "Hello, Ada!\n",
      stderr: "",
      exit_code: 0,
    });
    expect((await h.host.runCli("hello", "greet", [])).stdout).toBe("Hello, world!\n");
  });
  await t.step("wrong usage", async () => {
    const result = await h.host.runCli("hello", "greet", ["a", "b"]);
    expect([result.exit_code, result.stdout]).toEqual([2, ""]);
    expect(result.stderr).toContain("error: unexpected argument 'b'\n\nUsage: commons hello greet");
    expect((await h.host.runCli("hello", "nope", [])).exit_code).toBe(2);
    expect((await h.host.runCli("hello", "", [])).exit_code).toBe(2);
  });
  await t.step("help", async () => {
    expect((await h.host.runCli("hello", "--help", [])).stdout).toContain("greet");
    const help = await h.host.runCli("hello", "greet", ["--help"]);
    expect([help.exit_code, help.stdout.startsWith("Usage: commons hello greet")]).toEqual([0, true]);
  });
  await t.step("unknown group", async () => {
    expect(await codeOf(() => h.host.runCli("nobody", "greet", []))).toBe("NO_SUCH_CLI");
    await h.host.unload("hello");
    expect(await codeOf(() => h.host.runCli("hello", "greet", []))).toBe("NO_SUCH_CLI");
  });
});

Deno.test("handleHttp() asks the module and hides credentials from it", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.load("hello");
  const cell = t.cells.of("hello");
  expect(cell.call("http.register", { method: "GET", pattern: "/greet/:name" })).toBe(0);
  cell.answer = () => ({ hello: "Ada" });
  const request = {
    method: "GET",
    path: "/greet/Ada",
    query: { q: "1" },
    headers: { Authorization: "Bearer secret", accept: "*/*" },
    body: new Uint8Array(),
  };
  const response = await t.host.handleHttp("hello", request);
  expect([response.status, new TextDecoder().decode(response.body)]).toEqual([200, '{"hello":"Ada"}']);
  expect(cell.invocations).toEqual([{
    kind: "http",
    route: 0,
    request: {
      method: "GET",
      path: "/greet/Ada",
      params: { name: "Ada" },
      query: { q: "1" },
      headers: { accept: "*/*" },
      body: new Uint8Array(),
    },
  }]);
  const post = await t.host.handleHttp("hello", { ...request, method: "POST" });
  expect([post.status, post.headers["allow"]]).toEqual([405, "GET"]);
  const head = await t.host.handleHttp("hello", { ...request, method: "HEAD" });
  expect([head.status, head.body.length]).toEqual([200, 0]);
  const large = { ...request, body: new Uint8Array(1_048_577) };
  expect((await t.host.handleHttp("hello", large)).status).toBe(413);
  expect(await codeOf(() => t.host.handleHttp("hello", { ...request, path: "/" }))).toBe("NO_SUCH_ROUTE");
  expect(await codeOf(() => t.host.handleHttp("nobody", request))).toBe("MODULE_NOT_FOUND");
  await t.host.unload("hello");
  expect(await codeOf(() => t.host.handleHttp("hello", request))).toBe("MODULE_NOT_RUNNING");
});

Deno.test("callRpc() reaches the owner only while it runs", async () => {
  await using t = new TestHost();
  t.add("hello", { capabilities: ["register_rpc_endpoint"] });
  await t.host.approve("hello");
  await t.host.load("hello");
  const cell = t.cells.of("hello");
  cell.answer = (invocation) =>
    invocation.kind === "rpc" ? [invocation.method, invocation.params] : undefined;
  expect(await codeOf(() => cell.call("rpc.register", "getblockcount", ""))).toBe("PERMISSION_DENIED");
  cell.call("rpc.register", "hello_world", "says hello");
  expect(t.host.rpcMethods()).toEqual(["hello_world"]);
  expect(await t.host.callRpc("hello_world", [1])).toEqual(["hello_world", [1]]);
  await t.host.unload("hello");
  expect(t.host.rpcMethods()).toEqual([]);
  expect(await codeOf(() => t.host.callRpc("hello_world", []))).toBe("NO_SUCH_METHOD");
});

Deno.test("logs() shows what the module wrote and what became of it", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.load("hello");
  t.cells.of("hello").log("hi");
  expect(t.host.logs("hello").map(({ message }) => message)).toEqual(["the module runs", "hi"]);
  expect(t.host.logs("hello", { limit: 1 }).map(({ message }) => message)).toEqual(["hi"]);
  expect(t.log.some((line) => line.includes("module:hello") && line.includes('"hi"'))).toBe(true);
});

Deno.test("metrics count modules, calls and restarts", async () => {
  await using t = new TestHost();
  t.add("hello");
  await t.host.load("hello");
  t.cells.of("hello").call("node.info");
  await codeOf(() => t.cells.of("hello").call("chain.getUtxo"));
  const text = await t.metrics.text();
  expect(text).toContain('commons_modules{state="running"} 1');
  expect(text).toContain('commons_module_calls{module="hello",outcome="ok"} 1');
  expect(text).toContain('commons_module_calls{module="hello",outcome="denied"} 1');
  expect(text).toContain('commons_module_memory_bytes{module="hello"} 1000000');
});
