import { expect } from "expect";
import { childrenOf, type ListedProcess, stillThere } from "../support/children.ts";
import { eventually } from "../support/eventually.ts";
import { pollHealth } from "../support/health_poll.ts";
import { helloModule, plantModule, type TestModule } from "../support/modules.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";
import {
  BOTHERING,
  ENDING,
  type HostileModule,
  NEVER_BUILDS,
  SPINS,
  SPINS_IN_STOP,
} from "./_hostile_modules.ts";

const QUICK = ["modules.limits.unresponsive_ms=800", "modules.limits.stop_ms=400"];
/** A machine on which a server that does nothing needs this long at times cannot show how late the node is. */
const BUSY_MS = 25;
/** The neighbour's cell and the spare one. */
const CALM_CELLS = 2;

async function cellsOf(node: TestNode): Promise<readonly ListedProcess[]> {
  return (await childrenOf(node.run.pid)).filter(({ command }) => command.includes("workers/cell.ts"));
}

/** Puts a module into the running node's folder and loads it. */
async function drop(node: TestNode, name: string, module: TestModule) {
  await plantModule(node.modulesDir, name, module);
  return await node.api(`/api/v1/modules/${name}/load`, { method: "POST" });
}

async function unload(node: TestNode, name: string): Promise<void> {
  expect(await node.api(`/api/v1/modules/${name}/unload`, { method: "POST" })).toMatchObject({
    status: 200,
    body: { name, state: "stopped", pid: null },
  });
}

/** The neighbour has not noticed a thing, and nothing is left of the others. */
async function expectCalm(node: TestNode, helloPid: number): Promise<void> {
  expect(await node.module("hello")).toMatchObject({ state: "running", pid: helloPid, restarts: 0 });
  expect(await node.api("/modules/hello/http/greet")).toMatchObject({
    status: 200,
    body: { hello: "world" },
  });
  await eventually("the end of every other cell", async () => (await cellsOf(node)).length <= CALM_CELLS);
}

async function checkEnding(node: TestNode, name: string, module: HostileModule): Promise<void> {
  const { ends, detail = /./, neverRuns = false } = module;
  const answer = await drop(node, name, module);
  expect(answer).toMatchObject(
    neverRuns
      ? { status: 422, type: "application/problem+json", body: { code: "START_FAILED", reason: ends } }
      : { status: 200, body: { state: "running" } },
  );
  const view = await eventually(`the end of ${name}`, async () => {
    const now = await node.module(name);
    return now.state === "backoff" && now.lastExit !== null && now;
  });
  expect(view).toMatchObject({
    health: "unhealthy",
    pid: null,
    lastExit: { reason: ends, detail: expect.stringMatching(detail) },
    reason: { code: ends?.toUpperCase() },
  });
  await unload(node, name);
}

async function report(node: TestNode, name: string): Promise<string> {
  const { body } = await node.api("/rpc", {
    body: { jsonrpc: "2.0", id: 1, method: "runmodulecli", params: [name, "report"] },
  });
  expect(body).toMatchObject({ result: { exit_code: 0 } });
  return (body as { result: { stdout: string } }).result.stdout;
}

Deno.test("modules that misbehave end for their reason while the node answers", async (t) => {
  await using node = await startTestNode({ modules: { hello: await helloModule() }, set: QUICK });
  await using poll = await pollHealth(node.http);
  const helloPid = (await node.module("hello")).pid ?? 0;

  await t.step("a folder dropped into the modules dir runs after `commons module load`", async () => {
    await plantModule(node.modulesDir, "dropped", {
      source: `export default { start(node) { node.cli.command({ name: "ping" }, () => "pong"); } };`,
    });
    expect(await node.commons("module", "load", "dropped")).toMatchObject({ code: 0, stderr: "" });
    expect(await node.commons("dropped", "ping")).toEqual({ code: 0, stdout: "pong\n", stderr: "" });
    await unload(node, "dropped");
  });

  // Crashes again and again in the background; the last step looks what became of it.
  await drop(node, "always-crashes", { source: `throw new Error("again");` });
  // Keeps a build process busy until its deadline, which is ten seconds away.
  const building = drop(node, "never-builds", NEVER_BUILDS);
  for (const [name, module] of Object.entries(ENDING)) {
    await t.step(name, () => checkEnding(node, name, module));
  }
  await t.step("spins-in-stop", async () => {
    await drop(node, "spins-in-stop", SPINS_IN_STOP);
    await unload(node, "spins-in-stop");
    expect((await node.module("spins-in-stop")).lastExit).toMatchObject({ reason: "killed" });
  });
  for (const [name, module] of Object.entries(BOTHERING)) {
    await t.step(name, () => checkBothering(node, name, module));
  }
  await t.step("killed-from-outside", async () => {
    await drop(node, "killed-from-outside", { source: "export default { start() {} };" });
    const { pid } = await node.module("killed-from-outside");
    Deno.kill(pid ?? -1, "SIGKILL");
    const view = await eventually("its return", async () => {
      const now = await node.module("killed-from-outside");
      return now.state === "running" && now.restarts === 1 && now;
    });
    expect(view).toMatchObject({ lastExit: { reason: "killed", detail: "ended by SIGKILL" } });
    expect(view.pid).not.toBe(pid);
    await unload(node, "killed-from-outside");
  });
  await t.step("never-builds", async () => {
    expect(await building).toMatchObject({
      status: 422,
      body: { code: "MODULE_REJECTED", reason: "TIMEOUT" },
    });
    expect(await node.module("never-builds")).toMatchObject({ state: "rejected", pid: null });
  });
  await t.step("five crashes are enough", async () => {
    const view = await eventually("the end of the restarts", async () => {
      const now = await node.module("always-crashes");
      return now.state === "failed" && now;
    });
    expect(view).toMatchObject({ restarts: 4, lastExit: { reason: "crashed" } });
  });
  await t.step("nothing is left, and the neighbour is unharmed", () => expectCalm(node, helloPid));
  await t.step("/health answered within 100 ms throughout", async () => {
    const { node: own, control } = await poll.finish();
    console.log("/health:", own, "a server that does nothing:", control);
    expect(own.failed).toBe(0);
    // What even a server that does nothing was late is the machine's part; where that is much, few answers may be late.
    if (control.slowestMs < BUSY_MS) expect(own.slowestMs).toBeLessThanOrEqual(100 + control.slowestMs);
    else expect(own.over100).toBeLessThanOrEqual(own.count * 0.03);
  });
});

async function checkBothering(node: TestNode, name: string, module: HostileModule): Promise<void> {
  const needsApproval = module.capabilities?.includes("publish_events") ?? false;
  const answer = await drop(node, name, module);
  if (needsApproval) {
    expect(answer).toMatchObject({
      status: 403,
      body: { code: "NEEDS_APPROVAL", missing: ["publish_events"] },
    });
    expect(await node.commons("module", "approve", name)).toMatchObject({ code: 0 });
  } else expect(answer).toMatchObject({ status: 200, body: { state: "running" } });
  await CHECKS[name]?.(node, name);
  const view = await node.module(name);
  expect(view).toMatchObject({ state: "running", restarts: 0, lastExit: null });
  await unload(node, name);
}

const CHECKS: Readonly<Record<string, (node: TestNode, name: string) => Promise<void>>> = {
  async "catches-refusals"(node, name) {
    expect(await report(node, name)).toBe("PERMISSION_DENIED,PERMISSION_DENIED,PERMISSION_DENIED");
    expect((await node.module(name)).calls).toMatchObject({ denied: 3, failed: 0 });
  },
  async "floods-logs"(node, name) {
    await eventually("dropped lines", () => loggedBy(node, name, "log lines were dropped"));
    expect((await linesOf(node, name)).length).toBeLessThanOrEqual(1_000);
    expect(await report(node, name)).toBe("busy");
  },
  async "floods-the-console"(node, name) {
    await eventually("a word in the log", () => loggedBy(node, name, 'a word { in: "the log" }'));
    await eventually("dropped lines", () => loggedBy(node, name, "log lines were dropped"));
    expect(JSON.stringify(await linesOf(node, name))).not.toContain("u001b");
    expect(node.process.stdout.text()).toBe("");
  },
  async "floods-calls"(node, name) {
    await eventually("a refusal", async () => (await report(node, name)).includes("RATE_LIMITED"));
    expect((await node.module(name)).calls).toMatchObject({ denied: 0 });
  },
  async "floods-events"(node, name) {
    await eventually("a refusal", async () => (await report(node, name)).includes("RATE_LIMITED"));
  },
};

async function linesOf(node: TestNode, name: string): Promise<readonly { readonly message: string }[]> {
  const { body } = await node.api(`/api/v1/modules/${name}/logs`);
  return (body as { lines: { message: string }[] }).lines;
}

async function loggedBy(node: TestNode, name: string, text: string): Promise<boolean> {
  return (await linesOf(node, name)).some(({ message }) => message.includes(text));
}

Deno.test("after `kill -9` of the node no process of it is left, and the next node starts", async () => {
  await using dir = await tempDir();
  const dataDir = dir.file("data");
  const modules = { hello: await helloModule(), spins: SPINS };
  {
    // limits so wide that only the watchdogs' look at their parent can end the cells
    const set = ["modules.limits.unresponsive_ms=600000", "modules.limits.startup_ms=600000"];
    await using node = await startTestNode({ dataDir, modules, set });
    await plantModule(node.modulesDir, "never-builds", NEVER_BUILDS);
    const load = node.api("/api/v1/modules/never-builds/load", { method: "POST" }).then(
      () => true,
      () => false,
    );
    const children = await eventually("two cells, the spare one and a build", async () => {
      const all = await childrenOf(node.run.pid);
      return all.length >= 4 && all.some(({ command }) => command.includes("build_child.ts")) && all;
    });
    node.expectKill();
    node.process.kill("SIGKILL");
    expect(await load).toBe(false);
    await eventually("the end of them all", async () => (await stillThere(children)).length === 0, {
      ms: 10_000,
    });
  }
  await using next = await startTestNode({ dataDir, modules: { hello: await helloModule() } });
  expect(await next.module("hello")).toMatchObject({ state: "running" });
});
