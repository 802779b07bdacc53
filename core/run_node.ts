import config from "../deno.json" with { type: "json" };
import {
  CommonsError,
  errorText,
  isCommonsError,
  systemClock,
  systemRandom,
  withDeadline,
} from "./base/mod.ts";
import { type Config, loadConfig, type LoadedConfig } from "./config/mod.ts";
import { cellLimits } from "./cell_limits.ts";
import { createCellFactory, findDenoDir } from "./modules/mod.ts";
import { type NodeInit, type RunningNode, startNode } from "./node.ts";
import type { StatusDisplay } from "./sync_progress.ts";
import {
  createLogger,
  type LogFormat,
  type RootLogger,
  stderrLines,
  stderrText,
  terminalLines,
} from "./telemetry/mod.ts";

/** What the command line says. */
export interface RunNodeOptions {
  readonly configFile?: string;
  readonly dataDir?: string;
  /** `section.key=value`, in order. */
  readonly set: readonly string[];
  readonly logFormat?: LogFormat;
  /** An entry point for others: serves the DHT, joins no topic, loads no module. */
  readonly bootstrapOnly?: boolean;
}

/** Exit codes of `commons start`. */
const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
/** A clean stop takes at most ten seconds (contract, section 1); the rest is for the last lines. */
const STOP_MS = 9_500;

/**
 * Runs a node until SIGTERM or SIGINT and answers the exit code: 0 after a clean stop, 1 when something failed, 2 for a
 * wrong configuration. A second signal ends the process at once.
 *
 * Permissions: those of {@linkcode startNode}, and `read` for the configuration file.
 */
export async function runNode(options: RunNodeOptions): Promise<number> {
  let loaded: LoadedConfig;
  try {
    loaded = load(options);
  } catch (error) {
    if (!isCommonsError(error)) throw error;
    console.error(`commons: ${error.message}`);
    return EXIT.usage;
  }
  const { logger, showStatus } = outputOf(loaded);
  for (const warning of loaded.warnings) logger.warn(warning);
  using signals = new StopSignals();
  let node: RunningNode;
  try {
    node = await start(loaded.config, { logger, showStatus, bootstrapOnly: options.bootstrapOnly === true });
  } catch (error) {
    console.error(`commons: ${describe(error)}`);
    return EXIT.failed;
  }
  const signal = await signals.first;
  logger.info("stopping", { signal });
  return await stop(node, logger);
}

function load(options: RunNodeOptions): LoadedConfig {
  return loadConfig({
    file: options.configFile,
    set: options.set,
    env: Deno.env.toObject(),
    dataDir: options.dataDir,
    logFormat: options.logFormat,
    read: (path) => Deno.readTextFileSync(path),
  });
}

/** Where the node speaks: its log, and, on a terminal that people read, one line below it that changes. */
interface Output {
  readonly logger: RootLogger;
  readonly showStatus: StatusDisplay | undefined;
}

function outputOf({ config }: LoadedConfig): Output {
  const { level, format } = config.log;
  const isTerminal = Deno.stderr.isTerminal();
  const chosen = format === "auto" ? isTerminal ? "pretty" : "json" : format;
  const made = { level, format: chosen, clock: systemClock };
  if (!isTerminal || chosen !== "pretty" || Deno.env.get("TERM") === "dumb") {
    return { logger: createLogger({ ...made, write: stderrLines() }), showStatus: undefined };
  }
  const terminal = terminalLines(stderrText());
  const showStatus = { show: terminal.status, columns: () => Deno.consoleSize().columns };
  return { logger: createLogger({ ...made, write: terminal.write }), showStatus };
}

/** The libraries take most of a start: the first cell's process comes up on another core while they are loaded. */
async function start(
  settings: Config,
  { logger, showStatus, bootstrapOnly }: Output & { readonly bootstrapOnly: boolean },
): Promise<RunningNode> {
  const denoDir = findDenoDir(Deno.build.os, (name) => Deno.env.get(name));
  const { memoryBytes, unresponsiveMs } = cellLimits(settings);
  const cells = await createCellFactory(
    { clock: systemClock, random: systemRandom, logger: logger.child("cells") },
    { denoDir, spare: { memoryBytes, unresponsiveMs, net: [] } },
  );
  if (!bootstrapOnly) cells.warm?.();
  const init: NodeInit = {
    config: settings,
    version: config.version,
    logger,
    cells,
    denoDir,
    bootstrapOnly,
    showStatus,
  };
  return await startNode(init);
}

async function stop(node: RunningNode, logger: RootLogger): Promise<number> {
  try {
    await withDeadline(systemClock, STOP_MS, node.stop(), "stop the node");
    logger.info("stopped");
    return EXIT.ok;
  } catch (error) {
    logger.error("cannot stop cleanly", { error: describe(error) });
    return EXIT.failed;
  }
}

/** One line for people; several failures of a stop are joined. */
function describe(error: unknown): string {
  if (error instanceof SuppressedError) return `${describe(error.error)}; ${describe(error.suppressed)}`;
  if (error instanceof CommonsError) return `${error.message} (${error.code})`;
  return errorText(error);
}

/** Hears the signals that end a node: the first resolves `first`, the second ends the process. */
class StopSignals implements Disposable {
  static readonly #names: readonly Deno.Signal[] = ["SIGINT", "SIGTERM"];
  readonly #heard = Promise.withResolvers<Deno.Signal>();
  readonly #listeners = StopSignals.#names.map((name) => ({ name, listener: () => this.#hear(name) }));
  #count = 0;

  constructor() {
    for (const { name, listener } of this.#listeners) Deno.addSignalListener(name, listener);
  }

  get first(): Promise<Deno.Signal> {
    return this.#heard.promise;
  }

  [Symbol.dispose](): void {
    for (const { name, listener } of this.#listeners) Deno.removeSignalListener(name, listener);
  }

  #hear(name: Deno.Signal): void {
    if (this.#count++ > 0) Deno.exit(EXIT.failed);
    this.#heard.resolve(name);
  }
}
