import { expect } from "expect";
import type { Bench, BenchEntry } from "./bench.ts";
import { median } from "./measure.ts";
import { runBenches } from "./runner.ts";

interface Fake {
  readonly entry: BenchEntry;
  readonly calls: string[];
}

function fakeBench(name: string, options: { fail?: "setup" | "value"; value?: number } = {}): Fake {
  const calls: string[] = [];
  const bench: Bench = {
    name,
    unit: "µs",
    better: "lower",
    aim: 0.7,
    setup() {
      if (options.fail === "setup") return Promise.reject(new Error("no setup"));
      return Promise.resolve({
        value() {
          calls.push("value");
          return options.fail ? Promise.reject(new Error("no value")) : Promise.resolve(options.value ?? 2);
        },
        baseline: () => Promise.resolve(calls.push("baseline") && 4),
        [Symbol.asyncDispose]: () => Promise.resolve(void calls.push("disposed")),
      });
    },
  };
  return { entry: { name, load: () => Promise.resolve(bench) }, calls };
}

async function run(args: string[], fakes: Fake[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runBenches(args, fakes.map(({ entry }) => entry), {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { code, out, err };
}

Deno.test("runBenches() measures value and baseline in turn", async () => {
  const fake = fakeBench("a");
  const { code, out, err } = await run(["a", "--json", "--rounds", "5"], [fake]);
  expect([code, err]).toEqual([0, []]);
  expect(out.map((line) => JSON.parse(line))).toEqual([
    { bench: "a", unit: "µs", value: 2, baseline: 4, ratio: 0.5, better: "lower", n: 5 },
  ]);
  const warmUp = ["value", "baseline"];
  const rounds = [0, 1, 2, 3, 4].flatMap((i) => i % 2 === 0 ? ["value", "baseline"] : ["baseline", "value"]);
  expect(fake.calls).toEqual([...warmUp, ...rounds, "disposed"]);
});

Deno.test("runBenches() runs all without a name, and prints a table", async () => {
  const { code, out } = await run([], [fakeBench("a"), fakeBench("b", { value: 3 })]);
  expect(code).toBe(0);
  expect(out.length).toBe(3);
  expect(out[1]).toMatch(/^a .*0\.50 +≤ 0\.7 reached$/);
  expect(out[2]).toMatch(/^b .*0\.75 +≤ 0\.7 +missed$/);
});

Deno.test("runBenches() reports a bench that throws, runs the others and answers 1", async (t) => {
  for (const options of [{ fail: "setup" as const }, { fail: "value" as const }, { value: NaN }]) {
    await t.step(JSON.stringify(options), async () => {
      const bad = fakeBench("bad", options);
      const { code, out, err } = await run(["--json"], [bad, fakeBench("good")]);
      expect(code).toBe(1);
      expect(out.map((line) => JSON.parse(line).bench)).toEqual(["good"]);
      expect(err[0]).toContain("Cannot run bench bad:");
      if (options.fail !== "setup") expect(bad.calls.at(-1)).toBe("disposed");
    });
  }
});

Deno.test("runBenches() answers 2 for wrong usage", async (t) => {
  for (const args of [["nope"], ["--rounds", "4"], ["--rounds", "x"], ["--what"], ["a", "a b"]]) {
    await t.step(args.join(" "), async () => {
      const { code, out, err } = await run(args, [fakeBench("a")]);
      expect([code, out, err.length]).toEqual([2, [], 1]);
      if (args[0] === "nope") expect(err[0]).toContain("there are: a");
    });
  }
});

Deno.test("median() is the middle", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
