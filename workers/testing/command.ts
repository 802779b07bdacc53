import type { CliResult } from "../protocol/cli.ts";
import { NodeApiError } from "../sdk/errors.ts";
import type { Command } from "../sdk/types.ts";

type Values = Readonly<Record<string, string | boolean>>;

/** Arguments as the node hands them to the module. @throws {NodeApiError} for wrong usage, which the node answers itself */
export function commandValues({ name, args = [] }: Command, given: Values): Values {
  const unknown = Object.keys(given).find((key) => !args.some((arg) => arg.name === key));
  if (unknown !== undefined) throw wrong(name, `it has no argument ${unknown}`);
  return Object.fromEntries(args.flatMap((arg): [string, string | boolean][] => {
    const value = given[arg.name] ?? arg.default ?? (arg.takes_value === false ? false : undefined);
    if (value !== undefined) return [[arg.name, value]];
    if (arg.required) throw wrong(name, `argument ${arg.name} is missing`);
    return [];
  }));
}

/** What a handler returned, as the command line shows it. */
export function toResult(value: unknown): CliResult {
  if (value === undefined || value === null) return { stdout: "", stderr: "", exit_code: 0 };
  if (typeof value === "string") return { stdout: value, stderr: "", exit_code: 0 };
  const isResult = typeof value === "object" && Object.keys(value).length > 0 &&
    Object.keys(value).every((key) => ["stdout", "stderr", "exit_code"].includes(key));
  if (isResult) return { stdout: "", stderr: "", exit_code: 0, ...value };
  return { stdout: JSON.stringify(value, null, 2) + "\n", stderr: "", exit_code: 0 };
}

function wrong(name: string, state: string): NodeApiError {
  return new NodeApiError("INVALID_PARAMS", `Cannot run ${name}: ${state}`);
}
