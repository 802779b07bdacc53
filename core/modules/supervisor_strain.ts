import type { Clock, Timer } from "../base/mod.ts";
import type { CellStats } from "./cell_types.ts";

/** How often a cell's numbers are looked at. */
const SAMPLE_MS = 2_000;
/** Share of the hard limit of memory, in percent, from where a module is warned. */
const MEMORY_PERCENT = 80;
/** Below so much of its threshold a strain is over: a number that hovers about it does not warn again and again. */
const RELIEF = 0.9;
const MEMORY_SUSTAINED_MS = 4_000;
const CPU_SUSTAINED_MS = 30_000;

export interface StrainWarning {
  readonly resource: "memory" | "cpu";
  /** Bytes, or percent of one core. */
  readonly usage: number;
  readonly limit: number;
  /** Of the limit, from where it is too much. */
  readonly thresholdPercent: number;
}

export interface StrainOptions {
  readonly clock: Clock;
  readonly stats: () => CellStats | undefined;
  readonly memoryBytes: number;
  /** Percent of one core; 0 = no limit. */
  readonly cpuPercent: number;
  /** Once for each time that a module gets there and stays. */
  readonly onWarning: (warning: StrainWarning) => void;
  /** Whether anything is strained, at each change. */
  readonly onChange: (strained: boolean) => void;
}

/**
 * Soft limits of one run: tells when a module stays near its memory limit for some seconds, or near a whole core for half
 * a minute, and when that is over. The hard limits are the cell's own watchdog's.
 */
export class StrainWatch implements Disposable {
  readonly #options: StrainOptions;
  readonly #gauges: readonly Gauge[];
  readonly #timer: Timer;
  #strained = false;

  constructor(options: StrainOptions) {
    const { clock, memoryBytes, cpuPercent } = options;
    this.#options = options;
    this.#gauges = [
      new Gauge({
        resource: "memory",
        limit: memoryBytes,
        thresholdPercent: MEMORY_PERCENT,
        sustainedMs: MEMORY_SUSTAINED_MS,
        read: ({ rssBytes }) => rssBytes,
      }),
      new Gauge({
        resource: "cpu",
        limit: cpuPercent,
        thresholdPercent: 100,
        sustainedMs: CPU_SUSTAINED_MS,
        read: (stats) => stats.cpuPercent,
      }),
    ];
    this.#timer = clock.every(SAMPLE_MS, () => this.#look());
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #look(): void {
    const stats = this.#options.stats();
    if (stats === undefined) return;
    const now = this.#options.clock.monotonic();
    for (const gauge of this.#gauges) {
      const warning = gauge.look(stats, now);
      if (warning) this.#options.onWarning(warning);
    }
    const strained = this.#gauges.some((gauge) => gauge.strained);
    if (strained === this.#strained) return;
    this.#strained = strained;
    this.#options.onChange(strained);
  }
}

interface GaugeOptions {
  readonly resource: StrainWarning["resource"];
  readonly limit: number;
  readonly thresholdPercent: number;
  readonly sustainedMs: number;
  readonly read: (stats: CellStats) => number;
}

/** One number against its threshold. */
class Gauge {
  strained = false;
  readonly #options: GaugeOptions;
  /** Monotonic time since when it has been over. */
  #overSince: number | undefined;

  constructor(options: GaugeOptions) {
    this.#options = options;
  }

  look(stats: CellStats, now: number): StrainWarning | undefined {
    const { resource, limit, thresholdPercent, sustainedMs, read } = this.#options;
    const usage = read(stats);
    const threshold = limit * thresholdPercent / 100;
    if (limit <= 0 || usage < threshold * (this.strained ? RELIEF : 1)) {
      this.strained = false;
      this.#overSince = undefined;
      return undefined;
    }
    this.#overSince ??= now;
    if (this.strained || now - this.#overSince < sustainedMs) return undefined;
    this.strained = true;
    return { resource, usage, limit, thresholdPercent };
  }
}
