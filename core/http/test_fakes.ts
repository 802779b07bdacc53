import { createBanService } from "../bans/mod.ts";
import { CommonsError, FakeClock, type HashHex, type PeerIdText } from "../base/mod.ts";
import type { EventPayloads, EventType, NodeEvent } from "../events/mod.ts";
import type { PeerView } from "../p2p/mod.ts";
import { memoryStore } from "../store/mod.ts";
import type { Logger, Metrics } from "../telemetry/mod.ts";
import { createHttpService } from "./service.ts";
import { chainParams, type ChainTip } from "../chain/mod.ts";
import type {
  HttpChain,
  HttpComponents,
  HttpInit,
  HttpModules,
  HttpP2p,
  HttpService,
  NodeFacts,
} from "./types.ts";

/** For tests only: the seams of the HTTP service, made by hand. */
export const TOKEN = "ab".repeat(32);

export const NODE: NodeFacts = {
  name: "commons",
  version: "0.1.0",
  network: "regtest",
  peerId: "12D3KooWfake",
  nodeId: "cd".repeat(32),
  userAgent: "commons-node/0.1.0",
  services: 2 ** 29,
  startedAt: 1_700_000_000_000,
};

export const PEER: PeerView = {
  id: 7,
  peerId: "12D3KooWpeer",
  address: "/ip4/127.0.0.1/tcp/1",
  direction: "inbound",
  transport: "tcp",
  userAgent: "other/1",
  services: 0,
  connectedAt: "2023-11-14T22:13:20.000Z",
  score: 0,
  banScore: 30,
  topics: ["block"],
  kept: true,
  pingMs: 12.5,
  bytesSent: 100,
  bytesReceived: 200,
  lastSendAt: "2023-11-14T22:13:20.000Z",
  lastReceivedAt: null,
};

type Listener<T> = (value: T) => void;

function listeners<T>() {
  const all = new Set<Listener<T>>();
  return {
    all,
    add(listener: Listener<T>): Disposable {
      all.add(listener);
      return { [Symbol.dispose]: () => void all.delete(listener) };
    },
  };
}

export function fakeP2p() {
  const notifications = listeners<Parameters<Parameters<HttpP2p["onNotification"]>[0]>[0]>();
  const p2p: HttpP2p = {
    listening: () => ["/ip4/127.0.0.1/tcp/9905/p2p/12D3KooWfake"],
    peers: () => [PEER],
    addPeer(multiaddr) {
      if (multiaddr === "bad") throw new CommonsError("INVALID_MULTIADDR", "Cannot dial: not a multiaddr");
      if (multiaddr === "/dead") throw new CommonsError("DIAL_FAILED", "Cannot dial: nobody answers");
      return Promise.resolve("12D3KooWpeer" as PeerIdText);
    },
    removePeer: (peerId) => Promise.resolve(peerId === PEER.peerId),
    publish(topic, message) {
      if (topic !== "block") throw new CommonsError("UNKNOWN_TOPIC", "Cannot publish: no such topic");
      if (message.Hash === "bad") throw new CommonsError("HASH_ABOVE_TARGET", "Cannot publish: no work");
      return Promise.resolve({ recipients: 2, message });
    },
    stats: () => ({ bytesSent: 0, bytesReceived: 0, topics: [] }),
    claimOf: () => undefined,
    ownStatus: () => ({
      type: "node_status",
      timestamp: "2023-11-14T22:13:20Z",
      base_url: "http://hub",
      peer_id: "12D3KooWfake",
    }),
    onNotification: (listener) => notifications.add(listener),
  };
  return {
    p2p,
    listening: () => notifications.all.size,
    notify: (type: "block" | "node_status", fields: Record<string, unknown> = {}) =>
      notifications.all.forEach((listener) =>
        listener({ type, timestamp: "2023-11-14T22:13:20Z", ...fields })
      ),
  };
}

function fakeInsight(): Pick<HttpModules, "audit" | "api"> {
  return {
    audit: (_name, options) => [{ method: "node.info", outcome: "ok", at: options?.limit ?? 0 }],
    api: () => [
      { name: "node.info", capability: null, tier: null, available: true },
      {
        name: "chain.getBlock",
        capability: "read_blockchain",
        tier: "open",
        available: false,
        reason: "this version keeps no block chain",
      },
    ],
  };
}

const VIEW = {
  name: "hello",
  version: "1.0.0",
  description: "says hello",
  state: "running",
  health: "healthy",
  hash: "sha256:00",
  signature: { state: "unsigned", signers: [] },
  capabilities: { requested: [], granted: [], missing: [] },
  pid: 1,
  uptimeMs: 1,
  restarts: 0,
  memory: { rssBytes: 1, limitBytes: 2 },
  cpuPercent: 0,
  events: { delivered: 0, dropped: 0 },
  calls: { total: 0, denied: 0, failed: 0 },
  lastExit: null,
} as const;

/** A chain of a genesis header alone that is busy all the time. */
export function fakeChain(): HttpChain {
  const tip: ChainTip = {
    hash: "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206" as HashHex,
    height: 0,
    chainwork: "2".padStart(64, "0"),
    time: 1_296_688_602,
    bits: 0x207fffff,
  };
  const busy = () => Promise.reject(new CommonsError("CHAIN_BUSY", "Cannot change the chain: it is a fake"));
  return {
    params: chainParams("regtest"),
    anchored: false,
    tip: () => tip,
    base: () => tip,
    header: () => undefined,
    headerAt: () => undefined,
    hashAt: (height) => height === 0 ? tip.hash : undefined,
    staleTips: () => [],
    accept: busy,
    setAnchor: busy,
  };
}

export function fakeModules(): HttpModules {
  const view = VIEW;
  const known = (name: string) => {
    if (name === "broken") {
      return Promise.reject(new CommonsError("MANIFEST_SYNTAX", "Cannot read it: line 3"));
    }
    if (name === "hello") return Promise.resolve(view);
    return Promise.reject(new CommonsError("MODULE_NOT_FOUND", `Cannot find ${name}: no such module`));
  };
  return {
    discover: () => Promise.resolve(),
    list: () => [view, { ...view, name: "asleep", state: "stopped" }],
    get: (name) => name === "hello" ? view : undefined,
    load: (name) =>
      name === "greedy"
        ? Promise.reject(new CommonsError("NEEDS_APPROVAL", "Cannot load greedy: not approved"))
        : known(name),
    unload: known,
    reload: known,
    approve: known,
    revoke: known,
    logs: (_name, options) => [{ time: "T", level: "info", message: `limit ${options?.limit}` }],
    ...fakeInsight(),
    cliSpecs: () => ({ hello: { version: 1, name: "hello", subcommands: [{ name: "greet", args: [] }] } }),
    runCli(cli, subcommand, args) {
      if (cli === "slow") return Promise.reject(new CommonsError("TIMEOUT", "Cannot run: too slow"));
      if (cli !== "hello") return Promise.reject(new CommonsError("NO_SUCH_CLI", "Cannot run: no such CLI"));
      return Promise.resolve({ stdout: `${subcommand} ${args.join(" ")}`, stderr: "", exit_code: 0 });
    },
    handleHttp(name, request) {
      if (name !== "hello") return Promise.reject(new CommonsError("MODULE_NOT_FOUND", "Cannot find it"));
      const told = { ...request, body: new TextDecoder().decode(request.body) };
      return Promise.resolve({
        status: 200,
        headers: { "content-type": "text/html", "x-mine": "1", "content-security-policy": "sandbox" },
        body: new TextEncoder().encode(JSON.stringify(told)),
      });
    },
    call(_name, method, params, options) {
      if (method === "crash") throw new TypeError("secret inside");
      return Promise.resolve({
        method,
        params,
        caller: options.caller,
        big: 2n ** 60n,
        bytes: new Uint8Array([255]),
      });
    },
    rpcMethods: () => ["hello_count"],
    callRpc: (method, params) => Promise.resolve({ method, params }),
  };
}

export function fakeEvents() {
  const bus = listeners<NodeEvent>();
  const kept: NodeEvent[] = [];
  return {
    listening: () => bus.all.size,
    events: {
      listen: (_options: unknown, listener: Listener<NodeEvent>) => bus.add(listener),
      since: (id: number, types?: readonly EventType[]) =>
        kept.filter((event) => event.id > id && (types === undefined || types.includes(event.type))),
    },
    publish<T extends EventType>(type: T, payload: EventPayloads[T]) {
      const event = { id: kept.length + 1, type, time: 1_700_000_000_000, payload };
      const whole = { ...event, json: JSON.stringify(event) } as NodeEvent;
      kept.push(whole);
      bus.all.forEach((listener) => listener(whole));
    },
  };
}

export function fakeMetrics() {
  const counted = new Map<string, number>();
  const gauges = new Map<string, () => number>();
  const metrics: Metrics = {
    counter: ({ name }) => ({
      inc(labels = {}, value = 1) {
        const key = [name, ...Object.values(labels)].join(" ");
        counted.set(key, (counted.get(key) ?? 0) + value);
      },
    }),
    gauge: () => ({ set: () => {} }),
    histogram: () => ({ observe: () => {} }),
    collect: ({ name }, read) => void gauges.set(name, () => [...read()][0]?.[0] ?? 0),
    text: () => Promise.resolve([...counted].map(([key, value]) => `${key} ${value}`).join("\n")),
    contentType: "text/plain; version=0.0.4",
  };
  return { metrics, counted, gauge: (name: string) => gauges.get(name)?.() };
}

export function fakeLogger() {
  const lines: { message: string; fields: unknown }[] = [];
  const write = (message: string, fields?: unknown) => void lines.push({ message, fields });
  const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger };
  return { logger, lines };
}

/** A service on fakes; `init` and `components` replace single parts. */
export function fakeService(init: Partial<HttpInit> = {}, components: Partial<HttpComponents> = {}) {
  const clock = new FakeClock();
  const p2p = fakeP2p();
  const events = fakeEvents();
  const metrics = fakeMetrics();
  const log = fakeLogger();
  const bans = createBanService(
    {
      store: memoryStore(),
      clock,
      logger: log.logger,
      metrics: metrics.metrics,
      events: { publish: (type, payload) => events.publish(type, payload) },
    },
    { defaultDurationMs: 86_400_000, maxEntries: 4, threshold: 100 },
  );
  const service: HttpService = createHttpService({
    p2p: p2p.p2p,
    bans,
    chain: fakeChain(),
    modules: fakeModules(),
    events: events.events,
    metrics: metrics.metrics,
    health: { ready: () => ({ ready: true, checks: { store: { ok: true } } }) },
    logger: log.logger,
    clock,
    node: NODE,
    ...components,
  }, {
    host: "127.0.0.1",
    port: 0,
    token: TOKEN,
    publicRead: false,
    corsOrigins: ["https://app.example"],
    maxBodyBytes: 65_536,
    rateLimitPerMinute: 60,
    maxSseClients: 8,
    maxWsClients: 8,
    ...init,
  });
  return { service, app: service.app, clock, bans, p2p, events, metrics, log };
}

/** Connection facts of a client elsewhere. */
export function from(hostname: string) {
  return { remoteAddr: { transport: "tcp", hostname, port: 40_000 } as const };
}

export const BEARER = { authorization: `Bearer ${TOKEN}` };
