import { join } from "node:path";
import { expect } from "expect";
import { helloModule } from "../support/modules.ts";
import { shortTempDir, spawnNode, startTestNode, type TestNodeOptions } from "../support/node_process.ts";
import type { ProcessExit } from "../support/process.ts";
import { smallDisk } from "../support/small_disk.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";

const END_MS = 60_000;

const canMount = await smallDisk(64).then(async (disk) => {
  await disk?.[Symbol.asyncDispose]();
  return disk !== undefined;
});
const unlessMountable = canMount ? "" : " (skipped: needs Linux and root for a RAM disk)";

interface FailedStart extends ProcessExit {
  readonly stderr: string;
}

/** A start that is expected to end by itself; its temporary files go into `dir`, and all are gone at its end. */
async function failToStart(
  dir: TempDir,
  options: TestNodeOptions & { readonly dataDir?: string } = {},
): Promise<FailedStart> {
  await using temporary = await shortTempDir();
  const place = { dataDir: options.dataDir ?? dir.file("data"), modulesDir: dir.file("modules") };
  await using process = await spawnNode(place, {
    ...options,
    env: { TMPDIR: temporary.path, ...options.env },
  });
  const exit = await process.exitWithin(END_MS);
  expect(process.stdout.text()).toBe("");
  expect(await Array.fromAsync(Deno.readDir(temporary.path))).toEqual([]);
  return { ...exit, stderr: process.stderr.text() };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

Deno.test("commons start with a wrong configuration is exit code 2 and writes nothing", async (t) => {
  await using dir = await tempDir();
  const config = dir.file("commons.toml");
  const rows: readonly (TestNodeOptions & { name: string; text?: string; says: RegExp })[] = [
    {
      name: "a syntax error",
      text: '[http]\nport = 0\nhost = "127.0.0.1\n',
      says: /commons\.toml, line 3, column \d+/,
    },
    {
      name: "an unknown key",
      text: "[http]\nprot = 1\n",
      says: /http\.prot in .*commons\.toml;.*http\.port/,
    },
    { name: "an unknown section", text: "[htpp]\nport = 1\n", says: /htpp.*http/ },
    { name: "an unknown key as a flag", set: ["p2p.static_peer=[]"], says: /p2p\.static_peer.*static_peers/ },
    {
      name: "an unknown key in the environment",
      env: { COMMONS_MODULES__DISABLE: "[]" },
      says: /modules\.disable in COMMONS_MODULES__DISABLE;.*modules\.disabled/,
    },
    { name: "a wrong type", text: "[log]\nlevel = 5\n", says: /log\.level .*commons\.toml/ },
    { name: "a wrong unit", text: '[bans]\ndefault_duration = "24 hours"\n', says: /bans\.default_duration/ },
    {
      name: "a contradiction",
      text: "[lightning]\nbackend = 'lnbits'\n",
      says: /lightning\.\w+ and lightning\.\w+|lightning\.(url|api_key)/,
    },
    {
      name: "a file that is not there",
      args: ["--config=/nowhere/commons.toml"],
      says: /\/nowhere\/commons\.toml/,
    },
    {
      name: "a flag that does not exist",
      args: ["--sett=http.port=1"],
      says: /unknown option '--sett=http\.port=1'/,
    },
  ];
  for (const { name, text, says, args = [], ...rest } of rows) {
    await t.step(name, async () => {
      if (text !== undefined) await Deno.writeTextFile(config, text);
      const file = text === undefined ? [] : [`--config=${config}`];
      const { code, stderr } = await failToStart(dir, { ...rest, args: [...args, ...file] });
      expect(stderr).toMatch(says);
      expect(stderr).not.toMatch(/\n\s+at /); // no stack trace
      expect(code).toBe(2);
      expect(await exists(dir.file("data"))).toBe(false);
    });
  }
});

Deno.test("commons start with an address that the node cannot speak is exit code 1 and says which", async (t) => {
  await using dir = await tempDir();
  const quic = "/ip4/192.0.2.1/udp/9905/quic-v1";
  const peer = `${quic}/p2p/12D3KooWS9JPtHaqvzKJRi6QJVs1UEYC7roxbdLRo925FXqkaq49`;
  const key = `p2p.shared_key="${"ab".repeat(32)}"`;
  const rows: readonly (readonly [name: string, set: readonly string[], says: RegExp])[] = [
    [
      "behind a shared key",
      [key, `p2p.static_peers=["${peer}"]`],
      /shared_key: quic-v1 in p2p\.static_peers/,
    ],
    ["without one", [`p2p.bootstrap=["${peer}"]`], /this node does not speak quic-v1/],
  ];
  for (const [name, set, says] of rows) {
    await t.step(name, async () => {
      const { code, stderr } = await failToStart(dir, { set });
      expect(stderr).toMatch(says);
      expect(stderr).not.toMatch(/\n\s+at /); // no stack trace
      expect(stderr).not.toContain("abababab");
      expect(code).toBe(1);
      expect(await exists(dir.file("data", "run.json"))).toBe(false);
    });
  }
});

Deno.test("commons start where another node is", async (t) => {
  await using dir = await tempDir();
  await using other = await startTestNode({ modules: { hello: await helloModule() } });
  const { port } = new URL(other.http);
  const [address = ""] = other.run.p2p[0]?.split("/p2p/") ?? [];

  await t.step("on its HTTP port is exit code 1", async () => {
    const { code, stderr } = await failToStart(dir, { set: [`http.port=${port}`] });
    expect(stderr).toMatch(new RegExp(`HTTP on 127\\.0\\.0\\.1:${port}: the address is in use`));
    expect(code).toBe(1);
    expect(await exists(dir.file("data", "run.json"))).toBe(false);
  });
  await t.step("on its P2P port is exit code 1", async () => {
    const { code, stderr } = await failToStart(dir, { set: [`p2p.listen=["${address}"]`] });
    expect(stderr).toContain(`Cannot listen for peers: ${address}`);
    expect(code).toBe(1);
    expect(await exists(dir.file("data", "run.json"))).toBe(false);
  });
  await t.step("on its data dir is exit code 1 and leaves it alone", async () => {
    const before = await Deno.readTextFile(join(other.dataDir, "run.json"));
    const { code, stderr } = await failToStart(dir, { dataDir: other.dataDir });
    expect(stderr).toMatch(new RegExp(`${other.dataDir}: process ${other.run.pid} is using it`));
    expect(code).toBe(1);
    expect(await Deno.readTextFile(join(other.dataDir, "run.json"))).toBe(before);
  });
  await t.step("which has not noticed", async () => {
    expect(await other.commons("hello", "greet")).toMatchObject({ code: 0, stdout: "Hello, world!\n" });
  });
  await t.step("and the data dir of a failed start is good for the next", async () => {
    await using node = await startTestNode({ dataDir: dir.file("data") });
    expect((await node.api("/ready")).status).toBe(200);
  });
});

Deno.test("commons start with a damaged identity is exit code 1 and changes nothing", async (t) => {
  await using dir = await tempDir();
  const key = dir.file("data", "identity.key");
  await Deno.mkdir(dir.file("data"));
  const rows = [
    { name: "cut off", text: "ed25519:00", mode: 0o600, says: /identity key .*identity\.key.*backup/ },
    { name: "empty", text: "", mode: 0o600, says: /identity\.key.*empty/ },
    { name: "open to others", text: `ed25519:${"01".repeat(32)}\n`, mode: 0o644, says: /others.*chmod 600/ },
  ];
  for (const { name, text, mode, says } of rows) {
    await t.step(name, async () => {
      await Deno.writeTextFile(key, text);
      await Deno.chmod(key, mode);
      const { code, stderr } = await failToStart(dir);
      expect(stderr).toMatch(says);
      expect(stderr).not.toContain("0101");
      expect(code).toBe(1);
      expect(await Deno.readTextFile(key)).toBe(text);
    });
  }
});

Deno.test({
  name: `commons start on a read-only disk is exit code 1${unlessMountable}`,
  ignore: !canMount,
  async fn(t) {
    await using dir = await tempDir();
    await using disk = await smallDisk(8 * 1024);
    if (!disk) throw new Error("Cannot mount a RAM disk any more");
    const used = disk.file("used");
    let peerId: string;
    {
      await using node = await startTestNode({ dataDir: used });
      peerId = node.run.peerId;
    }
    await disk.remount("ro");
    for (const dataDir of [used, disk.file("new")]) {
      await t.step(dataDir === used ? "with a data dir" : "without one", async () => {
        const { code, stderr } = await failToStart(dir, { dataDir });
        expect(stderr).toContain(`Cannot use the data dir ${dataDir}`);
        expect(stderr).toMatch(/[Rr]ead-only/);
        expect(code).toBe(1);
      });
    }
    await disk.remount("rw");
    await using node = await startTestNode({ dataDir: used });
    expect(node.run.peerId).toBe(peerId);
  },
});

Deno.test({
  name: `commons start on a full disk is exit code 1 and loses nothing${unlessMountable}`,
  ignore: !canMount,
  async fn(t) {
    await using dir = await tempDir();
    await using disk = await smallDisk(8 * 1024);
    if (!disk) throw new Error("Cannot mount a RAM disk any more");
    await t.step("new", async () => {
      await using _filler = await disk.fill();
      const { code, stderr } = await failToStart(dir, { dataDir: disk.file("data") });
      expect(stderr).toMatch(/No space left|full/);
      expect(code).toBe(1);
    });
    await t.step("with room again", async () => {
      await using node = await startTestNode({ dataDir: disk.file("data") });
      expect((await node.api("/ready")).status).toBe(200);
    });
  },
});
