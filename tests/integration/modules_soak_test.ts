import { expect } from "expect";
import { isCommonsError, type Random, seededRandom } from "../../core/base/mod.ts";
import { childrenOf } from "../support/children.ts";
import { eventually } from "../support/eventually.ts";
import { type ModuleRig, startModuleRig } from "../support/module_rig.ts";

/** The long form takes some minutes: `COMMONS_SOAK=1 deno task test tests/integration/modules_soak_test.ts`. */
const LONG = Deno.env.get("COMMONS_SOAK") === "1";
const CYCLES = LONG ? 200 : 12;
const MODULES = LONG ? 10 : 5;
const SEED = Number(Deno.env.get("COMMONS_SOAK_SEED") ?? Date.now() % 1_000_000);
/** The runtime opens and closes some of its own; a leak would be four for each of hundreds of cells. */
const FILES_OF_THE_RUNTIME = 8;
const AREAS = ["module", "grant", "module_state", "blob"];

/** Registers one of everything that can be left behind. */
const GREEDY = `
export default {
  async start(node) {
    node.events.on("NewBlock", () => {});
    node.events.on("ModuleLoaded", () => {});
    node.cli.command({ name: "ping" }, () => "pong");
    node.http.get("/ping", () => "pong");
    node.api.expose("boom", () => { setTimeout(() => { throw new Error("boom"); }); });
    node.timers.every(20, () => node.storage.set(["tick"], 1));
    await node.rpc.register("ping_" + node.name, "Pings", () => "pong");
    for (const key of ["started", "tick"]) await node.storage.set([key], Date.now());
  },
};`;

/** Everything that a module may leave behind, as counts and names. */
async function leftBehind(rig: ModuleRig) {
  const keys: string[] = [];
  for (const area of AREAS) {
    for await (const { key } of rig.store.list({ prefix: [area] })) keys.push(key.join("/"));
  }
  const children = await childrenOf(Deno.pid);
  const metrics = (await rig.metrics()).split("\n").filter((line) => line.startsWith("commons_module"));
  return {
    cells: children.filter(({ command }) => command.includes("workers/cell.ts")).length,
    timers: rig.pendingTimers,
    subscriptions: rig.events.stats().map(({ name }) => name),
    commands: Object.keys(rig.host.cliSpecs()),
    rpc: rig.host.rpcMethods(),
    states: rig.host.list().map(({ state }) => state),
    series: metrics.map((line) => line.slice(0, line.lastIndexOf(" "))).sort(),
    keys,
  };
}

/** Deno lets a program read its own `/proc` only with every permission, so `ls` does it. */
async function openFiles(): Promise<number> {
  const { stdout } = await new Deno.Command("ls", { args: [`/proc/${Deno.pid}/fd`] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

/** Fails unless what is left comes to be what was left before. */
async function expectSame(rig: ModuleRig, before: Awaited<ReturnType<typeof leftBehind>>): Promise<void> {
  const wanted = JSON.stringify(before);
  const same = eventually(
    "nothing more left than before",
    async () => JSON.stringify(await leftBehind(rig)) === wanted,
    { ms: 10_000 },
  );
  await same.catch(() => undefined); // the comparison below says what differs
  expect(await leftBehind(rig)).toEqual(before);
}

/** What the operator asks may come at a bad moment; it must not do anything else than be refused. */
async function tolerate(work: Promise<unknown>): Promise<void> {
  await work.catch((error) => {
    if (!isCommonsError(error) || error.code === "INTERNAL") throw error;
  });
}

async function crash(rig: ModuleRig, name: string): Promise<void> {
  const before = rig.host.get(name)?.lastExit?.at;
  await tolerate(rig.ask(name, "boom"));
  await eventually(`the crash of ${name}`, () => {
    const { state, lastExit } = rig.host.get(name) ?? {};
    return state !== "running" || lastExit?.at !== before;
  });
}

/** One cycle of one module: load, crash, load, reload, unload, with something at random in between. */
async function cycle(rig: ModuleRig, name: string, random: Random): Promise<void> {
  const chance = (percent: number) => (random.bytes(1)[0] ?? 0) < percent * 2.56;
  await rig.host.load(name);
  if (chance(30)) await Promise.all([tolerate(rig.host.reload(name)), tolerate(rig.host.load(name))]);
  await crash(rig, name);
  if (chance(20)) await tolerate(rig.host.unload(name));
  await tolerate(rig.host.load(name));
  if (chance(20)) Deno.kill(rig.host.get(name)?.pid ?? Deno.pid, "SIGKILL");
  await tolerate(rig.host.reload(name));
  if (chance(20)) {
    const loading = tolerate(rig.host.reload(name)); // given up half way
    await tolerate(rig.host.unload(name));
    await loading;
  } else await tolerate(rig.host.unload(name));
  await eventually(`the end of ${name}`, () => rig.host.get(name)?.state === "stopped");
}

Deno.test({
  name:
    `${CYCLES} cycles of load, crash, reload and unload of ${MODULES} modules at once leave nothing behind`,
  ignore: Deno.build.os !== "linux", // open files are counted in /proc
  async fn() {
    console.log(`seed ${SEED}`);
    const names = Array.from({ length: MODULES }, (_, i) => `greedy${i}`);
    const capabilities = [
      "subscribe_events",
      "read_storage",
      "write_storage",
      "register_module_api",
      "register_rpc_endpoint",
    ];
    const modules = Object.fromEntries(names.map((name) => [name, { source: GREEDY, capabilities }]));
    await using rig = await startModuleRig({ modules, spare: true, recording: false });
    for (const name of names) {
      await rig.host.approve(name);
      expect(rig.host.get(name)).toMatchObject({ state: "running" });
      expect(rig.host.rpcMethods()).toContain(`ping_${name}`);
      await rig.host.unload(name);
    }
    await new Promise((resolve) => setTimeout(resolve, 600)); // the spare cell comes up
    const [before, filesBefore] = [await leftBehind(rig), await openFiles()];
    expect(before).toMatchObject({
      commands: [],
      rpc: [],
      subscriptions: [],
      states: names.map(() => "stopped"),
    });
    const streams = names.map((_, i) => seededRandom(SEED + i));
    const start = performance.now();
    for (let round = 0; round < CYCLES; round++) {
      await Promise.all(names.map((name, i) => cycle(rig, name, streams[i] ?? seededRandom(0))));
    }
    console.log(`${CYCLES} cycles of ${MODULES}: ${Math.round(performance.now() - start)} ms`);
    await expectSame(rig, before);
    expect(await openFiles()).toBeLessThanOrEqual(filesBefore + FILES_OF_THE_RUNTIME);
  },
});
