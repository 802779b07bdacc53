/** How a peer has dealt with what it was asked for. Times are Unix milliseconds, 0 = never. */
export interface Conduct {
  readonly successes: number;
  readonly failures: number;
  readonly lastSuccess: number;
  readonly lastFailure: number;
  /** Moving mean of the time to answer in milliseconds; absent before the first answer. */
  readonly meanResponseMs?: number | undefined;
  /** Did something on purpose that no honest node does. */
  readonly malicious: boolean;
  /** How often a bad reputation was forgiven. */
  readonly resets: number;
  /** Since when the reputation is too bad to ask the peer; 0 = it is not. */
  readonly badSince: number;
}

export const REPUTATION = {
  newcomer: 50,
  /** Below it a peer is not asked. */
  usable: 20,
  malicious: 5,
  forgiven: 30,
} as const;

const HOUR_MS = 3_600_000;
const COOL_DOWN_MS = 5 * 60_000;
const COOL_DOWN_LIMIT_MS = 24 * HOUR_MS;
const SPEED_STEPS: readonly (readonly [belowMs: number, factor: number])[] = [
  [200, 1.2],
  [500, 1.1],
  [2_000, 1],
  [5_000, 0.9],
  [10_000, 0.8],
  [30_000, 0.7],
];
const SLOWEST = 0.6;

export const NEW_CONDUCT: Conduct = {
  successes: 0,
  failures: 0,
  lastSuccess: 0,
  lastFailure: 0,
  malicious: false,
  resets: 0,
  badSince: 0,
};

/** Reputation from 0 to 100. A peer that was never asked has that of a newcomer, or of one that was forgiven. */
export function reputation(conduct: Conduct, now: number): number {
  if (conduct.malicious) return REPUTATION.malicious;
  const asked = conduct.successes + conduct.failures;
  if (asked === 0) return conduct.resets === 0 ? REPUTATION.newcomer : REPUTATION.forgiven;
  const base = 100 * conduct.successes / asked * 0.6 + REPUTATION.newcomer * 0.4;
  const failed = within(conduct.lastFailure, now) ? 15 : 0;
  const succeeded = within(conduct.lastSuccess, now) ? 10 : 0;
  const score = (base - failed + succeeded) * speedFactor(conduct.meanResponseMs);
  return Math.min(100, Math.max(0, score));
}

function within(time: number, now: number): boolean {
  return time > 0 && now - time < HOUR_MS; // a time ahead counts: the clock was set back since
}

function speedFactor(meanMs: number | undefined): number {
  if (meanMs === undefined) return 1;
  return SPEED_STEPS.find(([below]) => meanMs < below)?.[1] ?? SLOWEST;
}

export type ConductEvent =
  | { readonly type: "success"; readonly responseMs: number }
  | { readonly type: "failure" }
  | { readonly type: "malicious" };

/** Conduct after one more event. */
export function afterEvent(conduct: Conduct, event: ConductEvent, now: number): Conduct {
  const next = applied(conduct, event, now);
  const bad = reputation(next, now) < REPUTATION.usable;
  return { ...next, badSince: bad ? next.badSince || now : 0 };
}

function applied(conduct: Conduct, event: ConductEvent, now: number): Conduct {
  switch (event.type) {
    case "success": {
      const sample = Math.max(0, event.responseMs);
      const old = conduct.meanResponseMs;
      return {
        ...conduct,
        successes: conduct.successes + 1,
        lastSuccess: now,
        meanResponseMs: old === undefined ? sample : 0.8 * old + 0.2 * sample,
      };
    }
    case "failure":
      return { ...conduct, failures: conduct.failures + 1, lastFailure: now };
    case "malicious":
      return { ...conduct, malicious: true };
  }
}

/**
 * Gives a peer of bad reputation another chance after its cool-down: five minutes, three times as long after each time
 * that it was forgiven, at most a day.
 */
export function reconsidered(conduct: Conduct, now: number): Conduct {
  const since = badSince(conduct, now);
  if (since === 0) return conduct;
  const coolDown = Math.min(COOL_DOWN_LIMIT_MS, COOL_DOWN_MS * 3 ** conduct.resets);
  if (now - since < coolDown) return conduct;
  return { ...NEW_CONDUCT, meanResponseMs: conduct.meanResponseMs, resets: conduct.resets + 1 };
}

/** Also of a peer that turned bad without an event, when its last success was an hour ago: nobody would ask it again. */
function badSince(conduct: Conduct, now: number): number {
  if (conduct.badSince !== 0 || reputation(conduct, now) >= REPUTATION.usable) return conduct.badSince;
  return Math.min(now, conduct.lastSuccess + HOUR_MS);
}
