import type { Bench } from "./bench.ts";
import { moduleRig } from "./module_rig.ts";

const CELLS = 8;
const EVENTS = 20_000;
/** Published before the event loop gets its turn, as a burst from the wire is. */
const BURST = 100;

const LISTENER = `
let events = 0, wanted = Infinity, reached;
export default {
  start(node) {
    node.events.on("NewBlock", () => {
      if (++events < wanted) return;
      reached?.();
      reached = undefined;
    });
    node.api.expose("wait_for", (count) => {
      wanted = count;
      return events >= wanted ? true : new Promise((resolve) => { reached = () => resolve(true); });
    });
  },
};`;

const PAYLOAD = { block_hash: "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048", height: 1 };

/** Deliveries a second of one event type to eight cells, against `postMessage` to eight bare Workers. */
export const eventFanout: Bench = {
  name: "event_fanout",
  unit: "deliveries/s",
  better: "higher",
  aim: 2,
  async setup() {
    const names = Array.from({ length: CELLS }, (_, i) => `listener-${i}`);
    const rig = await moduleRig(Object.fromEntries(names.map((name) => [name, LISTENER])));
    const workers = names.map(() => startWorker());
    let published = 0;
    let posted = 0;
    return {
      async value() {
        const start = performance.now();
        await inBursts(() => rig.events.publish("NewBlock", PAYLOAD));
        published += EVENTS;
        await Promise.all(
          names.map((name) => rig.host.call(name, "wait_for", published, { caller: "bench" })),
        );
        return EVENTS * CELLS / (performance.now() - start) * 1_000;
      },
      async baseline() {
        const start = performance.now();
        await inBursts(() => {
          for (const worker of workers) worker.postMessage({ event: { type: "NewBlock", payload: PAYLOAD } });
        });
        posted += EVENTS;
        await Promise.all(workers.map((worker) => reached(worker, posted)));
        return EVENTS * CELLS / (performance.now() - start) * 1_000;
      },
      async [Symbol.asyncDispose]() {
        for (const worker of workers) worker.terminate();
        await rig[Symbol.asyncDispose]();
      },
    };
  },
};

function startWorker(): Worker {
  return new Worker(new URL("./programs/echo_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  });
}

function reached(worker: Worker, target: number): Promise<void> {
  return new Promise((resolve) => {
    worker.onmessage = () => resolve();
    worker.postMessage({ target });
  });
}

async function inBursts(publish: () => void): Promise<void> {
  for (let i = 0; i < EVENTS; i++) {
    publish();
    if (i % BURST === 0) await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
}
