import { dirname, join } from "node:path";

/** One thing that the tutorial has its reader do. */
export type Step =
  /** Write a file; the first line of the block names it. */
  | { readonly kind: "file"; readonly path: string; readonly text: string }
  /** Start the node, or start it again. */
  | { readonly kind: "start"; readonly args: readonly string[] }
  /** Type commands; `expected` lines come in this order in what they print. */
  | { readonly kind: "commands"; readonly lines: readonly string[]; readonly expected: readonly string[] };

const BLOCK = /^```(\w+)\n([^]*?)^```$/gm;
const START = /^deno task start\b(.*)$/;

/** The steps of a page: its `sh` blocks, the `text` blocks behind them, and the `ts` and `toml` blocks that name a file. */
export function readSteps(page: string): readonly Step[] {
  const steps: Step[] = [];
  for (const [, language, body = ""] of page.matchAll(BLOCK)) {
    if (language === "text") {
      const last = steps.pop();
      if (last?.kind !== "commands") throw new Error(`no commands in front of the output:\n${body}`);
      steps.push({ ...last, expected: linesOf(body) });
    } else if (language === "sh") steps.push(commandsOf(linesOf(body)));
    else steps.push(fileOf(body));
  }
  return steps;
}

function commandsOf(lines: readonly string[]): Step {
  const [, args] = START.exec(lines[0] ?? "") ?? [];
  if (args === undefined) return { kind: "commands", lines, expected: [] };
  if (lines.length !== 1) throw new Error("the node is started in a terminal of its own");
  return { kind: "start", args: args.split(" ").filter((word) => word !== "") };
}

function fileOf(body: string): Step {
  const path = /^(?:\/\/|#) (\S+)\n/.exec(body)?.[1];
  if (path === undefined) throw new Error(`a block does not name its file:\n${body}`);
  return { kind: "file", path, text: body };
}

function linesOf(body: string): readonly string[] {
  return body.split("\n").filter((line) => line.trim() !== "");
}

/** Writes a file of the tutorial below `root`. */
export async function writeStep(
  root: string,
  { path, text }: Step & { readonly kind: "file" },
): Promise<void> {
  await Deno.mkdir(dirname(join(root, path)), { recursive: true });
  await Deno.writeTextFile(join(root, path), text);
}

/** The first expected line that does not come in its turn, or `undefined`. Blanks in columns count as one. */
export function missingLine(output: string, expected: readonly string[]): string | undefined {
  const plain = output.replaceAll(/[ \t]+/g, " ");
  let from = 0;
  return expected.find((line) => {
    const at = plain.indexOf(line, from);
    from = at + line.length;
    return at < 0;
  });
}
