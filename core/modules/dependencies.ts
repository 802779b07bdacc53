import { CommonsError, type ErrorCode, isCommonsError } from "../base/mod.ts";
import type { Manifest } from "./manifest_types.ts";
import type { ModuleState } from "./types.ts";
import { satisfies } from "./versions.ts";

/** Names in `[dependencies]` that mean this node. */
export const NODE_NAMES: ReadonlySet<string> = new Set(["commons-node", "blvm-node"]);

/** What a module that others need is like now. */
export interface Needed {
  readonly state: ModuleState;
  /** Version of what runs; absent when it does not run. */
  readonly running?: string | undefined;
  /** Version of what would be started, as last read. */
  readonly version?: string | undefined;
  /** The hard dependencies of its own, as last read. */
  readonly needs: readonly string[];
  /** Code of the reason why it does not run. */
  readonly reason?: string | undefined;
}

export interface DependencyFacts {
  readonly nodeVersion: string;
  /** By name; `undefined` for what is not there at all. */
  readonly find: (name: string) => Needed | undefined;
}

type Asking = Pick<Manifest, "name" | "dependencies">;

/** Faults that end by themselves when another module comes to run. */
const PASSING: ReadonlySet<string> = new Set<ErrorCode>([
  "DEPENDENCY_MISSING",
  "DEPENDENCY_NOT_RUNNING",
  "DEPENDENCY_VERSION",
]);

/**
 * Why a module cannot run with the modules that run now, or `undefined` when it can. Every hard dependency must run in a
 * version that the constraint allows (npm's semver ranges). Codes: `DEPENDENCY_CYCLE`, `DEPENDENCY_MISSING`,
 * `DEPENDENCY_NOT_RUNNING`, `DEPENDENCY_VERSION`; all modules that are to blame are named in the message and, as
 * `dependencies`, in the detail.
 */
export function dependencyFault(module: Asking, facts: DependencyFacts): CommonsError | undefined {
  const circle = findCircle(module, facts);
  if (circle) {
    return fault("DEPENDENCY_CYCLE", module.name, {
      why: `its dependencies run in a circle: ${circle.join(" → ")}`,
      names: circle.slice(0, -1),
    });
  }
  const needed = Object.entries(module.dependencies).map(([name, range]) => judge(name, range, facts));
  for (const code of PASSING) {
    const bad = needed.filter((one) => one?.code === code).flatMap((one) => one ?? []);
    if (bad.length === 0) continue;
    return fault(code as ErrorCode, module.name, {
      why: bad.map(({ why }) => why).join("; "),
      names: bad.map(({ name }) => name),
    });
  }
  return undefined;
}

/** The hard dependencies that are modules, in the order of their names. */
export function neededModules({ dependencies }: Pick<Manifest, "dependencies">): readonly string[] {
  return Object.keys(dependencies).filter((name) => !NODE_NAMES.has(name)).sort();
}

/** True when the module could run once others do: the reason of the refusal, or the refusal of the load, says so. */
export function isPassingFault(error: unknown): error is CommonsError {
  if (!isCommonsError(error)) return false;
  return PASSING.has(error.code) ||
    (error.code === "MODULE_REJECTED" && PASSING.has(String(error.detail?.["reason"])));
}

/** The modules that {@linkcode dependencyFault} named. */
export function blamed(error: CommonsError): readonly string[] {
  const names = error.detail?.["dependencies"];
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

interface Verdict {
  readonly name: string;
  readonly code: ErrorCode;
  readonly why: string;
}

function judge(name: string, range: string, { find, nodeVersion }: DependencyFacts): Verdict | undefined {
  if (NODE_NAMES.has(name)) {
    if (satisfies(nodeVersion, range)) return undefined;
    return { name, code: "DEPENDENCY_VERSION", why: `it needs a node ${range}, this is ${nodeVersion}` };
  }
  const other = find(name);
  if (other === undefined) {
    return { name, code: "DEPENDENCY_MISSING", why: `it needs ${name} ${range}, which is not there` };
  }
  const version = other.running ?? other.version;
  if (version !== undefined && !satisfies(version, range)) {
    return { name, code: "DEPENDENCY_VERSION", why: `it needs ${name} ${range}, there is ${version}` };
  }
  if (other.running === undefined) {
    const reason = other.reason === undefined ? "" : `, ${other.reason}`;
    const state = other.state.replace("_", " ");
    return {
      name,
      code: "DEPENDENCY_NOT_RUNNING",
      why: `it needs ${name}, which does not run (${state}${reason})`,
    };
  }
  return undefined;
}

/** A way from the module over hard dependencies back to itself, shortest first; both ends are the module. */
function findCircle(module: Asking, { find }: DependencyFacts): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const open: string[] = [];
  const follow = (from: string, names: readonly string[]): readonly string[] | undefined => {
    for (const name of names) {
      if (name === module.name) return wayTo(from, cameFrom, module.name);
      if (cameFrom.has(name)) continue;
      cameFrom.set(name, from);
      open.push(name);
    }
    return undefined;
  };
  let circle = follow(module.name, neededModules(module));
  for (let at = 0; circle === undefined && at < open.length; at++) {
    const name = open[at] ?? "";
    circle = follow(name, find(name)?.needs ?? []);
  }
  return circle;
}

function wayTo(last: string, cameFrom: ReadonlyMap<string, string>, start: string): readonly string[] {
  const way = [start];
  for (let name = last; name !== start; name = cameFrom.get(name) ?? start) way.unshift(name);
  return [start, ...way];
}

function fault(
  code: ErrorCode,
  name: string,
  { why, names }: { readonly why: string; readonly names: readonly string[] },
): CommonsError {
  return new CommonsError(code, `Cannot use module ${name}: ${why}`, { detail: { dependencies: names } });
}
