import { startTestNode, type TestNode } from "../support/node_process.ts";
import { type OwnedProcess, spawnDeno } from "../support/process.ts";
import type { Bench } from "./bench.ts";
import { countFrames } from "./frame_counter.ts";

const MESSAGES = 4_000;
/** Asked of the sender at once; at most two such parts are on their way, so that nothing is dropped anywhere. */
const PART = 250;

const COUNTER = `
let blocks = 0, wanted = Infinity, reached;
export default {
  start(node) {
    node.events.on("BlockAnnounced", () => {
      if (++blocks >= wanted) reached?.();
    });
    node.api.expose("received", (count) =>
      blocks >= count || new Promise((resolve) => {
        wanted = count;
        reached = () => resolve(true);
      }));
  },
};`;

/** One side: who publishes, and how to learn what has arrived. */
interface Side {
  /** Port of the sender. */
  readonly port: number;
  /** Resolves when `count` messages in all have arrived everywhere. */
  readonly received: (count: number) => Promise<unknown>;
}

/**
 * Messages a second from a node's process to another, validated, counted and delivered to a WebSocket and a module,
 * against plain gossipsub between two processes that only counts. A message counts when the WebSocket and the module
 * both have it.
 */
export const gossipDeliver: Bench = {
  name: "gossip_deliver",
  unit: "messages/s",
  better: "higher",
  aim: 0.9,
  async setup() {
    await using cleanup = new AsyncDisposableStack();
    const value = measurer(await nodeSide(cleanup));
    const baseline = measurer(await bareSide(cleanup));
    const owned = cleanup.move();
    return { value, baseline, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  },
};

async function nodeSide(cleanup: AsyncDisposableStack): Promise<Side> {
  const node = cleanup.use(
    await startTestNode({
      set: ['node.network="regtest"'],
      modules: {
        counter: { source: COUNTER, capabilities: ["subscribe_events", "register_module_api"] },
      },
    }),
  );
  const frames = cleanup.use(await countFrames(`${node.http.replace("http", "ws")}/ws`, '{"type":"block"'));
  const sender = cleanup.use(startSender("node", node.run.p2p[0] ?? ""));
  const received = (count: number) => Promise.all([frames.reached(count), moduleReceived(node, count)]);
  return { port: await portOf(sender), received };
}

async function moduleReceived(node: TestNode, count: number): Promise<void> {
  const answer = await node.api("/api/v1/modules/counter/call", {
    body: { method: "received", params: count },
  });
  if (answer.status !== 200) throw new Error(`Cannot measure: the module answers ${JSON.stringify(answer)}`);
}

async function bareSide(cleanup: AsyncDisposableStack): Promise<Side> {
  const receiver = cleanup.use(spawnDeno(new URL("./programs/gossip_receiver.ts", import.meta.url)));
  const address = (await receiver.stdout.waitFor(/^address /)).slice("address ".length);
  const receiverPort = await portOf(receiver);
  const sender = cleanup.use(startSender("bare", address));
  return { port: await portOf(sender), received: (count) => ask(receiverPort, "received", count) };
}

function startSender(side: "node" | "bare", address: string): OwnedProcess {
  return spawnDeno(new URL("./programs/gossip_sender.ts", import.meta.url), { args: [side, address] });
}

async function portOf(program: OwnedProcess): Promise<number> {
  return Number((await program.stdout.waitFor(/^port \d+$/)).slice("port ".length));
}

async function ask(port: number, what: string, count: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/${what}?count=${count}`);
  if (!response.ok) throw new Error(`Cannot measure: ${what} answers ${await response.text()}`);
  await response.body?.cancel();
}

function measurer({ port, received }: Side): () => Promise<number> {
  let total = 0;
  return async () => {
    await ask(port, "prepare", MESSAGES);
    const start = performance.now();
    let before: Promise<unknown> = Promise.resolve();
    for (let sent = 0; sent < MESSAGES; sent += PART) {
      const arrived = before;
      await ask(port, "publish", PART);
      total += PART;
      await arrived; // the part before this one: while this one is on its way, the next is published
      before = received(total);
    }
    await before;
    return MESSAGES / (performance.now() - start) * 1_000;
  };
}
