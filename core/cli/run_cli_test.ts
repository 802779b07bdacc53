import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { loadIdentity } from "../identity/mod.ts";
import { type FakeHandler, makeDataDir, runFake } from "./fake_terminal.ts";

const MODULE = {
  name: "hello",
  version: "1.0.0",
  state: "running",
  memory: { rssBytes: 1048576, limitBytes: 2097152 },
};
const PEER = { peerId: "12D3KooWfake", direction: "outbound", address: "/ip4/1.2.3.4/tcp/9905", score: 0 };
const BAN = { target: "10.0.0.0/8", source: "operator", reason: "bad\x1b", hits: 3 };
const TIP = {
  hash: "ab".repeat(32),
  height: 7,
  chainwork: "0".repeat(64),
  time: 1296688602,
  bits: "207fffff",
};
const STALE = { ...TIP, confirmations: -1, version: 4, nonce: 2, header: "00" };
const BLOCK = {
  ...TIP,
  confirmations: -1,
  size: 300,
  weight: 1_200,
  transactionCount: 23,
  txids: Array.from({ length: 23 }, (_, i) => `t${i}`),
};
const TRANSACTION = {
  txid: "cd".repeat(32),
  wtxid: "cd".repeat(32),
  size: 90,
  vsize: 80,
  inputs: [{}],
  outputs: [{ sats: "5000000001", scriptPubKey: "51" }],
  verified: false,
  witnessVerified: false,
};
const BITCOIN_PEERS = [
  {
    address: "192.0.2.1:8333",
    state: "ready",
    userAgent: "/x:1/",
    claimedHeight: 9,
    pingMs: 12.6,
    connectedSeconds: 61,
    bytesIn: 2_048,
    syncing: false,
  },
  { address: "192.0.2.2:8333", state: "waiting", retrySeconds: 30, lastReason: "closed", syncing: false },
  { address: "192.0.2.3:8333", state: "ready", syncing: true },
];
const SPEC = {
  version: 1,
  name: "hello",
  about: "Greets",
  subcommands: [{ name: "greet", about: "Say hello", args: [{ name: "name", default: "world" }] }],
};

function json(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

async function answerBan(request: Request): Promise<Response> {
  const { target, duration } = await request.json();
  const until = duration === "permanent" ? null : "2030-01-01T00:00:00.000Z";
  return json({ target, kind: "ip", until }, 201);
}

async function answerRpc(request: Request): Promise<Response> {
  const { method, params } = await request.json();
  if (method === "getmoduleclispecs") return json({ jsonrpc: "2.0", id: 1, result: { hello: SPEC } });
  const [group, subcommand, ...args] = params;
  if (subcommand === "fail") {
    return json({ id: 1, result: { stdout: "", stderr: "no\x1b[31m\n", exit_code: 7 } });
  }
  if (subcommand === "odd") return json({ id: 1, result: { stdout: "" } });
  if (subcommand === "nonsense") {
    return json({
      id: 1,
      error: { code: -32602, message: "no such command", data: { code: "NO_SUCH_CLI" } },
    });
  }
  if (subcommand === "gone") {
    return json({
      id: 1,
      error: { code: -32603, message: "it is gone", data: { code: "MODULE_NOT_RUNNING" } },
    });
  }
  return json({
    id: 1,
    result: { stdout: `${group} ${subcommand} ${args.join("|")}\n`, stderr: "", exit_code: 0 },
  });
}

const node: FakeHandler = (request) => {
  const { pathname, search } = new URL(request.url);
  const call = `${request.method} ${pathname}${search}`;
  if (pathname === "/rpc") return answerRpc(request);
  if (call === "POST /api/v1/bans") return answerBan(request);
  const answers: Record<string, () => Response> = {
    "GET /api/v1/node": () =>
      json({ name: "commons", version: "0.1.0", network: "mainnet", uptimeSeconds: 3725 }),
    "GET /ready": () => json({ ready: false, checks: { store: { ok: true }, p2p: { ok: false } } }, 503),
    "GET /api/v1/chain/sources": () =>
      json({
        phase: "headers",
        progress: 0.2,
        sync: { startHeight: 0, height: 1_000, targetHeight: 4_000, percent: 25, seconds: 9 },
        sources: [{
          name: "rpc",
          state: "fork",
          tip: { hash: "00", height: 1_000 },
          seenSecondsAgo: 5,
          disagreesForSeconds: 720,
          syncing: false,
          refused: { HIGH_HASH: 2, BAD_DIFFBITS: 1 },
        }],
        bitcoinPeers: BITCOIN_PEERS,
        fullNode: {
          state: "down",
          why: "nobody\x1b answers",
          info: { chain: "main", blocks: 9, pruned: true },
        },
      }),
    "GET /api/v1/chain/blocks/7": () => json(BLOCK),
    [`GET /api/v1/chain/transactions/${"cd".repeat(32)}`]: () => json(TRANSACTION),
    [`GET /api/v1/chain/transactions/${"cd".repeat(32)}?block=ef`]: () =>
      json({ ...TRANSACTION, verified: true, blockHash: "ef", confirmations: 3 }),
    "GET /api/v1/peers": () => json({ peers: [PEER] }),
    "POST /api/v1/peers": () => json({ peerId: PEER.peerId }, 201),
    "DELETE /api/v1/peers/12D3KooWfake": () => new Response(null, { status: 204 }),
    "GET /api/v1/bans": () => json({ bans: [{ ...BAN, until: null }] }),
    "DELETE /api/v1/bans/10.0.0.0%2F8": () => new Response(null, { status: 204 }),
    "DELETE /api/v1/bans/9.9.9.9": () => json({ code: "BAN_NOT_FOUND", detail: "Cannot lift the ban" }, 404),
    "GET /api/v1/chain/tip": () => json(TIP),
    "GET /api/v1/chain/headers/7": () => json(STALE),
    "GET /api/v1/chain/headers/a%2Fb": () => json({ code: "INVALID_PARAMS", detail: "Cannot find" }, 400),
    "GET /api/v1/modules": () => json({ modules: [MODULE, { name: "evil\x1b[2J\u202e", state: "failed" }] }),
    "GET /api/v1/modules/hello": () => json(MODULE),
    "GET /api/v1/modules/hello/logs": () => json({ lines: [{ time: "T", level: "info", message: "a\nb" }] }),
    "GET /api/v1/modules/hello/logs?limit=2": () => json({ lines: [] }),
    "GET /api/v1/modules/hello/audit?limit=5": () =>
      json({ calls: [{ method: "storage.get", outcome: "denied", at: "T" }] }),
    "GET /api/v1/module-api": () =>
      json({
        methods: [
          { name: "node.info", capability: null, tier: null, available: true },
          { name: "a.b", capability: "mesh", tier: "consent", available: false, reason: "none here" },
        ],
      }),
    "POST /api/v1/modules/hello/load": () => json(MODULE),
  };
  const answer = answers[call];
  if (answer !== undefined) return answer();
  return json(
    { title: "Not Found", status: 404, code: "MODULE_NOT_FOUND", detail: `Cannot find ${call}` },
    404,
  );
};

async function onNode(args: readonly string[], options: { color?: boolean } = {}) {
  await using data = await makeDataDir();
  return await runFake(["--data-dir", data.path, ...args], { handler: node, ...options });
}

Deno.test("runCli() exit codes and output of every command", async (t) => {
  const rows: { args: string[]; code: number; out?: RegExp; err?: RegExp }[] = [
    { args: ["status"], code: 0, out: /name: +commons\n[^]*no, waiting for p2p[^]*1h 2m[^]*1 running of 2/ },
    { args: ["status", "--json"], code: 0, out: /"ready": false/ },
    { args: ["status"], code: 0, out: /chain: +height 1,000, headers to 4,000 \(25 %\)\n/ },
    { args: ["chain", "sources"], code: 0, out: /^SOURCE .*\nrpc +fork for 12m 0s +1000 +5s ago +3\n/ },
    { args: ["peer", "list"], code: 0, out: /^PEER +DIRECTION[^]*\n12D3KooWfake +outbound / },
    { args: ["peer", "add", PEER.address], code: 0, out: /^Added 12D3KooWfake\n$/ },
    { args: ["peer", "remove", PEER.peerId], code: 0, out: /^Removed 12D3KooWfake\n$/ },
    {
      args: ["peer", "ban", "1.2.3.4"],
      code: 0,
      out: /^Banned 1\.2\.3\.4 until 2030-01-01T00:00:00\.000Z\n$/,
    },
    {
      args: ["peer", "ban", "10.0.0.0/8", "--duration", "permanent"],
      code: 0,
      out: /^Banned .* for good\n$/,
    },
    { args: ["peer", "ban", "1.2.3.4", "--until", "2030-01-01", "--reason", "x"], code: 0, out: /^Banned / },
    {
      args: ["peer", "ban", "1.2.3.4", "--until", "2030-01-01", "--duration", "1h"],
      code: 2,
      err: /--duration/,
    },
    { args: ["peer", "ban"], code: 2, err: /target/ },
    { args: ["peer", "ban", "1.2.3.4", "--json"], code: 0, out: /"kind": "ip"/ },
    { args: ["peer", "unban", "10.0.0.0/8"], code: 0, out: /^10\.0\.0\.0\/8 is no longer banned\n$/ },
    { args: ["peer", "unban", "9.9.9.9"], code: 1, err: /BAN_NOT_FOUND/ },
    {
      args: ["peer", "bans"],
      code: 0,
      out: /^TARGET +SOURCE +UNTIL +HITS +REASON\n10\.0\.0\.0\/8 +operator +for good +3 +bad\\u001b\n$/,
    },
    { args: ["peer", "bans", "--json"], code: 0, out: /"hits": 3/ },
    {
      args: ["chain", "tip"],
      code: 0,
      out: /^height: +7\nhash: +abab[^]*1296688602 \(2011-02-02T23:16:42Z\)/,
    },
    { args: ["chain", "tip", "--json"], code: 0, out: /"bits": "207fffff"/ },
    { args: ["chain", "header", "7"], code: 0, out: /none, off the best chain\nversion: +4\n[^]*next: +-\n/ },
    { args: ["chain", "header", "7", "--json"], code: 0, out: /"confirmations": -1/ },
    { args: ["chain", "header", "a/b"], code: 1, err: /INVALID_PARAMS/ },
    { args: ["chain", "header"], code: 2, err: /hash\|height/ },
    {
      args: ["chain", "sources"],
      code: 0,
      out:
        /192\.0\.2\.1:8333 +ready +\/x:1\/ +9 +13 ms +1m 1s +2\.0 KiB +-\n192\.0\.2\.2:8333 +waiting, again in 30s .* closed\n192\.0\.2\.3:8333 +sending headers /,
    },
    {
      args: ["chain", "sources"],
      code: 0,
      out: /full node: +does not answer, pruned\nwhy: +nobody.* answers\nchain: +main\nblocks: +9\n/,
    },
    { args: ["chain", "sources", "--json"], code: 0, out: /"claimedHeight": 9/ },
    {
      args: ["chain", "block", "7"],
      code: 0,
      out:
        /off the best chain\n[^]*size: +300 bytes, 1200 weight units\n[^]*\nt19\nand 3 more \(--json lists all\)\n$/,
    },
    { args: ["chain", "block", "7", "--json"], code: 0, out: /"t22"/ },
    { args: ["chain", "block", "8"], code: 1, err: /MODULE_NOT_FOUND/ },
    { args: ["chain", "block"], code: 2, err: /hash\|height/ },
    {
      args: ["chain", "tx", "cd".repeat(32)],
      code: 0,
      out:
        /block: +none, in the mempool\n[^]*verified: +no, on the full node's word\n[^]*\n0 +50\.00000001 +51\n$/,
    },
    {
      args: ["chain", "tx", "cd".repeat(32), "--block", "ef"],
      code: 0,
      out: /block: +ef\n[^]*confirmations: +3\nverified: +in its block, its witnesses not\n/,
    },
    { args: ["chain", "tx", "cd".repeat(32), "--json"], code: 0, out: /"sats": "5000000001"/ },
    { args: ["chain", "tx"], code: 2, err: /txid/ },
    { args: ["chain"], code: 2, err: /Usage: commons chain/ },
    { args: ["module", "list"], code: 0, out: /hello +1\.0\.0 +running[^]*evil\\u001b\[2J\\u202e/ },
    { args: ["module", "list", "--json"], code: 0, out: /"evil\\u001b\[2J\\u202e"/ },
    { args: ["module", "info", "hello"], code: 0, out: /memory: +1\.0 MiB of 2\.0 MiB/ },
    { args: ["module", "info", "nobody"], code: 1, err: /^error: Cannot find .*\(MODULE_NOT_FOUND\)\n$/ },
    { args: ["module", "load", "hello"], code: 0, out: /^hello is running\n$/ },
    { args: ["module", "logs", "hello"], code: 0, out: /^T info +a\\u000ab\n$/ },
    { args: ["module", "logs", "hello", "--limit", "2"], code: 0, out: /^$/ },
    { args: ["module", "logs", "hello", "--limit", "x"], code: 2, err: /whole number/ },
    { args: ["module", "audit", "hello", "--limit", "5"], code: 0, out: /\nT +denied +storage\.get/ },
    { args: ["module", "audit", "hello", "--limit", "0"], code: 2, err: /whole number/ },
    {
      args: ["module", "api"],
      code: 0,
      out: /node\.info +none +- +yes[^]*a\.b +mesh +consent +no +none here/,
    },
    { args: ["module", "api", "--json"], code: 0, out: /"available": false/ },
    { args: ["module", "search", "--all", "k"], code: 1, err: /UNAVAILABLE/ },
    { args: ["module", "frobnicate"], code: 2, err: /unknown command/ },
    { args: ["module"], code: 2, err: /Usage: commons module/ },
    { args: ["module", "--help"], code: 0, out: /Usage: commons module/ },
    { args: ["help", "module", "logs"], code: 0, out: /--limit/ },
    { args: ["help", "hello"], code: 0, out: /greet \[<name>\] +Say hello/ },
    { args: ["--help"], code: 0, out: /Commands of the running modules:\n {2}hello +Greets\n/ },
    { args: ["--help", "status"], code: 0, out: /Usage: commons status/ },
    { args: ["--version"], code: 0, out: /^0\.1\.0\n$/ },
    { args: ["--nonsense"], code: 2, err: /unknown option/ },
    { args: ["status", "extra"], code: 2, err: /too many arguments/ },
    { args: ["gov", "vote", "--weight", "3"], code: 1, err: /UNAVAILABLE/ },
    { args: ["hello", "greet", "Ada", "--loud", "-x"], code: 0, out: /^hello greet Ada\|--loud\|-x\n$/ },
    { args: ["hello", "fail"], code: 7, err: /^no\\u001b\[31m\n$/ },
    { args: ["hello", "gone"], code: 1, err: /it is gone \(MODULE_NOT_RUNNING\)/ },
    { args: ["hello", "nonsense"], code: 2, err: /no such command \(NO_SUCH_CLI\)/ },
    { args: ["hello", "odd"], code: 1, err: /INVALID_ANSWER/ },
    { args: ["hello"], code: 2, err: /which subcommand[^]*greet/ },
    { args: ["hello", "--help"], code: 0, out: /^Usage: commons hello <subcommand>/ },
    { args: ["--json", "hello", "greet"], code: 0, out: /"exit_code": 0/ },
    { args: ["staus"], code: 2, err: /did you mean "status"\?/ },
    { args: ["hallo", "greet"], code: 2, err: /did you mean "hello"\?/ },
    { args: ["constructor"], code: 2, err: /neither a command nor a group/ },
  ];
  for (const row of rows) {
    await t.step(row.args.join(" "), async () => {
      const run = await onNode(row.args);
      expect([run.code, row.err === undefined ? run.err : ""]).toEqual([row.code, ""]);
      if (row.out !== undefined) expect(run.out).toMatch(row.out);
      if (row.err !== undefined) expect(run.err).toMatch(row.err);
    });
  }
});

Deno.test("runCli() prints no colours unless the terminal wants them", async () => {
  expect((await onNode(["peer", "list"])).out).not.toContain("\x1b");
  expect((await onNode(["peer", "list"], { color: true })).out).toContain("\x1b[1m");
});

Deno.test("runCli() takes the data directory from flag, environment and behind a module's words", async (t) => {
  await using data = await makeDataDir();
  const rows: { args: string[]; env?: Record<string, string> }[] = [
    { args: ["peer", "list", "--data-dir", data.path] },
    { args: ["peer", "list", `--data-dir=${data.path}`], env: { COMMONS_DATA_DIR: "/nowhere" } },
    { args: ["peer", "list"], env: { COMMONS_DATA_DIR: data.path } },
    { args: ["hello", "greet", "--data-dir", data.path] },
    { args: ["hello", `--data-dir=${data.path}`, "greet"] },
  ];
  for (const { args, env = {} } of rows) {
    await t.step(args[0] + " " + JSON.stringify(Object.keys(env)), async () => {
      expect((await runFake(args, { handler: node, env })).code).toBe(0);
    });
  }
  const after = await runFake(["--data-dir", data.path, "hello", "greet", "--", "--data-dir", "x"], {
    handler: node,
  });
  expect(after.out).toBe("hello greet --|--data-dir|x\n");
});

Deno.test("runCli() sends the token to the node and prints it nowhere", async () => {
  await using data = await makeDataDir();
  const seen: (string | null)[] = [];
  const run = await runFake(["peer", "list", "--json", "--data-dir", data.path], {
    handler: (request) => {
      seen.push(request.headers.get("authorization"));
      return json({ code: "UNAUTHORIZED", detail: "Cannot answer: bad token" }, 401);
    },
  });
  expect(seen).toEqual([`Bearer ${data.token}`]);
  expect(run.code).toBe(1);
  expect(run.out + run.err).not.toContain(data.token);
});

Deno.test("runCli() key show works without a node and makes no key", async () => {
  await using data = await makeDataDir();
  const before = await runFake(["key", "show", "--data-dir", data.path]);
  expect([before.code, before.err]).toEqual([1, expect.stringMatching(/\(NO_KEY\)/)]);
  await expect(Deno.stat(`${data.path}/identity.key`)).rejects.toThrow(Deno.errors.NotFound);
  const made = await loadIdentity({ dataDir: data.path });
  const shown = await runFake(["key", "show", "--json", "--data-dir", data.path]);
  expect(JSON.parse(shown.out)).toEqual({
    peerId: made.peerId,
    nodeId: made.nodeId,
    file: `${data.path}/identity.key`,
  });
});

Deno.test("runCli() init writes the commented defaults once", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/commons.toml`;
    expect((await runFake(["init", "--config", file])).code).toBe(0);
    const text = await Deno.readTextFile(file);
    expect(text).toMatch(/^#[^]*\[http\]\n#[^]*port = 9906/);
    await Deno.writeTextFile(file, "mine");
    const again = await runFake(["init", "--config", file]);
    expect([again.code, again.err]).toEqual([1, expect.stringMatching(/--force.*\(FILE_EXISTS\)/)]);
    expect(await Deno.readTextFile(file)).toBe("mine");
    expect((await runFake(["init", "--force", "--config", file])).code).toBe(0);
    expect(await Deno.readTextFile(file)).toBe(text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("runCli() refuses a token file that others can read", async () => {
  await using data = await makeDataDir();
  await Deno.chmod(`${data.path}/api.token`, 0o644);
  const run = await runFake(["peer", "list", "--data-dir", data.path], { handler: node });
  expect([run.code, run.err]).toEqual([1, expect.stringMatching(/\(API_TOKEN_PERMISSIONS\)/)]);
  await Deno.remove(`${data.path}/api.token`);
  const gone = await runFake(["peer", "list", "--data-dir", data.path], { handler: node });
  expect([gone.code, gone.err]).toEqual([1, expect.stringMatching(/\(API_TOKEN_MISSING\)/)]);
});

Deno.test("runCli() ends with 3 when no node can be reached", async (t) => {
  await t.step("no run.json", async () => {
    const run = await runFake(["status", "--data-dir", "/nowhere/at/all"]);
    expect([run.code, run.out]).toEqual([3, ""]);
    expect(run.err).toMatch(/none runs on \/nowhere\/at\/all/);
  });
  await t.step("a word that could be a module's", async () => {
    expect((await runFake(["hello", "greet", "--data-dir", "/nowhere"])).code).toBe(3);
  });
  await t.step("connection refused", async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    await using data = await makeDataDir(`http://127.0.0.1:${port}`);
    const run = await runFake(["status", "--data-dir", data.path], { fetch });
    expect(run.code).toBe(3);
    expect(run.err).toMatch(/run\.json may be left over from process 4242/);
  });
  await t.step("damaged run.json", async () => {
    for (const text of ["{", "[]", '{"pid":1,"http":"file:///x"}', "x".repeat(70_000)]) {
      await using data = await makeDataDir();
      await Deno.writeTextFile(`${data.path}/run.json`, text);
      expect((await runFake(["status", "--data-dir", data.path], { handler: node })).code).toBe(3);
    }
  });
});

Deno.test("runCli() gives up at the deadline: 10 s, 65 s for what modules do", async (t) => {
  const rows = [
    { args: ["module", "list"], early: 9_999, late: 1 },
    { args: ["module", "load", "hello"], early: 64_999, late: 1 },
  ];
  for (const { args, early, late } of rows) {
    await t.step(args.join(" "), async () => {
      await using data = await makeDataDir();
      const clock = new FakeClock();
      const asked = Promise.withResolvers<AbortSignal>();
      const hanging: typeof fetch = (_input, init) => {
        const signal = init?.signal ?? new AbortController().signal;
        asked.resolve(signal);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      };
      const run = runFake([...args, "--data-dir", data.path], { fetch: hanging, clock });
      const signal = await asked.promise;
      await clock.advance(early);
      expect(signal.aborted).toBe(false);
      await clock.advance(late);
      const { code, err } = await run;
      expect(code).toBe(3);
      expect(err).toMatch(/no answer within/);
    });
  }
});

Deno.test("runCli() start hands its flags over and ends with the node's code", async (t) => {
  const rows: { args: string[]; env?: Record<string, string>; options: unknown }[] = [
    { args: [], options: { set: [] } },
    { args: [], env: { COMMONS_DATA_DIR: "/d" }, options: { set: [], dataDir: "/d" } },
    {
      args: [
        "--config",
        "c",
        "--data-dir",
        "e",
        "--set",
        "a.b=1",
        "--set",
        'c.d="x y"',
        "--log-format",
        "json",
      ],
      env: { COMMONS_DATA_DIR: "/d" },
      options: { set: ["a.b=1", 'c.d="x y"'], configFile: "c", dataDir: "e", logFormat: "json" },
    },
  ];
  for (const { args, env = {}, options } of rows) {
    await t.step(args.join(" ") + JSON.stringify(env), async () => {
      const run = await runFake(["start", ...args], { env, startExit: 2 });
      expect(run.code).toBe(2);
      expect(run.started).toEqual([options]);
    });
  }
  expect((await runFake(["start", "--log-format", "xml"])).code).toBe(2);
});

Deno.test("runCli() refuses an answer without end", async () => {
  await using data = await makeDataDir();
  const megabyte = new Uint8Array(1024 * 1024);
  const endless = () =>
    new Response(new ReadableStream({ pull: (controller) => controller.enqueue(megabyte) }));
  const run = await runFake(["peer", "list", "--data-dir", data.path], { handler: endless });
  expect([run.code, run.err]).toEqual([1, expect.stringMatching(/ANSWER_TOO_LARGE/)]);
});
