import type { CliArg, CliSpec, CliSubcommand } from "../../workers/protocol/mod.ts";

const MAX_WORDS = 128;
const MAX_TOTAL = 64 * 1024;

/** What a command line means. */
export type ParsedArgs =
  | { readonly kind: "run"; readonly values: Readonly<Record<string, string | boolean>> }
  | { readonly kind: "help" }
  | { readonly kind: "fault"; readonly message: string };

/**
 * Reads the words after the subcommand by its spec: `--long v`, `--long=v`, `-s v`, `-s=v`, flags, `--` before words that
 * only look like options, and what is left in the order of the arguments that take a value. The last of several wins.
 * Never throws: bad usage is a result.
 */
export function parseCliArgs(subcommand: CliSubcommand, words: readonly string[]): ParsedArgs {
  if (words.length > MAX_WORDS || words.reduce((sum, word) => sum + word.length, 0) > MAX_TOTAL) {
    return { kind: "fault", message: `at most ${MAX_WORDS} words and ${MAX_TOTAL} characters` };
  }
  const values = new Map<string, string | boolean>();
  const positionals: string[] = [];
  const open = [...words];
  for (let word = open.shift(); word !== undefined; word = open.shift()) {
    if (word === "--") {
      positionals.push(...open);
      break;
    }
    const option = readOption(subcommand.args, word);
    if (option === undefined) positionals.push(word);
    else if (option.arg === undefined) {
      if (word === "--help" || word === "-h") return { kind: "help" };
      return { kind: "fault", message: `unknown option '${word}'` };
    } else if (option.arg.takes_value === false) {
      if (option.value !== undefined) {
        return { kind: "fault", message: `option '${option.text}' takes no value` };
      }
      values.set(option.arg.name, true);
    } else {
      const value = option.value ?? open.shift();
      if (value === undefined) return { kind: "fault", message: `option '${option.text}' needs a value` };
      values.set(option.arg.name, value);
    }
  }
  return complete(subcommand.args, { values, positionals });
}

interface Option {
  readonly text: string;
  readonly arg: CliArg | undefined;
  readonly value: string | undefined;
}

/** `undefined` for a word that is no option: `-` and negative numbers are not. */
function readOption(args: readonly CliArg[], word: string): Option | undefined {
  const match = /^(--?)([A-Za-z][A-Za-z0-9_-]*)(?:=(.*))?$/s.exec(word);
  if (match === null) {
    return word.startsWith("--") ? { text: word, arg: undefined, value: undefined } : undefined;
  }
  const [, dashes, name, value] = match;
  const arg = args.find((candidate) =>
    dashes === "--" ? (candidate.long_name ?? candidate.name) === name : candidate.short_name === name
  );
  return { text: `${dashes}${name}`, arg, value };
}

function complete(
  args: readonly CliArg[],
  given: { readonly values: Map<string, string | boolean>; readonly positionals: readonly string[] },
): ParsedArgs {
  const { values } = given;
  const positionals = [...given.positionals];
  for (const arg of args) {
    if (values.has(arg.name)) continue;
    if (arg.takes_value === false) {
      values.set(arg.name, false);
      continue;
    }
    const value = positionals.shift() ?? arg.default;
    if (value !== undefined) values.set(arg.name, value);
    else if (arg.required) return { kind: "fault", message: `missing argument '${arg.name}'` };
  }
  if (positionals.length > 0) return { kind: "fault", message: `unexpected argument '${positionals[0]}'` };
  return { kind: "run", values: Object.fromEntries(values) };
}

/** Usage and options of one subcommand, ending in a line feed. */
export function subcommandHelp(spec: CliSpec, subcommand: CliSubcommand): string {
  const positionals = subcommand.args.filter((arg) => arg.takes_value !== false)
    .map((arg) => arg.required ? `<${arg.name}>` : `[${arg.name}]`);
  const options = [...subcommand.args.map(optionRow), ["-h, --help", "show this help"] as const];
  return [
    `Usage: commons ${[spec.name, subcommand.name, "[options]", ...positionals].join(" ")}`,
    ...(subcommand.about ? ["", subcommand.about] : []),
    "",
    "Options:",
    ...rows(options),
    "",
  ].join("\n");
}

/** What a module's group offers, ending in a line feed. */
export function groupHelp(spec: CliSpec): string {
  return [
    `Usage: commons ${spec.name} <command> [args]`,
    ...(spec.about ? ["", spec.about] : []),
    "",
    "Commands:",
    ...rows(spec.subcommands.map(({ name, about }) => [name, about ?? ""])),
    "",
  ].join("\n");
}

function optionRow(arg: CliArg): readonly [string, string] {
  const short = arg.short_name ? `-${arg.short_name}, ` : "";
  const value = arg.takes_value === false ? "" : ` <${arg.name}>`;
  const notes = [
    ...(arg.required ? ["required"] : []),
    ...(arg.default === undefined ? [] : [`default: ${arg.default}`]),
  ];
  const suffix = notes.length > 0 ? `(${notes.join(", ")})` : "";
  return [
    `${short}--${arg.long_name ?? arg.name}${value}`,
    [arg.about ?? "", suffix].filter(Boolean).join(" "),
  ];
}

function rows(entries: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...entries.map(([left]) => left.length));
  return entries.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
}
