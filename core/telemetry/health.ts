import { errorText, isCommonsError } from "../base/mod.ts";

/** One named question that readiness asks. It must answer at once, from what is known. */
export interface HealthCheck {
  readonly name: string;
  /** True when fine; false or a text (what is wrong, for people; no secrets) when not. */
  check(): boolean | string;
}

export interface CheckResult {
  readonly ok: boolean;
  readonly detail?: string;
}

/** Answer of `ready()`; `ready` is true when every check is fine. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

/** The node's readiness: named checks that services register. */
export interface HealthRegistry {
  /** Adds a check; disposing removes it. A later check of the same name takes the earlier one's place. */
  register(check: HealthCheck): Disposable;
  /** Asks every check. Never throws: a check that throws is not fine. */
  ready(): Readiness;
}

const MAX_DETAIL = 500;

function run(check: HealthCheck): CheckResult {
  try {
    const answer = check.check();
    if (answer === true) return { ok: true };
    return typeof answer === "string" ? { ok: false, detail: answer.slice(0, MAX_DETAIL) } : { ok: false };
  } catch (error) {
    const detail = isCommonsError(error) ? `${error.code}: ${error.message}` : errorText(error);
    return { ok: false, detail: detail.slice(0, MAX_DETAIL) };
  }
}

/** Makes an empty registry, which is ready. */
export function createHealth(): HealthRegistry {
  const checks = new Map<string, HealthCheck>();
  return {
    register(check) {
      checks.set(check.name, check);
      return {
        [Symbol.dispose]() {
          if (checks.get(check.name) === check) checks.delete(check.name);
        },
      };
    },
    ready() {
      const results = [...checks.values()].map((check) => [check.name, run(check)] as const);
      return { ready: results.every(([, { ok }]) => ok), checks: Object.fromEntries(results) };
    },
  };
}
