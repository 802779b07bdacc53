import { expect } from "expect";
import { defineModule, NodeApiError } from "../sdk/mod.ts";
import type { ModuleNode } from "../sdk/mod.ts";
import { FakeFiles, fakeNode, startModule } from "./mod.ts";

/** Code of what `work` rejects with; "" when it does not. */
async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "";
  } catch (error) {
    if (error instanceof NodeApiError) return error.code;
    throw error;
  }
}

Deno.test("startModule() delivers events to handlers until they end", async () => {
  const seen: unknown[] = [];
  await using module = await startModule({
    start(node) {
      const off = node.events.on("PeerUnbanned", ({ peer_addr }, { type, id }) => {
        seen.push([type, peer_addr, id]);
        if (peer_addr === "b") off();
        if (peer_addr === "a") throw new Error("broken");
      });
      node.events.on("ActionExecuted", ({ action_id }) => void seen.push(action_id));
    },
  });
  expect(await module.emit("PeerUnbanned", { peer_addr: "a" })).toBe(true);
  expect(await module.emit("PeerUnbanned", { peer_addr: "b" })).toBe(true);
  expect(await module.emit("PeerUnbanned", { peer_addr: "c" })).toBe(false);
  const action = { action_id: "x", action_type: "t", target: "t", success: true };
  await module.node.events.publish("ActionExecuted", action);
  expect(seen).toEqual([["PeerUnbanned", "a", 1], ["PeerUnbanned", "b", 2], "x"]);
  expect(module.published).toEqual([{ type: "ActionExecuted", payload: action }]);
  expect(module.logs).toEqual([
    { level: "error", message: "an event handler threw", fields: { type: "PeerUnbanned", error: "broken" } },
  ]);
});

Deno.test("startModule() runs timers when time passes, until the module stops", async () => {
  let ticks = 0;
  let stopped = 0;
  let late = "";
  const module = await startModule({
    start(node) {
      node.timers.every(1_000, async () => {
        await node.storage.set(["ticks"], ++ticks);
        if (ticks === 2) throw new Error("odd");
      });
      node.timers.after(2_500, () => void (late = "yes"));
      node.timers.after(2_400, () => void (late = "never"))();
    },
    stop: () => void stopped++,
  });
  await module.advance(999);
  expect(ticks).toBe(0);
  await module.advance(2_001);
  expect([ticks, late, await module.storage.get(["ticks"])]).toEqual([3, "yes", 3]);
  expect(module.logs[0]).toMatchObject({ message: "a timer threw", fields: { error: "odd" } });
  await module.stop();
  await module.stop();
  await module.advance(10_000);
  expect([ticks, stopped, module.node.signal.aborted]).toEqual([3, 1, true]);
});

Deno.test("runCli() answers what the command line would", async () => {
  await using module = await startModule({
    start(node) {
      const args = [{ name: "who", required: true }, { name: "n", default: "1" }, {
        name: "loud",
        takes_value: false,
      }];
      node.cli.command(
        { name: "echo", args },
        (values) => ({ stdout: JSON.stringify(values), exit_code: 3 }),
      );
      node.cli.command({ name: "data" }, () => ({ stdout: "out" }));
      node.cli.command({ name: "fail" }, () => Promise.reject(new Error("no")));
    },
  });
  expect(await module.runCli("echo", { who: "Ada" })).toEqual({
    stdout: '{"who":"Ada","n":"1","loud":false}',
    stderr: "",
    exit_code: 3,
  });
  expect((await module.runCli("data")).stdout).toBe("out");
  expect(await module.runCli("fail")).toEqual({ stdout: "", stderr: "no\n", exit_code: 1 });
  expect(await codeOf(() => module.runCli("echo"))).toBe("INVALID_PARAMS");
  expect(await codeOf(() => module.runCli("echo", { who: "A", what: "B" }))).toBe("INVALID_PARAMS");
  expect(await codeOf(() => module.runCli("none"))).toBe("NOT_FOUND");
});

Deno.test("request() finds routes as the node does", async () => {
  await using module = await startModule({
    start({ http }) {
      http.get("/items/:id", ({ params, query }) => ({ id: params["id"], query }));
      http.get("/items/all", () => "all of them");
      http.post("/items", (request) => new Response(String(Object(request.json())["n"]), { status: 201 }));
    },
  });
  const one = await module.request("GET", "/items/a%20b", { query: { x: "1" } });
  expect(one.json()).toEqual({ id: "a b", query: { x: "1" } });
  expect((await module.request("GET", "/items/all")).json()).toBe("all of them");
  const made = await module.request("post", "/items", { body: { n: 5 } });
  expect([made.status, made.text()]).toEqual([201, "5"]);
  expect((await module.request("GET", "/none")).status).toBe(404);
  expect((await module.request("DELETE", "/items/1")).status).toBe(405);
});

Deno.test("call() and rpc() reach what the module offers", async () => {
  await using module = await startModule({
    async start(node) {
      node.api.expose("sum", ({ a, b }, caller) => [a + b, caller]);
      await node.rpc.register("my_method", "Mine", (params) => ({ params }));
      await node.rpc.registerCoreRpcOverride("analyzepsbt", "Analyses", () => "done");
    },
  });
  expect(await module.call("sum", { a: 1n, b: 2n })).toEqual([3n, "operator"]);
  expect(await module.rpc("my_method", [1])).toEqual({ params: [1] });
  expect(module.rpcMethods).toEqual(["analyzepsbt", "my_method"]);
  module.node.api.unexpose("sum");
  await module.settle();
  expect(await codeOf(() => module.call("sum"))).toBe("NOT_FOUND");
  expect(await codeOf(() => module.rpc("other"))).toBe("NOT_FOUND");
});

Deno.test("the node of a fake node answers as it is told, and refuses what is not granted", async () => {
  const peer = { peer_id: "p" };
  const fake = fakeNode({
    capabilities: ["read_network", "call_module", "discover_modules", "report_metrics", "read_chain_state"],
    modules: { other: { twice: (n: number, caller: string) => [2 * n, caller] } },
    answers: { "network.getNetworkPeers": () => [peer] },
  });
  const { node } = fake;
  expect(await node.network.getNetworkPeers()).toEqual([peer]);
  expect(await node.modules.call("other", "twice", 4)).toEqual([8, "module"]);
  expect(await node.modules.available("other")).toBe(true);
  expect(await node.modules.info("none")).toBe(undefined);
  expect((await node.modules.list()).map(({ module_name }) => module_name)).toEqual(["other"]);
  expect((await node.info()).network).toBe("regtest");
  await node.metrics.reportMetric({ name: "x", type: "gauge", value: 1 });
  await node.metrics.reportModuleHealth("degraded", "slow");
  expect(fake.metrics).toEqual([{ name: "x", type: "gauge", value: 1 }]);
  expect(fake.health).toEqual({ health: "degraded", message: "slow" });
  const rows: [(node: ModuleNode) => unknown, string][] = [
    [({ storage }) => storage.get(["x"]), "PERMISSION_DENIED"],
    [({ chain }) => chain.getChainTip(), "UNAVAILABLE"],
    [({ modules }) => modules.call("none", "x"), "NOT_FOUND"],
    [({ modules }) => modules.call("other", "x", (() => {}) as never), "INVALID_PARAMS"],
  ];
  for (const [work, code] of rows) {
    expect([String(work), await codeOf(() => work(node))]).toEqual([String(work), code]);
  }
  expect(fake.calls.filter(({ error }) => error !== "").map(({ method, error }) => [method, error])).toEqual([
    ["storage.get", "PERMISSION_DENIED"],
    ["chain.getChainTip", "UNAVAILABLE"],
    ["modules.call", "NOT_FOUND"],
    ["modules.call", "INVALID_PARAMS"],
  ]);
});

Deno.test("storage of a fake node has the order and the rules of the node's", async () => {
  const { node: { storage } } = fakeNode();
  const bytes = Uint8Array.of(1, 2);
  for (const [i, part] of [true, 5n, 10, 9, "b", "a", bytes].entries()) await storage.set(["k", part], i);
  await storage.set(["other"], { big: 2n ** 70n, bytes });
  expect((await storage.list({ prefix: ["k"] })).map(({ value }) => value)).toEqual([6, 5, 4, 3, 2, 1, 0]);
  const part = await storage.list({
    prefix: ["k"],
    start: ["k", "a"],
    end: ["k", 10],
    reverse: true,
    limit: 2,
  });
  expect(part.map(({ value }) => value)).toEqual([3, 4]);
  expect(await storage.get(["other"])).toEqual({ big: 2n ** 70n, bytes });
  expect(await storage.get(["k", 9, "x"])).toBe(undefined);
  const add = storage.atomic().check(["c"], null).set(["c"], 1).delete(["k", 9]);
  expect([await add.commit(), await add.commit()]).toEqual([true, false]);
  expect(await storage.get(["k", 9])).toBe(undefined);
  expect((await storage.usage()).keys).toBe(8);
  expect(await codeOf(() => storage.set([], 1))).toBe("INVALID_PARAMS");
  expect(await codeOf(() => storage.set(["x"], "y".repeat(70_000)))).toBe("INVALID_PARAMS");
  await storage.clear();
  expect(await storage.list()).toEqual([]);
});

Deno.test("files of a fake node", async () => {
  const fake = fakeNode();
  const { node: { fs } } = fake;
  await fs.createDirectory("a/b");
  await fs.writeFile("a/b/c", Uint8Array.of(1, 2));
  await fs.writeFile("a/b/c", Uint8Array.of(3), { offset: 2 });
  expect(await fs.readFile("a/b/c", { offset: 1 })).toEqual(Uint8Array.of(2, 3));
  await fs.renameFile("a/b/c", "d");
  expect([await fs.listDirectory(), await fs.listDirectory("a")]).toEqual([["a", "d"], ["b"]]);
  expect(await fs.getFileMetadata("d")).toMatchObject({ size: 3, is_file: true });
  expect(await codeOf(() => fs.deleteFile("a"))).toBe("INVALID_PARAMS");
  await fs.deleteFile("a/b");
  for (const path of ["../x", "/x", "a//b", ""]) {
    expect(await codeOf(() => fs.writeFile(path, new Uint8Array()))).toBe("INVALID_PARAMS");
  }
  expect(await codeOf(() => fs.writeFile("x/y", new Uint8Array()))).toBe("NOT_FOUND");
  expect(await codeOf(() => fs.readFile("x"))).toBe("NOT_FOUND");
  expect(fake.files).toBeInstanceOf(FakeFiles);
});

Deno.test("migrations run once each, in order, before start", async () => {
  const ran: unknown[] = [];
  const step = (version: number, work: (n: number) => number = (n) => n) => ({
    version,
    async up(storage: ModuleNode["storage"]) {
      ran.push(version);
      await storage.set(["n"], work(await storage.get<number>(["n"]) ?? 0));
    },
  });
  const one = await startModule(
    defineModule({ migrations: [step(1, () => 10)], start: () => void ran.push("start") }),
  );
  expect(await one.storage.list()).toEqual([{ key: ["n"], value: 10 }]);
  const migrations = [step(1), step(2, (n) => n + 1), step(5, (n) => n * 2)];
  const { storedData } = one;
  const two = await startModule({ migrations, start: () => void ran.push("start") }, { storedData });
  expect([ran.splice(0), await two.storage.get(["n"])]).toEqual([[1, "start", 2, 5, "start"], 22]);
  await startModule({ migrations, start() {} }, { storedData });
  expect(ran).toEqual([]);
  await expect(startModule({ migrations: [step(1)], start() {} }, { storedData })).rejects.toThrow(
    "Cannot start: the stored data has version 5, this code knows up to 1",
  );
  await startModule({ start() {} }, { storedData });
});

Deno.test("a migration that fails keeps the version before it, and runs again", async () => {
  let broken = true;
  const migrations = [
    { version: 1, up: (storage: ModuleNode["storage"]) => storage.set(["a"], 1) },
    { version: 2, up: () => broken ? Promise.reject(new Error("half")) : undefined },
  ];
  const fake = fakeNode();
  const { storedData } = fake;
  let starts = 0;
  const module = { migrations, start: () => void starts++ };
  await expect(startModule(module, { storedData })).rejects.toThrow("half");
  broken = false;
  await startModule(module, { storedData });
  expect([starts, await fake.storage.get(["a"])]).toEqual([1, 1]);
});

Deno.test("migrations out of order are refused, and the SDK's keys are its own", async () => {
  const up = () => {};
  const bad = [[{ version: 0, up }], [{ version: 1.5, up }], [{ version: 2, up }, { version: 2, up }]];
  for (const migrations of bad) {
    await expect(startModule({ migrations, start() {} })).rejects.toThrow("version of a migration");
  }
  await expect(startModule({ migrations: [{ version: 1 } as never], start() {} })).rejects.toThrow(
    "no function up",
  );
  await expect(startModule({} as never)).rejects.toThrow("an object with a start function");
  const { storage } = fakeNode().node;
  expect(await codeOf(() => storage.set(["$sdk", "version"], 9))).toBe("INVALID_PARAMS");
  expect(await codeOf(() => storage.get(["$sdk", "version"]))).toBe("INVALID_PARAMS");
  expect(await codeOf(() => storage.atomic().delete(["$sdk"]))).toBe("INVALID_PARAMS");
});
