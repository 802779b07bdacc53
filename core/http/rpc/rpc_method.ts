import { CommonsError } from "../../base/mod.ts";

/** One parameter, for `help` and for naming positions. */
export interface RpcParam {
  readonly name: string;
  readonly about: string;
  readonly optional?: boolean;
}

/** One method of `POST /rpc`. */
export interface RpcMethod {
  readonly name: string;
  readonly params: readonly RpcParam[];
  readonly help: string;
  /** Needs the API token even where reads do not. */
  readonly admin: boolean;
  /** More positional parameters than `params` are fine. */
  readonly variadic?: boolean;
  /** Its answers can have megabytes: they count towards what a batch may answer. */
  readonly large?: boolean;
  readonly handler: (params: readonly unknown[]) => unknown;
}

/**
 * Positional parameters from an array, an object with the parameters' names, or nothing.
 * @throws {CommonsError} `INVALID_PARAMS`
 */
export function positional(method: RpcMethod, given: unknown): readonly unknown[] {
  const list = Array.isArray(given) ? given : named(method, given);
  const needed = method.params.filter((param) => !param.optional).length;
  if (list.length < needed || method.params.slice(0, needed).some((_, i) => list[i] === undefined)) {
    const missing = method.params.find((_, i) => list[i] === undefined)?.name ?? "a parameter";
    throw new CommonsError("INVALID_PARAMS", `Cannot run ${method.name}: ${missing} is missing`);
  }
  if (list.length > method.params.length && !method.variadic) {
    throw new CommonsError(
      "INVALID_PARAMS",
      `Cannot run ${method.name}: takes at most ${method.params.length} parameters, has ${list.length}`,
    );
  }
  return list;
}

function named(method: RpcMethod, given: unknown): readonly unknown[] {
  if (given === undefined || given === null) return [];
  if (typeof given !== "object") {
    throw new CommonsError(
      "INVALID_PARAMS",
      `Cannot run ${method.name}: params must be an array or an object`,
    );
  }
  const values = new Map(Object.entries(given));
  const list = method.params.map(({ name }) => {
    const value: unknown = values.get(name);
    values.delete(name);
    return value;
  });
  const rest = method.variadic ? values.get("args") : undefined;
  if (rest !== undefined) values.delete("args");
  const [unknown] = values.keys();
  if (unknown !== undefined) {
    throw new CommonsError(
      "INVALID_PARAMS",
      `Cannot run ${method.name}: no parameter ${JSON.stringify(unknown.slice(0, 64))}`,
    );
  }
  while (list.length > 0 && list[list.length - 1] === undefined) list.pop();
  return Array.isArray(rest) ? [...list, ...rest] : list;
}

/** A parameter that must be text. */
export function textParam(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new CommonsError("INVALID_PARAMS", `Cannot use ${name}: must be text`);
}

/** Help of a method in the form of Bitcoin Core: usage, empty line, text, parameters. */
export function helpText(method: RpcMethod): string {
  const usage = method.params.map(({ name, optional }) => optional ? `( ${name} )` : name);
  if (method.variadic) usage.push("( arg... )");
  const about = method.params.map((param, i) =>
    `${i + 1}. ${param.name}${param.optional ? " (optional)" : ""}: ${param.about}`
  );
  return [
    [method.name, ...usage].join(" "),
    "",
    method.help + (method.admin ? " Needs the API token." : ""),
    ...(about.length === 0 ? [] : ["", "Arguments:", ...about]),
  ].join("\n");
}
