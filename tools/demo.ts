/**
 * Two nodes on loopback: mainnet block 1 is announced on the first, checked and passed on to the second, and counted by the
 * module `hello` there.
 */
import { type NodeProcess, startNode } from "./node_process.ts";

/** The header of mainnet block 1 and its hash. */
const BLOCK_1 = {
  Hash: "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048",
  Height: 1,
  Header:
    "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3" +
    "c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299",
  DataHubURL: "",
};

const DEADLINE_MS = 30_000;
const POLL_MS = 200;

async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) {
      throw new Error(`Cannot go on: ${what} did not happen within ${DEADLINE_MS} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Announces the block; `undefined` as long as nobody hears it. */
async function announce(node: NodeProcess): Promise<number | undefined> {
  const { status, body } = await node.request("POST", "/api/v1/gossip/block", { message: BLOCK_1 });
  if (status >= 400) throw new Error(`Cannot announce the block: ${JSON.stringify(body)}`);
  const { recipients } = body as { recipients: number };
  return recipients > 0 ? recipients : undefined;
}

async function blockCount(node: NodeProcess): Promise<string | undefined> {
  const { code, out, err } = await node.commons("hello", "blocks");
  if (code !== 0) throw new Error(`Cannot ask hello: ${err}`);
  return out.startsWith("0") ? undefined : out.trim();
}

async function demo(folder: string): Promise<void> {
  const quiet = 'log.level="warn"';
  await using alice = await startNode({ dataDir: `${folder}/a`, set: [quiet, 'node.name="alice"'] });
  console.log(`alice is ready: ${alice.run.p2p[0]}`);
  const peers = `p2p.static_peers=${JSON.stringify(alice.run.p2p)}`;
  await using bob = await startNode({ dataDir: `${folder}/b`, set: [quiet, 'node.name="bob"', peers] });
  console.log(`bob is ready:   ${bob.run.p2p[0]}`);
  const recipients = await until("a peer that listens", () => announce(alice));
  console.log(`alice announced mainnet block 1 to ${recipients} peer(s)`);
  const count = await until("the announcement's arrival", () => blockCount(bob));
  console.log(`bob's module hello counted: ${count}`);
  const codes = [await bob.stop(), await alice.stop()];
  if (codes.some((code) => code !== 0)) throw new Error(`Cannot stop cleanly: exit codes ${codes}`);
  console.log("both stopped cleanly");
}

const folder = await Deno.makeTempDir({ prefix: "commons-demo-" });
try {
  await demo(folder);
} finally {
  await Deno.remove(folder, { recursive: true });
}
