import { expect } from "expect";
import type { ModuleLogLine, ModuleView } from "../../core/modules/mod.ts";
import { childrenOf } from "../support/children.ts";
import { eventually } from "../support/eventually.ts";
import { pollHealth } from "../support/health_poll.ts";
import { helloModule, plantModule } from "../support/modules.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";
import type { Attack, Targets } from "./_attack.ts";
import { CHANNEL, FLOODS, OTHERS, VALUES } from "./_attacks_channel.ts";
import { FOLDERS } from "./_attacks_folder.ts";
import { NETWORK, PROCESSES, REACH } from "./_attacks_reach.ts";

const GROUPS = { REACH, NETWORK, PROCESSES, CHANNEL, VALUES, OTHERS, FLOODS, FOLDERS };
const SECRET = "the-secret-of-this-test-7d1f";
const SET = [
  "modules.limits.unresponsive_ms=800",
  "modules.limits.stop_ms=400",
  "modules.limits.requests_per_second=2000",
  "modules.limits.storage_bytes=4000000",
];
/** The neighbour's cell and the spare one. */
const CALM_CELLS = 2;
/** Resident memory that the node may have gained at the end, in bytes. */
const MEMORY_GAIN = 256 * 1_048_576;

interface Scene extends AsyncDisposable {
  readonly node: TestNode;
  readonly targets: Targets;
  readonly helloPid: number;
  /** Requests that reached the canary. */
  canaryHits(): number;
}

async function openScene(): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const secretFile = dir.file("secret.json");
  const emptyFolder = dir.file("empty");
  await Deno.writeTextFile(secretFile, JSON.stringify({ secret: SECRET }));
  await Deno.mkdir(emptyFolder);
  let hits = 0;
  const listen = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const canary = stack.use(Deno.serve(listen, () => {
    hits++;
    return new Response("canary");
  }));
  const granted = stack.use(
    Deno.serve(
      listen,
      (request) =>
        new URL(request.url).pathname === "/redirect"
          ? Response.redirect(`http://127.0.0.1:${canary.addr.port}/`)
          : new Response("granted"),
    ),
  );
  const node = stack.use(
    await startTestNode({
      modules: { hello: await helloModule() },
      set: SET,
      env: { SECRET_OF_THE_OPERATOR: SECRET },
    }),
  );
  const targets: Targets = {
    secretFile,
    secret: SECRET,
    emptyFolder,
    canary: `http://127.0.0.1:${canary.addr.port}`,
    granted: `127.0.0.1:${granted.addr.port}`,
    node: node.http,
  };
  const helloPid = (await node.module("hello")).pid ?? 0;
  const owned = stack.move();
  return {
    node,
    targets,
    helloPid,
    canaryHits: () => hits,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function manifestWithNet(name: string, attack: Attack, hosts: readonly string[]): string {
  return [
    `name = "${name}"`,
    `version = "1.0.0"`,
    `entry_point = "${attack.entry ?? "mod.js"}"`,
    `capabilities = ${JSON.stringify(attack.capabilities ?? [])}`,
    "[permissions]",
    `net = ${JSON.stringify(hosts)}`,
  ].join("\n");
}

async function plant(scene: Scene, name: string, attack: Attack): Promise<void> {
  const { source, net, files, ...rest } = attack;
  const hosts = net?.(scene.targets);
  await plantModule(scene.node.modulesDir, name, {
    ...rest,
    source: source(scene.targets),
    files: { ...files, ...(hosts && { "module.toml": manifestWithNet(name, attack, hosts) }) },
  });
}

async function load(
  scene: Scene,
  name: string,
  attack: Attack,
): Promise<{ readonly refused: string | undefined }> {
  const { node } = scene;
  const post = (action: string) => node.api(`/api/v1/modules/${name}/${action}`, { method: "POST" });
  let answer = await post("load");
  if (attack.approve) answer = await post("approve");
  if (answer.status === 200) return { refused: undefined };
  const body = answer.body as { readonly code: string; readonly reason?: string };
  return { refused: body.code === "MODULE_REJECTED" ? body.reason : body.code };
}

async function viewOf(scene: Scene, name: string): Promise<ModuleView | undefined> {
  const { status, body } = await scene.node.api(`/api/v1/modules/${name}`);
  return status === 200 ? body as ModuleView : undefined;
}

async function logOf(scene: Scene, name: string): Promise<readonly ModuleLogLine[]> {
  const { status, body } = await scene.node.api(`/api/v1/modules/${name}/logs`);
  return status === 200 ? (body as { readonly lines: readonly ModuleLogLine[] }).lines : [];
}

/** Lines of the module itself; the host adds its own about starts and ends. */
async function saidBy(scene: Scene, name: string, says: RegExp): Promise<string | undefined> {
  return (await logOf(scene, name)).map(({ message }) => message).findLast((message) => says.test(message));
}

async function checkBecame(
  scene: Scene,
  name: string,
  attack: Attack,
  refused: string | undefined,
): Promise<void> {
  const { becomes = "running", says } = attack;
  if (becomes === becomes.toUpperCase()) {
    expect(refused).toBe(becomes);
    expect((await viewOf(scene, name))?.pid ?? null).toBe(null);
    return;
  }
  if (becomes !== "running") {
    const view = await eventually(`${name} to end`, async () => {
      const now = await viewOf(scene, name);
      return now?.lastExit ? now : undefined;
    });
    expect(view.lastExit?.reason).toBe(becomes);
    return;
  }
  expect(refused).toBe(undefined);
  const pattern = says === undefined
    ? undefined
    : says instanceof RegExp
    ? says
    : new RegExp(says(scene.targets));
  if (pattern) {
    const said = await eventually(
      `${name} to say ${pattern}`,
      async () =>
        await saidBy(scene, name, pattern) ??
          ((await viewOf(scene, name))?.state !== "running" && "(it ended)"),
      { ms: 20_000 },
    ).catch(async (error) => {
      throw new Error(
        `${error.message}; it said ${
          JSON.stringify((await logOf(scene, name)).map(({ message }) => message))
        }`,
      );
    });
    expect(said).toMatch(pattern);
  }
  expect(await viewOf(scene, name)).toMatchObject({ state: "running", restarts: 0, lastExit: null });
}

/** What has to hold after every attack, seen from outside of it. */
async function checkUnharmed(scene: Scene, name: string): Promise<void> {
  const { node, targets } = scene;
  const said = JSON.stringify(await logOf(scene, name));
  expect(said).not.toContain(targets.secret);
  expect(said).not.toContain(node.token);
  expect(said).not.toContain("\u001b");
  expect(scene.canaryHits()).toBe(0);
  expect(await Array.fromAsync(Deno.readDir(targets.emptyFolder))).toEqual([]);
  expect(await node.module("hello")).toMatchObject({ state: "running", pid: scene.helloPid, restarts: 0 });
  expect(await node.api("/modules/hello/http/greet")).toMatchObject({
    status: 200,
    body: { hello: "world" },
  });
}

async function attackWith(scene: Scene, name: string, attack: Attack): Promise<void> {
  await plant(scene, name, attack);
  try {
    const { refused } = await load(scene, name, attack);
    await checkBecame(scene, name, attack, refused);
    await AFTER[name]?.(scene, name);
    await checkUnharmed(scene, name);
  } finally {
    await scene.node.api(`/api/v1/modules/${name}/unload`, { method: "POST" });
  }
  await eventually(`the end of ${name}'s process`, async () => {
    const cells = await childrenOf(scene.node.run.pid);
    return cells.filter(({ command }) => command.includes("workers/cell.ts")).length <= CALM_CELLS;
  });
}

/** Looks of their own at some attacks, while they run. */
const AFTER: Readonly<Record<string, (scene: Scene, name: string) => Promise<void>>> = {
  async "pollutes-object-prototype"({ node }, name) {
    expect((await node.commons(name, "report")).stdout).toMatch(/^(?:ok\n)?$/);
    expect(await node.api("/api/v1/node")).toMatchObject({ status: 200, body: { name: "commons" } });
  },
  async "answers-with-a-proto-key"({ node }, name) {
    expect((await node.api(`/api/v1/modules/${name}/call`, { body: { method: "get", params: null } })).status)
      .toBe(200);
    expect((await node.api(`/modules/${name}/http/get`)).status).toBe(200);
    expect((await node.api("/api/v1/node")).body).not.toHaveProperty("admin");
  },
  async "answers-http-with-header-tricks"({ node }, name) {
    const response = await fetch(`${node.http}/modules/${name}/http/evil`);
    await response.body?.cancel();
    for (const header of ["set-cookie", "access-control-allow-origin", "x-b"]) {
      expect(response.headers.get(header)).toBe(null);
    }
  },
};

Deno.test("hostile modules reach nothing, and the node does not notice", async (t) => {
  await using scene = await openScene();
  await using poll = await pollHealth(scene.node.http);
  const memoryBefore = await residentBytes(scene.node.run.pid);
  for (const [group, attacks] of Object.entries(GROUPS)) {
    for (const [name, attack] of Object.entries(attacks)) {
      await t.step(`${group.toLowerCase()}: ${name}`, () => attackWith(scene, name, attack));
    }
  }
  await t.step("folders: links, pipes and swaps", () => checkOddFolders(scene));
  await t.step("the node's memory is bounded", async () => {
    expect(await residentBytes(scene.node.run.pid) - memoryBefore).toBeLessThan(MEMORY_GAIN);
  });
  await t.step("/health answered within 100 ms throughout", async () => {
    const { node, control } = await poll.finish();
    console.log("/health:", node, "a server that does nothing:", control);
    expect(node.failed).toBe(0);
    // What even a server that does nothing was late is the machine's part.
    expect(node.slowestMs).toBeLessThanOrEqual(100 + control.slowestMs);
  });
});

async function checkOddFolders(scene: Scene): Promise<void> {
  const { node, targets } = scene;
  const good = (name: string) => `name = "${name}"\nversion = "1.0.0"\nentry_point = "mod.js"\n`;
  const folder = async (name: string) => {
    await Deno.mkdir(`${node.modulesDir}/${name}`);
    await Deno.writeTextFile(`${node.modulesDir}/${name}/module.toml`, good(name));
    return `${node.modulesDir}/${name}`;
  };
  await Deno.symlink(targets.secretFile, `${await folder("entry-is-a-link")}/mod.js`);
  await Deno.mkdir(`${await folder("entry-is-a-folder")}/mod.js`);
  await folder("entry-is-missing");
  await new Deno.Command("mkfifo", { args: [`${await folder("entry-is-a-pipe")}/mod.js`] }).output();
  await Deno.symlink(`${node.modulesDir}/hello`, `${node.modulesDir}/folder-is-a-link`);
  const linked = `${node.modulesDir}/manifest-is-a-link`;
  await Deno.mkdir(linked);
  await Deno.symlink(targets.secretFile, `${linked}/module.toml`);
  const odd = [
    "entry-is-a-link",
    "entry-is-a-folder",
    "entry-is-missing",
    "entry-is-a-pipe",
    "folder-is-a-link",
    "manifest-is-a-link",
  ];
  for (const name of [...odd, "..", "%2e%2e%2fhello", "Hello", "a/../hello"]) {
    const { status, body } = await node.api(`/api/v1/modules/${encodeURIComponent(name)}/load`, {
      method: "POST",
    });
    expect([name, status >= 400 && status < 500]).toEqual([name, true]);
    expect(JSON.stringify(body)).not.toContain(targets.secret);
  }
}

/** Linux only; elsewhere there is nothing to compare. Deno itself reads `/proc` only with every permission. */
async function residentBytes(pid: number): Promise<number> {
  if (Deno.build.os !== "linux") return 0;
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout))?.[1] ?? 0) * 1_024;
}
