import { type Clock, CommonsError, errorText, type Random, type Timer } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { RunningCell } from "./cell.ts";
import { type CellProcess, type CellProcessInit, endProcess, startCellProcess } from "./cell_process.ts";
import type { Cell, CellFactory, CellHandlers, CellInit } from "./cell_types.ts";

export interface CellFactoryComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface CellFactoryInit {
  /** Where Deno keeps its cache; see {@linkcode findDenoDir}. */
  readonly denoDir: string | undefined;
  /** Settings of the pre-warmed cell; absent means none is kept. */
  readonly spare?: CellProcessInit;
}

/** A spare is started this long after the last start, so that it never competes with a module that starts. */
const SPARE_DELAY_MS = 300;

/**
 * Starts cells, and keeps one pre-warmed for modules with the usual limits and no network.
 *
 * Permissions: `run` for the node's own executable; `read`, `write` for the temporary folder; `net` for Unix sockets.
 */
export async function createCellFactory(
  components: CellFactoryComponents,
  init: CellFactoryInit,
): Promise<CellFactory> {
  const socketDir = await Deno.makeTempDir({ prefix: "commons-" });
  await Deno.chmod(socketDir, 0o700);
  return new ProcessCellFactory(components, init, socketDir);
}

class ProcessCellFactory implements CellFactory {
  readonly #components: CellFactoryComponents;
  readonly #init: CellFactoryInit;
  readonly #socketDir: string;
  readonly #cells = new Set<Cell>();
  #spare: Promise<CellProcess | undefined> | undefined;
  #spareTimer: Timer | undefined;
  #closed = false;

  constructor(components: CellFactoryComponents, init: CellFactoryInit, socketDir: string) {
    this.#components = components;
    this.#init = init;
    this.#socketDir = socketDir;
  }

  warm(): void {
    this.#makeSpare();
  }

  async start(init: CellInit, handlers: CellHandlers): Promise<Cell> {
    if (this.#closed) {
      throw new CommonsError("CELL_START_FAILED", "Cannot start a cell: the node is stopping");
    }
    const { memoryBytes, unresponsiveMs } = init.limits;
    const wanted: CellProcessInit = { memoryBytes, unresponsiveMs, net: init.net };
    const process = await this.#takeSpare(wanted) ?? await this.#startProcess(wanted);
    const cell = new RunningCell(process, init, { clock: this.#components.clock, handlers });
    this.#cells.add(cell);
    cell.exited.finally(() => this.#cells.delete(cell));
    if (this.#closed) await cell.kill("stopped", "the node is stopping");
    this.#planSpare();
    return cell;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#spareTimer?.[Symbol.dispose]();
    const spare = await this.#spare;
    if (spare) {
      await endProcess(spare.child);
      spare.connection.close();
    }
    await Promise.all([...this.#cells].map((cell) => cell.kill("stopped", "the node is stopping")));
    await Deno.remove(this.#socketDir, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }

  #startProcess(init: CellProcessInit): Promise<CellProcess> {
    const { clock, random } = this.#components;
    return startCellProcess({ clock, random, socketDir: this.#socketDir, denoDir: this.#init.denoDir }, init);
  }

  async #takeSpare(wanted: CellProcessInit): Promise<CellProcess | undefined> {
    if (!this.#spare || !this.#init.spare || !sameInit(wanted, this.#init.spare)) return undefined;
    const taken = this.#spare;
    this.#spare = undefined;
    const spare = await taken;
    if (!spare) return undefined;
    const ended = await Promise.race([spare.status.then(() => true), Promise.resolve(false)]);
    return ended ? undefined : spare;
  }

  #planSpare(): void {
    if (!this.#init.spare || this.#closed) return;
    this.#spareTimer?.[Symbol.dispose]();
    this.#spareTimer = this.#components.clock.after(SPARE_DELAY_MS, () => this.#makeSpare());
  }

  #makeSpare(): void {
    if (this.#spare || this.#closed || !this.#init.spare) return;
    this.#spare = this.#startProcess(this.#init.spare).catch((error) => {
      this.#components.logger.warn("cannot keep a spare cell", { error: errorText(error) });
      this.#spare = undefined;
      return undefined;
    });
  }
}

function sameInit(a: CellProcessInit, b: CellProcessInit): boolean {
  return a.memoryBytes === b.memoryBytes && a.unresponsiveMs === b.unresponsiveMs &&
    a.net.length === 0 && b.net.length === 0;
}
