/** One bench, set up and ready to be measured in turns. */
export interface BenchRun extends AsyncDisposable {
  /** One measurement of the node's own code, in the bench's unit. */
  value(): Promise<number>;
  /** One measurement of the baseline that nobody here wrote, in the same unit. */
  baseline(): Promise<number>;
}

/** A comparison of the node's code with a baseline; the ratio is the result. */
export interface Bench {
  readonly name: string;
  readonly unit: string;
  /** Which way the ratio value / baseline is good. */
  readonly better: "higher" | "lower";
  /** The ratio to reach. */
  readonly aim: number;
  setup(): Promise<BenchRun>;
}

/** A bench as the registry names it; its file is loaded only when it runs. */
export interface BenchEntry {
  readonly name: string;
  load(): Promise<Bench>;
}

/** Medians of one bench, and what they mean. */
export interface BenchResult {
  readonly bench: string;
  readonly unit: string;
  readonly value: number;
  readonly baseline: number;
  /** value / baseline */
  readonly ratio: number;
  readonly better: "higher" | "lower";
  readonly aim: number;
  /** Rounds. */
  readonly n: number;
}
