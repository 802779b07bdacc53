import { expect } from "expect";
import { childrenOf, stillThere } from "../support/children.ts";
import { eventually } from "../support/eventually.ts";
import { helloModule } from "../support/modules.ts";
import { shortTempDir, startTestNode, type TestNode } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { SPINS_IN_STOP } from "./_hostile_modules.ts";
import config from "../../deno.json" with { type: "json" };

/** A clean stop takes at most this long (contract, section 1); twice, for a machine that is busy. */
const STOP_MS = 20_000;

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** Ends the node by a signal; nothing of it must be left. */
async function stopBy(node: TestNode, signal: Deno.Signal): Promise<void> {
  const children = await childrenOf(node.run.pid);
  expect(children.length).toBeGreaterThan(0);
  node.process.kill(signal);
  expect(await node.process.exitWithin(STOP_MS)).toEqual({ code: 0, signal: null });
  expect(await exists(`${node.dataDir}/run.json`)).toBe(false);
  expect(await stillThere(children)).toEqual([]);
}

Deno.test("run.json says what the contract promises", async () => {
  const before = Date.now();
  await using node = await startTestNode({
    set: ['p2p.listen=["/ip4/127.0.0.1/tcp/0","/ip4/127.0.0.1/tcp/0/ws"]', 'node.network="regtest"'],
  });
  const { run } = node;
  expect(run).toEqual({
    pid: node.process.pid,
    version: config.version,
    network: "regtest",
    peerId: expect.stringMatching(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/),
    nodeId: expect.stringMatching(/^[0-9a-f]{64}$/),
    http: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    p2p: [
      expect.stringMatching(new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/p2p/${run.peerId}$`)),
      expect.stringMatching(new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/ws/p2p/${run.peerId}$`)),
    ],
    startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  });
  expect(Date.parse(run.startedAt)).toBeGreaterThanOrEqual(before - 1_000);
  expect((await node.api("/api/v1/node")).body).toMatchObject({
    version: run.version,
    network: run.network,
    peerId: run.peerId,
    nodeId: run.nodeId,
  });
  for (const name of ["identity.key", "api.token"]) {
    expect(((await Deno.stat(`${node.dataDir}/${name}`)).mode ?? 0) & 0o777).toBe(0o600);
  }
  expect(node.token).toMatch(/^[0-9a-f]{64}$/);
});

Deno.test("SIGTERM and SIGINT end a node with code 0 and nothing left; it starts again with what it stored", async () => {
  await using dir = await tempDir();
  const dataDir = dir.file("data");
  const modules = { hello: await helloModule() };
  const seen: { peerId: string; token: string }[] = [];
  for (const signal of ["SIGTERM", "SIGINT", "SIGTERM"] as const) {
    await using node = await startTestNode({ dataDir, modules });
    seen.push({ peerId: node.run.peerId, token: node.token });
    const { body } = await node.api("/api/v1/modules/hello/logs");
    expect(JSON.stringify(body)).toContain(`"starts":${seen.length}`);
    await stopBy(node, signal);
    const leftovers = await Array.fromAsync(Deno.readDir(node.temporary));
    expect(leftovers).toEqual([]);
  }
  expect(new Set(seen.map((entry) => JSON.stringify(entry))).size).toBe(1);
});

Deno.test("a node stops with streams open, requests under way and a module that spins in stop()", async () => {
  await using node = await startTestNode({
    modules: {
      "spins-in-stop": SPINS_IN_STOP,
      "never-answers": {
        source: `export default { start(node) { node.http.get("/wait", () => new Promise(() => {})); } };`,
      },
    },
    set: ["modules.limits.stop_ms=500"],
  });
  // refused or cut off, but not left waiting
  const waiting = fetch(`${node.http}/modules/never-answers/http/wait`).then(async (response) => {
    await response.body?.cancel();
    return response.status;
  }, () => "cut off");
  const events = await fetch(`${node.http}/api/v1/events`);
  const socket = new WebSocket(`${node.http.replace("http", "ws")}/ws`);
  const closed = new Promise<number>((resolve) => socket.onclose = ({ code }) => resolve(code));
  await new Promise((resolve) => socket.onopen = resolve);
  await stopBy(node, "SIGTERM");
  expect(await closed).toBe(1001);
  expect(await events.text()).toContain("event: NodeShutdown\n");
  expect(await waiting).not.toBe(200);
});

Deno.test("a node does not wait longer for its modules than it may itself", async () => {
  await using node = await startTestNode({
    modules: { "spins-in-stop": SPINS_IN_STOP },
    set: ["modules.limits.stop_ms=600000", "modules.limits.unresponsive_ms=600000"],
  });
  await stopBy(node, "SIGTERM");
});

Deno.test("a second signal ends a node that hangs in its stop at once", async () => {
  await using node = await startTestNode({
    modules: { "spins-in-stop": SPINS_IN_STOP, hello: await helloModule() },
    set: ["modules.limits.stop_ms=600000", "modules.limits.unresponsive_ms=600000"],
  });
  const children = await childrenOf(node.run.pid);
  node.process.kill("SIGTERM");
  await node.process.stderr.waitFor('"stopping"');
  node.expectKill();
  node.process.kill("SIGTERM");
  expect((await node.process.exitWithin(STOP_MS)).code).not.toBe(0);
  await eventually("the end of its cells", async () => (await stillThere(children)).length === 0);
});

Deno.test("modules start where the path of the temporary folder is long", async () => {
  await using dir = await shortTempDir();
  const deep = dir.file("x".repeat(60 - dir.path.length - 1)); // that of macOS has 49 characters
  await Deno.mkdir(deep);
  await using node = await startTestNode({ modules: { hello: await helloModule() }, env: { TMPDIR: deep } });
  expect(await node.module("hello")).toMatchObject({ state: "running" });
});

Deno.test("a node runs without modules, and leaves disabled ones alone", async (t) => {
  await t.step("an empty modules dir", async () => {
    await using node = await startTestNode();
    expect((await node.api("/ready")).status).toBe(200);
    expect((await node.api("/api/v1/modules")).body).toEqual({ modules: [] });
  });
  await t.step("a modules dir that is not there", async () => {
    await using node = await startTestNode({ set: ['modules.dir="/nowhere/modules"'] });
    expect((await node.api("/ready")).status).toBe(200);
    expect((await node.api("/api/v1/modules")).body).toEqual({ modules: [] });
  });
  await t.step("modules.disabled", async () => {
    const idle = { source: "export default { start() {} };" };
    await using node = await startTestNode({
      modules: { hello: await helloModule(), idle },
      set: ['modules.disabled=["hello"]'],
    });
    expect(await node.module("hello")).toMatchObject({
      state: "discovered",
      reason: { code: "DISABLED" },
      pid: null,
    });
    expect(await node.module("idle")).toMatchObject({ state: "running" });
    const { code, stderr } = await node.commons("hello", "greet");
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Cannot run "hello"') });
  });
  await t.step("modules.enabled", async () => {
    const idle = { source: "export default { start() {} };" };
    await using node = await startTestNode({
      modules: { hello: await helloModule(), idle },
      set: ['modules.enabled={ hello = ">=2.0.0", idle = "^1.0" }'],
    });
    expect(await node.module("hello")).toMatchObject({
      state: "rejected",
      reason: { code: "VERSION_NOT_ENABLED" },
    });
    expect(await node.module("idle")).toMatchObject({ state: "running" });
  });
});
