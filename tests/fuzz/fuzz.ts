import { errorText, seededRandom } from "../../core/base/mod.ts";
import { damagedBytes, Dice, makeFrame } from "./mutate.ts";
import type { FuzzTarget } from "./targets.ts";

/** A target whose good frames may be bytes instead of messages. */
export interface FramedTarget extends FuzzTarget {
  readonly frames?: readonly Uint8Array[];
}

export interface FuzzOptions {
  /** Frames for each target. */
  readonly runs: number;
  readonly seed: number;
  /** A frame that takes longer than this three times in a row is a failure; absent: time does not count. */
  readonly slowMs?: number;
  /** A frame that makes the heap grow by more than this times the target's cap is a failure. Default 256: JSON costs the parser up to 190 bytes for one. */
  readonly maxBlowup?: number;
}

/** Memory is looked at before and after one frame in so many: asking costs as much as a frame. */
const MEMORY_EVERY = 32;
const DEFAULT_BLOWUP = 256;
/** What the engine itself takes at any time, for code and caches. */
const HEAP_NOISE_BYTES = 1024 * 1024;

export interface FuzzFailure {
  readonly target: string;
  readonly what: string;
  /** The frame, as hex. */
  readonly frame: string;
}

export interface FuzzReport {
  readonly target: string;
  readonly frames: number;
  /** What became of the frames. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Milliseconds of the slowest frame. */
  readonly slowest: number;
  readonly failure: FuzzFailure | undefined;
}

/** Feeds frames to one target until one fails. The same seed makes the same frames. */
export function fuzz(target: FramedTarget, options: FuzzOptions): FuzzReport {
  const dice = new Dice(seededRandom(options.seed));
  const limits = {
    slowMs: options.slowMs ?? Infinity,
    maxGrowth: HEAP_NOISE_BYTES + (options.maxBlowup ?? DEFAULT_BLOWUP) * target.maxBytes,
  };
  const outcomes = new Map<string, number>();
  let slowest = 0;
  let failure: FuzzFailure | undefined;
  let frames = 0;
  while (frames < options.runs && failure === undefined) {
    const frame = nextFrame(target, dice);
    const once = frames++ % MEMORY_EVERY === 0 ? weighedOnce(target, frame) : runOnce(target, frame);
    outcomes.set(once.outcome, (outcomes.get(once.outcome) ?? 0) + 1);
    slowest = Math.max(slowest, once.ms);
    const what = once.fault ?? excess(target, { frame, once, limits });
    if (what !== undefined) failure = { target: target.name, what, frame: frame.toHex() };
  }
  return { target: target.name, frames, outcomes, slowest, failure };
}

function nextFrame({ frames = [], seeds, maxBytes }: FramedTarget, dice: Dice): Uint8Array<ArrayBuffer> {
  if (frames.length > 0) return damagedBytes(dice.pick(frames, new Uint8Array()), { dice, maxBytes });
  return makeFrame(dice.pick(seeds, {}), { dice, maxBytes });
}

interface Once {
  readonly outcome: string;
  readonly ms: number;
  /** Bytes by which the heap grew, where that was looked at. */
  readonly growth?: number;
  readonly fault?: string;
}

function runOnce(target: FuzzTarget, frame: Uint8Array): Once {
  const start = performance.now();
  try {
    const outcome = target.run(frame);
    return { outcome, ms: performance.now() - start };
  } catch (error) {
    return { outcome: "FAILED", ms: performance.now() - start, fault: errorText(error) };
  }
}

function weighedOnce(target: FuzzTarget, frame: Uint8Array): Once {
  const before = heapBytes();
  const once = runOnce(target, frame);
  return { ...once, growth: heapBytes() - before };
}

function heapBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** The machine may be busy at any time: a frame is slow, or dear, when it is that whenever it is tried. */
function excess(
  target: FuzzTarget,
  { frame, once, limits }: {
    readonly frame: Uint8Array;
    readonly once: Once;
    readonly limits: { readonly slowMs: number; readonly maxGrowth: number };
  },
): string | undefined {
  let { ms, growth = 0 } = once;
  for (let tries = 0; tries < 5 && (ms > limits.slowMs || growth > limits.maxGrowth); tries++) {
    const again = weighedOnce(target, frame);
    ms = Math.min(ms, again.ms);
    growth = Math.min(growth, again.growth ?? 0);
  }
  if (ms > limits.slowMs) return `takes ${ms.toFixed(1)} ms, more than ${limits.slowMs}`;
  return growth > limits.maxGrowth ? `takes ${growth} bytes, more than ${limits.maxGrowth}` : undefined;
}
