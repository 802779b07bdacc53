import { errorText, seededRandom } from "../../core/base/mod.ts";
import { Dice, makeFrame } from "./mutate.ts";
import type { FuzzTarget } from "./targets.ts";

export interface FuzzOptions {
  /** Frames for each target. */
  readonly runs: number;
  readonly seed: number;
  /** A frame that takes longer than this three times in a row is a failure; absent: time does not count. */
  readonly slowMs?: number;
}

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
export function fuzz(target: FuzzTarget, options: FuzzOptions): FuzzReport {
  const dice = new Dice(seededRandom(options.seed));
  const outcomes = new Map<string, number>();
  let slowest = 0;
  let failure: FuzzFailure | undefined;
  let frames = 0;
  while (frames < options.runs && failure === undefined) {
    frames++;
    const frame = makeFrame(dice.pick(target.seeds, {}), { dice, maxBytes: target.maxBytes });
    const { outcome, ms, fault } = runOnce(target, frame);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    slowest = Math.max(slowest, ms);
    const what = fault ?? slowness(target, { frame, ms, slowMs: options.slowMs ?? Infinity });
    if (what !== undefined) failure = { target: target.name, what, frame: frame.toHex() };
  }
  return { target: target.name, frames, outcomes, slowest, failure };
}

interface Once {
  readonly outcome: string;
  readonly ms: number;
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

/** The machine may be busy at any time: a frame is slow when it is slow whenever it is tried. */
function slowness(
  target: FuzzTarget,
  { frame, ms, slowMs }: { readonly frame: Uint8Array; readonly ms: number; readonly slowMs: number },
): string | undefined {
  let best = ms;
  for (let tries = 0; best > slowMs && tries < 3; tries++) best = Math.min(best, runOnce(target, frame).ms);
  return best > slowMs ? `takes ${best.toFixed(1)} ms, more than ${slowMs}` : undefined;
}
