import type { TestModule } from "../support/modules.ts";

/** A module that means no good, and what must become of it. */
export interface HostileModule extends TestModule {
  /** Reason of its last exit; `undefined` for one that goes on running. */
  readonly ends?: "crashed" | "out_of_memory" | "unresponsive" | "start_timeout";
  /** What the last exit says about it. */
  readonly detail?: RegExp;
  /** For one that ends before it runs, so that loading it fails. */
  readonly neverRuns?: true;
}

const START_MS = { startup_ms: 1_200 };
const SMALL = { memory_mb: 24 };

function later(code: string): string {
  return `export default { start(node) { setTimeout(() => { ${code} }, 30); } };`;
}

/** Modules that end by their own doing. */
export const ENDING: Readonly<Record<string, HostileModule>> = {
  "throws-at-load": {
    source: `throw new RangeError("at load");`,
    ends: "crashed",
    detail: /^RangeError: at load/,
    neverRuns: true,
  },
  "throws-in-start": {
    source: `export default { start() { throw new Error("in start"); } };`,
    ends: "crashed",
    detail: /^Error: in start/,
    neverRuns: true,
  },
  "never-starts": {
    source: `export default { start: () => new Promise(() => {}) };`,
    limits: START_MS,
    ends: "start_timeout",
    detail: /did not start within 1200 ms/,
    neverRuns: true,
  },
  "spins-at-load": {
    source: `for (;;) {}`,
    limits: START_MS,
    ends: "start_timeout",
    neverRuns: true,
  },
  "spins-in-a-timer": { source: later(`for (;;) {}`), ends: "unresponsive" },
  "spins-in-microtasks": {
    source: later(`const again = () => { queueMicrotask(again); }; again();`),
    ends: "unresponsive",
  },
  "fills-its-heap": {
    source: later(`const all = []; for (;;) all.push({ text: "x" + all.length, more: [all.length] });`),
    limits: SMALL,
    ends: "out_of_memory",
    detail: /heap limit|more than its/,
  },
  "allocates-3-gb": {
    source: later(
      `globalThis.all = []; for (let i = 0; i < 48; i++) all.push(new Uint8Array(64 << 20).fill(1));`,
    ),
    limits: SMALL,
    ends: "out_of_memory",
    detail: /used more than its/,
  },
  "grows-webassembly-memory": {
    source: later(`
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 49152 });
      memory.grow(49151);
      new Uint8Array(memory.buffer).fill(1);`),
    limits: SMALL,
    ends: "out_of_memory",
  },
  "calls-what-it-lacks": {
    source: later(`node.events.publish("ChannelClosed", { channel_id: "1", reason: "" });`),
    ends: "crashed",
    detail: /PERMISSION_DENIED|publish_events/,
  },
  "rejects-unheard": {
    source: later(`Promise.reject({ get message() { throw 1; }, toString() { for (;;) {} } });`),
    ends: "crashed",
  },
  "asks-for-powers": {
    source: later(`Deno.kill(1, "SIGKILL");`),
    ends: "crashed",
    detail: /ReferenceError: Deno is not defined/,
  },
};

const PUBLISH = `node.events.publish("ChannelClosed", { channel_id: "1", reason: "" })`;

/** Modules that bother the node and go on; each answers `report` with what it met. */
export const BOTHERING: Readonly<Record<string, HostileModule>> = {
  "catches-refusals": {
    source: `export default { async start(node) {
      const codes = [];
      for (const call of [() => ${PUBLISH}, () => node.storage.set(["k"], 1), () => node.modules.list()]) {
        await call().catch((error) => codes.push(error.code));
      }
      node.cli.command({ name: "report" }, () => codes.join());
    } };`,
  },
  "floods-logs": {
    source: `export default { start(node) {
      let lines = 0;
      setInterval(() => { for (let i = 0; i < 500; i++) node.log.info("line " + lines++ + "x".repeat(200)); }, 50);
      node.cli.command({ name: "report" }, () => "busy");
    } };`,
  },
  "floods-the-console": {
    source: `export default { start(node) {
      console.log("a word", { in: "the log" });
      setInterval(() => { for (let i = 0; i < 200; i++) console.error("\\u001b[2J", i); }, 50);
      node.cli.command({ name: "report" }, () => "busy");
    } };`,
  },
  "floods-calls": {
    capabilities: ["read_storage"],
    source: `export default { start(node) {
      const codes = new Set();
      const call = () => node.storage.get(["k"]).catch((error) => codes.add(error.code));
      node.cli.command({ name: "report" }, () => [...codes].join());
      node.timers.after(30, async () => { for (;;) await Promise.all(Array.from({ length: 2000 }, call)); });
    } };`,
  },
  "floods-events": {
    capabilities: ["publish_events"],
    source: `export default { start(node) {
      const codes = new Set();
      const call = () => ${PUBLISH}.catch((error) => codes.add(error.code));
      node.cli.command({ name: "report" }, () => [...codes].join());
      node.timers.after(30, async () => { for (;;) await Promise.all(Array.from({ length: 500 }, call)); });
    } };`,
  },
};

/** Runs, and will not stop. */
export const SPINS_IN_STOP: TestModule = {
  source: `export default { start() {}, stop() { for (;;) {} } };`,
};

/** Spins while it runs, with limits that let it. */
export const SPINS: TestModule = { source: later(`for (;;) {}`) };

/** TypeScript that keeps the type stripper busy for ever: each level makes it try again all that follows. */
export const NEVER_BUILDS: TestModule = {
  source: `type x=${"(a: of =( a< ".repeat(60)}`,
  entry: "mod.ts",
};
