import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { createLogger } from "../telemetry/mod.ts";
import { ModuleLog } from "./module_log.ts";

function makeLog() {
  const clock = new FakeClock();
  const node: string[] = [];
  const logger = createLogger({ level: "debug", format: "json", clock, write: (line) => node.push(line) });
  return { clock, node, log: new ModuleLog({ clock, logger: logger.child("module:hello") }) };
}

Deno.test("ModuleLog passes lines on to the node's log under the module's name", () => {
  const { node, log } = makeLog();
  log.write("warn", "hot", { celsius: 90 });
  expect(log.lines()).toEqual([
    { time: "2023-11-14T22:13:20.000Z", level: "warn", message: "hot", fields: { celsius: 90 } },
  ]);
  expect(node[0]).toContain("module:hello");
  expect(node[0]).toContain('"celsius":90');
});

Deno.test("ModuleLog cleans what a module writes", async (t) => {
  const cases: [name: string, message: string, shown: string][] = [
    ["escape sequences", "\u001b[2Jgone", "\ufffd[2Jgone"],
    ["carriage return", "a\rb", "a\ufffdb"],
    ["tab and line feed stay", "a\tb\nc", "a\tb\nc"],
    ["bidi override", "a\u202eb", "a\ufffdb"],
    ["lone surrogate", "a\ud800b", "a\ufffdb"],
    ["length", "x".repeat(10_000), "x".repeat(8_192) + "…"],
  ];
  for (const [name, message, shown] of cases) {
    await t.step(name, () => {
      const { log } = makeLog();
      log.write("info", message);
      expect(log.lines()[0]?.message).toBe(shown);
    });
  }
});

Deno.test("ModuleLog copes with any level and fields", () => {
  const { log } = makeLog();
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  log.write("fatal", "a", cycle);
  log.write(7, "b", { big: 5n, bytes: Uint8Array.of(1, 2), text: "\u0007" });
  log.write("info", "c", { text: "x".repeat(9_000) });
  expect(log.lines().map(({ level, fields }) => [level, fields])).toEqual([
    ["info", { note: "fields that JSON cannot hold" }],
    ["info", { big: "5", bytes: "0102", text: "\ufffd" }],
    ["info", { note: "fields of 9011 characters left out" }],
  ]);
});

Deno.test("ModuleLog keeps 1,000 lines and 256 KiB", async () => {
  const { clock, log } = makeLog();
  for (let i = 0; i < 1_200; i++) {
    if (i % 100 === 0) await clock.advance(1_000);
    log.write("info", `line ${i}`);
  }
  expect(log.lines().length).toBe(1_000);
  expect(log.lines(1)[0]?.message).toBe("line 1199");
  await clock.advance(5_000);
  for (let i = 0; i < 100; i++) log.write("info", "x".repeat(8_000));
  expect(log.lines().length).toBe(16);
});

Deno.test("ModuleLog refuses a flood and says how much it refused", async () => {
  const { clock, log } = makeLog();
  for (let i = 0; i < 700; i++) log.write("info", "flood");
  expect(log.suppressed).toBe(200);
  expect(log.lines().length).toBe(500);
  await clock.advance(1_000);
  log.write("info", "after");
  expect(log.lines(2).map(({ message, fields }) => [message, fields])).toEqual([
    ["log lines were dropped: too many a second", { lines: 200 }],
    ["after", undefined],
  ]);
});

Deno.test("ModuleLog.hide() keeps texts out of messages and fields, here and in the node's log", () => {
  const { node, log } = makeLog();
  log.write("info", "before s3cr3t");
  log.hide(["s3cr3t-longer", "s3cr3t"]);
  log.write("info", "with s3cr3t-longer and s3cr3t", { deep: [{ it: "is s3cr3t" }], n: 1 });
  log.note("error", "ended", { detail: "Error: s3cr3t" });
  expect(log.lines().slice(1).map(({ message, fields }) => [message, fields])).toEqual([
    ["with [redacted] and [redacted]", { deep: [{ it: "is [redacted]" }], n: 1 }],
    ["ended", { detail: "Error: [redacted]" }],
  ]);
  expect(node.slice(1).join()).not.toContain("s3cr3t");
});
