import { CommonsError } from "../base/mod.ts";
import type { CliArg, CliSpec, CliSubcommand } from "../../workers/protocol/mod.ts";
import { cleanLine } from "./clean_text.ts";

const MAX_SUBCOMMANDS = 32;
const MAX_ARGS = 16;
const MAX_ABOUT = 500;
const MAX_DEFAULT = 1_000;
const NAME = /^[a-z][a-z0-9_-]{0,31}$/;
const SHORT = /^[A-Za-z]$/;

/** Commands that modules registered, one group a module, under the module's own name. */
export class CliRegistry {
  readonly #specs = new Map<string, CliSpec>();

  /**
   * Adds commands to the module's group: one (`{name, about?, args?}`) or several (`{name?, about?, subcommands[]}`, as a
   * whole {@linkcode CliSpec}). All or none: a fault leaves the group as it was.
   * @throws {CommonsError} `INVALID_PARAMS`, `QUOTA_EXCEEDED`
   */
  register(module: string, input: unknown): void {
    const spec = groupOf(record(input, "a command"));
    if (spec["name"] !== undefined && spec["name"] !== module) {
      throw fault(`the group's name must be the module's, ${module}`);
    }
    const added = list(spec["subcommands"], "subcommands").map(readSubcommand);
    const before = this.#specs.get(module);
    const subcommands = [...before?.subcommands ?? [], ...added];
    if (subcommands.length > MAX_SUBCOMMANDS) {
      throw new CommonsError(
        "QUOTA_EXCEEDED",
        `Cannot register commands: at most ${MAX_SUBCOMMANDS} subcommands a module`,
      );
    }
    refuseDuplicates(subcommands.map(({ name }) => name), "subcommand");
    const about = readAbout(spec["about"]) ?? before?.about;
    this.#specs.set(module, {
      version: 1,
      name: module,
      ...(about === undefined ? {} : { about }),
      subcommands,
    });
  }

  remove(module: string): void {
    this.#specs.delete(module);
  }

  get(module: string): CliSpec | undefined {
    return this.#specs.get(module);
  }
}

function groupOf(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.hasOwn(input, "subcommands") ? input : { subcommands: [input] };
}

function readSubcommand(input: unknown): CliSubcommand {
  const entry = record(input, "a subcommand");
  const name = readName(entry["name"], "subcommand");
  const args = list(entry["args"] ?? [], "args").map(readArg);
  if (args.length > MAX_ARGS) throw fault(`subcommand ${name} has over ${MAX_ARGS} args`);
  refuseDuplicates(args.map((arg) => arg.name), `argument of ${name}`);
  refuseDuplicates(args.map((arg) => arg.long_name ?? arg.name), `long name of ${name}`);
  refuseDuplicates(args.flatMap((arg) => arg.short_name ?? []), `short name of ${name}`);
  const about = readAbout(entry["about"]);
  return { name, ...(about === undefined ? {} : { about }), args };
}

function readArg(input: unknown): CliArg {
  const entry = record(input, "an argument");
  const name = readName(entry["name"], "argument");
  const flag = entry["takes_value"] === false;
  const required = optionalFlag(entry["required"], `${name}.required`);
  optionalFlag(entry["takes_value"], `${name}.takes_value`);
  const about = readAbout(entry["about"]);
  const long = entry["long_name"] === undefined ? undefined : readName(entry["long_name"], "long name");
  const short = entry["short_name"];
  if (short !== undefined && (typeof short !== "string" || !SHORT.test(short))) {
    throw fault(`short name of ${name} must be one letter`);
  }
  const standard = readDefault(entry["default"], name);
  if (flag && (required || standard !== undefined)) {
    throw fault(`flag ${name} can be neither required nor have a default`);
  }
  return {
    name,
    ...(about === undefined ? {} : { about }),
    ...(long === undefined ? {} : { long_name: long }),
    ...(short === undefined ? {} : { short_name: short }),
    ...(required ? { required } : {}),
    ...(flag ? { takes_value: false } : {}),
    ...(standard === undefined ? {} : { default: standard }),
  };
}

function readName(value: unknown, what: string): string {
  if (typeof value === "string" && NAME.test(value)) return value;
  throw fault(`${what} name must be 1 to 32 of a-z, 0-9, - and _, the first a letter`);
}

function readAbout(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw fault("about must be text");
  return cleanLine(value, MAX_ABOUT);
}

function readDefault(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string" || value.length > MAX_DEFAULT) {
    throw fault(`default of ${name} must be text of at most ${MAX_DEFAULT} characters`);
  }
  return value;
}

function optionalFlag(value: unknown, title: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw fault(`${title} must be true or false`);
  return value;
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw fault(`${what} must be an object`);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length <= 64) return value;
  throw fault(`${what} must be a list of at most 64 entries`);
}

function refuseDuplicates(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw fault(`${what} ${name} is there twice`);
    seen.add(name);
  }
}

function fault(state: string): CommonsError {
  return new CommonsError("INVALID_PARAMS", `Cannot register commands: ${state}`);
}
