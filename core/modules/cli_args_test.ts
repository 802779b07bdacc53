import { expect } from "expect";
import type { CliSubcommand } from "../../workers/protocol/mod.ts";
import { groupHelp, parseCliArgs, subcommandHelp } from "./cli_args.ts";

const SEND: CliSubcommand = {
  name: "send",
  about: "Send a text",
  args: [
    { name: "to", required: true, about: "Who gets it" },
    { name: "text", default: "hi", short_name: "t" },
    { name: "ttl", long_name: "time-to-live" },
    { name: "quiet", takes_value: false, short_name: "q" },
  ],
};
const SPEC = { version: 1, name: "mail", about: "Mail", subcommands: [SEND] } as const;

Deno.test("parseCliArgs() reads words by the spec", async (t) => {
  const cases: [words: string[], values: Record<string, unknown>][] = [
    [["ada"], { to: "ada", text: "hi", quiet: false }],
    [["ada", "hello"], { to: "ada", text: "hello", quiet: false }],
    [["--to", "ada"], { to: "ada", text: "hi", quiet: false }],
    [["--to=ada", "--time-to-live=5"], { to: "ada", text: "hi", ttl: "5", quiet: false }],
    [["-t", "x", "ada"], { to: "ada", text: "x", quiet: false }],
    [["-t=x", "ada", "-q"], { to: "ada", text: "x", quiet: true }],
    [["--quiet", "ada"], { to: "ada", text: "hi", quiet: true }],
    [["ada", "--text="], { to: "ada", text: "", quiet: false }],
    [["ada", "--text=a=b"], { to: "ada", text: "a=b", quiet: false }],
    [["--text", "--quiet", "ada"], { to: "ada", text: "--quiet", quiet: false }],
    [["--", "--to"], { to: "--to", text: "hi", quiet: false }],
    [["ada", "-5"], { to: "ada", text: "-5", quiet: false }],
    [["ada", "-"], { to: "ada", text: "-", quiet: false }],
    [["--text", "1", "--text", "2", "ada"], { to: "ada", text: "2", quiet: false }],
    [["ada", "b", "c"], { to: "ada", text: "b", ttl: "c", quiet: false }],
    [["--text", "b", "ada", "c"], { to: "ada", text: "b", ttl: "c", quiet: false }],
  ];
  for (const [words, values] of cases) {
    await t.step(words.join(" "), () => expect(parseCliArgs(SEND, words)).toEqual({ kind: "run", values }));
  }
});

Deno.test("parseCliArgs() says what is wrong with the usage", async (t) => {
  const cases: [words: string[], message: string][] = [
    [[], "missing argument 'to'"],
    [["a", "b", "c", "d"], "unexpected argument 'd'"],
    [["--nope"], "unknown option '--nope'"],
    [["-x"], "unknown option '-x'"],
    [["--ttl", "5"], "unknown option '--ttl'"],
    [["---"], "unknown option '---'"],
    [["a", "--text"], "option '--text' needs a value"],
    [["a", "--quiet=yes"], "option '--quiet' takes no value"],
    [Array.from({ length: 129 }, () => "a"), "at most 128 words and 65536 characters"],
    [["x".repeat(70_000)], "at most 128 words and 65536 characters"],
  ];
  for (const [words, message] of cases) {
    await t.step(message, () => expect(parseCliArgs(SEND, words)).toEqual({ kind: "fault", message }));
  }
});

Deno.test("parseCliArgs() asks for help by --help and -h", () => {
  expect(parseCliArgs(SEND, ["ada", "--help"])).toEqual({ kind: "help" });
  expect(parseCliArgs(SEND, ["-h"])).toEqual({ kind: "help" });
});

Deno.test("subcommandHelp() shows usage, options and defaults", () => {
  expect(subcommandHelp(SPEC, SEND)).toBe(`Usage: commons mail send [options] <to> [text] [ttl]

Send a text

Options:
  --to <to>             Who gets it (required)
  -t, --text <text>     (default: hi)
  --time-to-live <ttl>
  -q, --quiet
  -h, --help            show this help
`);
});

Deno.test("groupHelp() lists the commands", () => {
  expect(groupHelp(SPEC)).toBe(`Usage: commons mail <command> [args]

Mail

Commands:
  send  Send a text
`);
});
