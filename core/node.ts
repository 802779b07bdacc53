/**
 * The composition root: builds the services in order, starts them, and stops them in reverse.
 * @module
 */
import { resolve } from "node:path";
import { allOrFirstError } from "./all_or_first_error.ts";
import type { BanService } from "./bans/mod.ts";
import { CommonsError, systemClock, systemRandom } from "./base/mod.ts";
import type { HeaderChain } from "./chain/mod.ts";
import { type Config, configSecrets, redactConfig } from "./config/mod.ts";
import { createEventBus, type EventBus } from "./events/mod.ts";
import { createHttpService, NODE_RPC_METHODS, type NodeFacts } from "./http/mod.ts";
import { type Identity, loadApiToken, loadIdentity } from "./identity/mod.ts";
import {
  type CellFactory,
  createFolderWatch,
  createModuleBuilder,
  createModuleFiles,
  createModuleHost,
  createSignatureVerifier,
  type ModuleFiles,
  type ModuleHost,
  type NetworkPort,
  openModuleFolder,
  SDK_TEXT,
  SDK_VERSION,
  trustedKeys,
} from "./modules/mod.ts";
import { bitcoinPorts } from "./bitcoin_ports.ts";
import { judgePeers } from "./judge_peers.ts";
import { keptBuilds } from "./kept_builds.ts";
import { networkPort } from "./network_port.ts";
import { chainStageOf } from "./chain_stage.ts";
import { ownTip } from "./own_tip.ts";
import type { P2pComponents, P2pService, PeerRegistry } from "./p2p/mod.ts";
import { p2pInit } from "./p2p_init.ts";
import { cellLimits } from "./cell_limits.ts";
import { dataDirOf, httpInit, nodeFacts, runFile } from "./node_facts.ts";
import { publishRunFile } from "./run_file.ts";
import { keys, lockDataDir, migrate, namespacedStore, openKvStore, type Store } from "./store/mod.ts";
import { createHealth, createMetrics, type RootLogger } from "./telemetry/mod.ts";
import { startBans } from "./start_bans.ts";
import { type RunningChain, startChain } from "./start_chain.ts";
import { followSync, type StatusDisplay } from "./sync_progress.ts";
import { startPeerRegistry } from "./start_peer_registry.ts";

/** A configuration that {@linkcode loadConfig} has checked. */
export type CheckedConfig = Config;

export interface NodeInit {
  readonly config: CheckedConfig;
  readonly version: string;
  readonly logger: RootLogger;
  /** Made before the rest is loaded, so that the first cell comes up meanwhile; closed with the node. */
  readonly cells: CellFactory;
  /** Where Deno keeps its cache. */
  readonly denoDir: string | undefined;
  /** An entry point for others: serves the DHT, joins no topic, loads no module. */
  readonly bootstrapOnly?: boolean | undefined;
  /** A row of a terminal below the log. Absent: there is none. */
  readonly showStatus?: StatusDisplay | undefined;
}

/** A running node. `stop` stops every part; what goes wrong is collected in a `SuppressedError`. */
export interface RunningNode {
  readonly http: string;
  readonly p2p: readonly string[];
  stop(): Promise<void>;
}

const SHUTDOWN_SECONDS = 10;
/** Longest text in an event. */
const MAX_EVENT_TEXT = 4_096;

/**
 * Starts a node and resolves when it is ready. What was started is stopped again when a later part fails.
 *
 * Permissions: `net`, `env` (npm packages probe it), `sys=networkInterfaces,setPriority`, `read` and `write` for the data dir, the
 * modules dir and the temporary folder, `run` for the own executable.
 * @throws {CommonsError} of the part that could not start
 */
export async function startNode(init: NodeInit): Promise<RunningNode> {
  const startedAt = systemClock.now();
  // libp2p takes longest to load; store, keys and modules come up meanwhile.
  const loading = import("./p2p/mod.ts");
  loading.catch(() => {}); // reported where it is awaited
  await using stack = new AsyncDisposableStack();
  stack.defer(() => init.cells.close());
  const ground = await layGround(init, stack);
  const { config, logger } = init;
  const { bans, events, health } = ground;
  if (init.showStatus !== undefined) {
    stack.use(followSync({ desk: ground.bitcoin.desk, events, clock: systemClock }, init.showStatus));
  }
  const facts = nodeFacts(init, ground.identity, startedAt);
  stack.defer(() => events.publish("NodeShutdownCompleted", { duration_ms: 0 }));

  let network: P2pService | undefined;
  const host = createModules(init, ground, {
    facts,
    stack,
    network: networkPort(() => network, ground.bans),
  });
  stack.defer(() => host.stop());
  events.publish("ConfigLoaded", configEvent(config));
  const modulesStarted = host.start();
  const { createP2pService, PeerRegistry } = await loading;
  let registry: PeerRegistry | undefined;
  const reputationOf = (peerId: string) => registry?.reputationOf(peerId) ?? 50;
  const p2p = network = createP2p(createP2pService, init, { ...ground, reputationOf });
  stack.defer(() => p2p.stop());
  stack.use(ground.bitcoin.join(p2p.requests, judgePeers({ bans, registry: () => registry })));
  const peers = registry = await startPeerRegistry(PeerRegistry, { ...ground, p2p, logger });
  stack.defer(() => peers.stop());
  const http = createHttpService(
    {
      p2p,
      bans,
      chain: ground.chain,
      sources: ground.bitcoin.desk,
      bitcoin: ground.bitcoin,
      modules: host,
      events,
      metrics: ground.metrics,
      health,
      logger: logger.child("http"),
      clock: systemClock,
      node: facts,
    },
    httpInit(config, ground.token),
  );
  stack.defer(() => http.stop());
  const modulesReady = registerChecks(health, { config, p2p });
  const [{ url }] = await allOrFirstError([
    p2p.start().then(() => http.start()),
    modulesStarted.then(modulesReady),
  ]);
  const addresses = { http: url, p2p: p2p.listening() };
  stack.use(publishRunFile(dataDirOf(config), runFile(facts, addresses)));
  stack.defer(() => announceShutdown(events));
  const ms = systemClock.now() - startedAt;
  events.publish("NodeStartupCompleted", {
    duration_ms: ms,
    components: ["store", "p2p", "modules", "http"],
  });
  logger.info("node ready", { ...addresses, peerId: facts.peerId, ms });
  const running = stack.move();
  return { ...addresses, stop: () => running.disposeAsync() };
}

function configEvent(config: CheckedConfig) {
  return { changed_sections: [], config_json: JSON.stringify(redactConfig(config)).slice(0, MAX_EVENT_TEXT) };
}

/** Answers what to call when the modules have been started. */
function registerChecks(
  health: Ground["health"],
  { config, p2p }: { readonly config: CheckedConfig; readonly p2p: P2pService },
): () => void {
  let modulesReady = false;
  health.register({ name: "store", check: () => true });
  health.register({ name: "p2p", check: () => config.p2p.listen.length === 0 || p2p.listening().length > 0 });
  health.register({ name: "modules", check: () => modulesReady || "still starting" });
  health.register({ name: "chain", check: () => true });
  return () => {
    modulesReady = true;
  };
}

interface Ground {
  readonly identity: Identity;
  readonly token: string;
  readonly store: Store;
  readonly bans: BanService;
  readonly events: EventBus;
  readonly bitcoin: RunningChain;
  readonly chain: HeaderChain;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly health: ReturnType<typeof createHealth>;
}

/** What every service stands on: data dir, keys, store, events, telemetry. */
async function layGround(
  { config, logger, version }: NodeInit,
  stack: AsyncDisposableStack,
): Promise<Ground> {
  const dataDir = dataDirOf(config);
  stack.use(await lockDataDir(dataDir));
  const metrics = createMetrics();
  const [identity, token, store] = await Promise.all([
    loadIdentity({ dataDir }),
    loadApiToken({ dataDir }),
    openKvStore({
      ...(config.store.url === "" ? { path: `${dataDir}/node.kv` } : { url: config.store.url }),
      logger: logger.child("store"),
      metrics,
    }),
  ]);
  stack.defer(() => store.close());
  for (const secret of [token, ...configSecrets(config)]) logger.addSecret(secret);
  await migrate(store, []);
  const events = createEventBus({ clock: systemClock, logger: logger.child("events"), metrics });
  const bans = await startBans({ config, logger }, { store, events, metrics });
  stack.defer(() => bans.stop());
  const bitcoin = await startChain(
    {
      store,
      events,
      clock: systemClock,
      random: systemRandom,
      logger: logger.child("chain"),
      metrics,
    },
    { config, version },
  );
  stack.defer(bitcoin.stop);
  const { chain } = bitcoin;
  return { identity, token, store, bans, events, bitcoin, chain, metrics, health: createHealth() };
}

function createP2p(
  createP2pService: (typeof import("./p2p/mod.ts"))["createP2pService"],
  init: NodeInit,
  { identity, metrics, events, bans, chain, reputationOf }: Ground & Pick<P2pComponents, "reputationOf">,
): P2pService {
  const { config, version, logger } = init;
  return createP2pService(
    {
      identity,
      clock: systemClock,
      random: systemRandom,
      logger: logger.child("p2p"),
      metrics,
      events,
      bans,
      reputationOf,
    },
    p2pInit(config, {
      version,
      tip: () => ownTip(chain),
      stage: chainStageOf({ config, chain, clock: systemClock }),
      bootstrapOnly: init.bootstrapOnly,
    }),
  );
}

interface ModuleParts {
  readonly facts: NodeFacts;
  readonly stack: AsyncDisposableStack;
  readonly network: NetworkPort;
}

function createModules(
  init: NodeInit,
  ground: Ground,
  { facts, stack, network }: ModuleParts,
): ModuleHost {
  const { config, logger, version } = init;
  const { modules } = config;
  const limits = cellLimits(config);
  const builder = createModuleBuilder({ clock: systemClock }, { denoDir: init.denoDir, sdkText: SDK_TEXT });
  stack.defer(() => builder.close());
  const { store, events, metrics } = ground;
  const quota = { quotaBytes: modules.limits.storage_bytes, quotaKeys: modules.limits.storage_keys };
  return createModuleHost(
    {
      store,
      events,
      clock: systemClock,
      random: systemRandom,
      logger: logger.child("modules"),
      metrics,
      cells: init.cells,
      files: init.bootstrapOnly === true
        ? NO_MODULES
        : createModuleFiles({ builder, builds: keptBuilds(store) }, { dir: resolve(modules.dir) }),
      openNamespace: (name) => namespacedStore(store, keys.module(name), quota),
      openFolder: (module) =>
        openModuleFolder({
          dataDir: dataDirOf(config),
          module,
          quotaBytes: modules.limits.files_bytes,
          quotaFiles: modules.limits.files_count,
        }),
      network,
      ...bitcoinPorts(ground.bitcoin, systemClock),
      ...(modules.watch && init.bootstrapOnly !== true && {
        folder: createFolderWatch(
          { clock: systemClock, logger: logger.child("modules") },
          { dir: resolve(modules.dir) },
        ),
      }),
      verifySignatures: createSignatureVerifier({
        trusted: trustedKeys(modules.trust),
        minSignatures: modules.min_signatures,
      }),
      nodeInfo: () => ({ version, network: facts.network, node_id: facts.nodeId, peer_id: facts.peerId }),
    },
    {
      dataDir: dataDirOf(config),
      enabled: init.bootstrapOnly === true ? {} : modules.enabled,
      disabled: modules.disabled,
      limits,
      cpuPercent: modules.limits.cpu_percent,
      requireSignatures: modules.require_signatures,
      moduleConfig: modules.settings,
      nodeVersion: version,
      sdkVersion: SDK_VERSION,
      rpcMethods: NODE_RPC_METHODS,
    },
  );
}

/** As of an empty folder. */
const NO_MODULES: ModuleFiles = {
  discover: () => Promise.resolve([]),
  read: () => Promise.reject(new CommonsError("MODULE_NOT_FOUND", "Cannot read the module: there are none")),
};

/** Modules learn first, so that they can save what they hold. */
function announceShutdown(events: EventBus): void {
  events.publish("NodeShutdown", { reason: "graceful", timeout_seconds: SHUTDOWN_SECONDS });
  events.publish("DataMaintenance", {
    operation: "flush",
    urgency: "high",
    reason: "shutdown",
    timeout_seconds: SHUTDOWN_SECONDS,
  });
}
