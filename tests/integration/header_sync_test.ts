/**
 * A node that gets a whole chain of headers from a peer of Bitcoin's network over loopback, in full length with
 * `COMMONS_SOAK=1` (some minutes): `COMMONS_SOAK=1 deno task test tests/integration/header_sync_test.ts`. Prints its
 * numbers.
 */
import { expect } from "expect";
import { peakMiB, residentMiB } from "../support/children.ts";
import { eventually } from "../support/eventually.ts";
import { type HeaderServer, startHeaderServer } from "../support/header_server.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";
import { spawnDeno } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

const OPENER = new URL("../support/programs/chain_opener.ts", import.meta.url);
const LONG = Deno.env.get("COMMONS_SOAK") === "1";
const HEADERS = LONG ? 900_000 : 20_000;
const CRASHES = LONG ? 50 : 5;
const SYNC_MS = 10 * 60_000;
/** Headers of one answer. */
const ANSWER = 2_000;
/** Answers in one life of a node that is killed. */
const ANSWERS = LONG ? 8 : 2;

interface Tip {
  readonly height: number;
  readonly hash: string;
}

async function tipOf(node: TestNode): Promise<Tip> {
  const { status, body } = await node.api("/api/v1/chain/tip");
  expect(status).toBe(200);
  return body as Tip; // the node's own answer
}

function startNode(dataDir: string, ...servers: readonly HeaderServer[]): Promise<TestNode> {
  const peers = JSON.stringify(servers.map(({ address }) => address));
  const set = ['node.network="regtest"', `chain.bitcoin_peers=${peers}`, 'p2p.dht="off"'];
  return startTestNode({ dataDir, set });
}

async function timed<T>(work: () => Promise<T>): Promise<[result: T, ms: number]> {
  const start = performance.now();
  const result = await work();
  return [result, performance.now() - start];
}

const text = (value: number | undefined) =>
  value === undefined ? "?" : Math.round(value).toLocaleString("en");

Deno.test(`${HEADERS} headers come over loopback, and are there again after a restart`, async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startHeaderServer({ headers: HEADERS }));
  const dir = stack.use(await tempDir());
  const dataDir = dir.file("data");
  const wanted = { height: HEADERS, hash: server.hashAt(HEADERS) };
  {
    await using node = await startNode(dataDir, server);
    const [, ms] = await timed(() =>
      eventually("the peer's tip", async () => (await tipOf(node)).height === HEADERS, { ms: SYNC_MS })
    );
    expect(await tipOf(node)).toMatchObject(wanted);
    const [peak, now] = [await peakMiB(node.process.pid), await residentMiB(node.process.pid)];
    console.log(
      `${text(HEADERS)} headers in ${text(ms)} ms after the node was ready: ${
        text(HEADERS / ms * 1000)
      } headers/s; ` +
        `peak memory of the node ${text(peak)} MiB, afterwards ${text(now)} MiB`,
    );
    const total = server.served().reduce((sum, { count }) => sum + count, 0);
    expect(total).toBeLessThan(HEADERS * 1.02); // nothing is asked for twice, but for the edges of answers
  }
  await openChain(dataDir, wanted);
  const answers = server.served().length;
  const [empty, emptyMs] = await timed(() => startNode(dir.file("empty")));
  const emptyPeak = await peakMiB(empty.process.pid);
  await empty[Symbol.asyncDispose]();
  const [node, ms] = await timed(() => startNode(dataDir, server));
  await using _node = node;
  expect(await tipOf(node)).toMatchObject(wanted);
  console.log(
    `ready ${text(ms)} ms after its start, peak ${text(await peakMiB(node.process.pid))} MiB; ` +
      `without headers ${text(emptyMs)} ms, ${text(emptyPeak)} MiB`,
  );
  await eventually("the node asks the peer", () => server.served().length > answers);
  const again = server.served().slice(answers).reduce((sum, { count }) => sum + count, 0);
  expect(again).toBeLessThan(10);
});

/** Opens the stored chain in processes of its own, three times: others use the machine, too. */
async function openChain(dataDir: string, wanted: Tip): Promise<void> {
  const times: string[] = [];
  for (let i = 0; i < 3; i++) {
    await using opener = spawnDeno(OPENER, { args: [`${dataDir}/node.kv`] });
    expect(await opener.exitWithin(60_000)).toMatchObject({ code: 0 });
    const [ms, height, hash] = opener.stdout.text().trim().split(" ");
    expect([Number(height), hash]).toEqual([wanted.height, wanted.hash]);
    times.push(text(Number(ms)));
  }
  console.log(`${text(HEADERS)} headers open in ${times.join(", ")} ms`);
}

Deno.test(`a node that is killed ${CRASHES} times during the sync loses no header that it told of`, async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startHeaderServer({ headers: HEADERS, delayMs: LONG ? 30 : 150 }));
  const dir = stack.use(await tempDir());
  const dataDir = dir.file("data");
  let told: Tip = { height: 0, hash: server.hashAt(0) };
  let asked = 0;
  for (let round = 0; round < CRASHES; round++) {
    await using node = await startNode(dataDir, server);
    node.expectKill();
    const before = server.served().length;
    const first = await tipOf(node);
    expect(first.height).toBeGreaterThanOrEqual(told.height); // no acknowledged header lost
    const end = before + 1 + Math.floor(Math.random() * ANSWERS);
    await eventually("answers of the peer", async () => {
      const tip = await tipOf(node);
      expect(tip).toMatchObject({ hash: server.hashAt(tip.height) }); // and no other chain
      expect(tip.height).toBeGreaterThanOrEqual(told.height);
      told = tip;
      return server.served().length >= end || tip.height === HEADERS;
    });
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60)); // somewhere in the next writes
    node.process.kill("SIGKILL");
    await node.process.exited;
    const [answer] = server.served().slice(before);
    if (answer === undefined) continue;
    asked++;
    expect(answer.from).toBeGreaterThanOrEqual(first.height); // what was stored is not asked for again
  }
  expect(asked).toBeGreaterThan(0);
  console.log(`killed ${CRASHES} times, the last time at height ${text(told.height)}`);
  await using node = await startNode(dataDir, server);
  await eventually("the peer's tip", async () => (await tipOf(node)).height === HEADERS, { ms: SYNC_MS });
  expect(await tipOf(node)).toMatchObject({ hash: server.hashAt(HEADERS) });
  const total = server.served().reduce((sum, { count }) => sum + count, 0);
  expect(total).toBeLessThan(HEADERS + CRASHES * 2 * ANSWER); // no more than what was under way at a kill
});

Deno.test("peers with other chains from the first block on: more work wins, less work is not even stored", async () => {
  await using stack = new AsyncDisposableStack();
  const serve = async (headers: number, tag: number) => stack.use(await startHeaderServer({ headers, tag }));
  const [first, better, cheap] = [await serve(5_000, 0), await serve(9_000, 1), await serve(4_500, 2)];
  const dir = stack.use(await tempDir());
  const dataDir = dir.file("data");
  const total = (server: HeaderServer) => server.served().reduce((sum, { count }) => sum + count, 0);
  const headersOf = (node: TestNode) => node.metric("commons_chain_headers");
  const reaches = (node: TestNode, server: HeaderServer) =>
    eventually("the peer's tip", async () => (await tipOf(node)).hash === server.hashAt(server.height));
  {
    await using node = await startNode(dataDir, first);
    await reaches(node, first);
  }
  const answers = first.served().length;
  {
    await using node = await startNode(dataDir, cheap, first);
    await eventually("all cheap headers to be asked for", () => total(cheap) >= cheap.height);
    await eventually("an answer of the first peer", () => first.served().length > answers);
    expect(await tipOf(node)).toMatchObject({ height: first.height, hash: first.hashAt(first.height) });
    expect(await headersOf(node)).toBe(1 + first.height); // nothing of the cheap chain
  }
  await using node = await startNode(dataDir, first, better, cheap);
  await reaches(node, better);
  expect(await headersOf(node)).toBe(1 + first.height + better.height);
  expect(total(better)).toBeGreaterThanOrEqual(better.height * 1.5); // its work was counted before it was stored
  expect(await node.metric("commons_chain_reorgs_total")).toBe(1);
});
