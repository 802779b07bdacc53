import { expect } from "expect";
import { CommonsError, FakeClock } from "../base/mod.ts";
import type { LogFormat } from "./log_format.ts";
import type { LogLevel } from "./logger.ts";
import { createLogger } from "./structured_logger.ts";

function logger(options: { level?: LogLevel; format?: LogFormat } = {}) {
  const lines: string[] = [];
  const log = createLogger({
    level: options.level ?? "info",
    format: options.format ?? "json",
    write: (line) => lines.push(line),
    clock: new FakeClock(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
  });
  const fields = (value: Record<string, unknown>): unknown => {
    log.info("m", value);
    return JSON.parse(lines.at(-1) ?? "");
  };
  return { log, lines, fields };
}

Deno.test("createLogger() writes one JSON line a record", () => {
  const { log, lines } = logger();
  log.child("p2p").child("gossip").warn("message refused", { code: "BAD", size: 12, time: "x" });
  expect(lines).toEqual([
    '{"time":"2026-01-02T03:04:05.006Z","level":"warn","scope":"p2p:gossip","message":"message refused",' +
    '"code":"BAD","size":12,"field_time":"x"}',
  ]);
});

Deno.test("createLogger() writes one pretty line a record", () => {
  const { log, lines } = logger({ format: "pretty" });
  log.child("http").info("listening", { url: "http://127.0.0.1:9906", note: "two words", n: 1, list: ["a"] });
  expect(lines).toEqual([
    '2026-01-02T03:04:05.006Z INFO  [http] listening url=http://127.0.0.1:9906 note="two words" n=1 list=["a"]',
  ]);
});

Deno.test("createLogger() leaves out what is below its level", () => {
  const { log, lines } = logger({ level: "warn" });
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  expect(lines.length).toBe(2);
});

Deno.test("createLogger() redacts by name at any depth", () => {
  const { fields } = logger();
  const shown = fields({
    api_token: "t",
    nested: { list: [{ rpcPassword: "p", height: 7 }] },
    map: new Map([["cookie", "c"], ["name", "n"]]),
    seed: Uint8Array.of(1, 2, 3),
    public_key: "02aa",
    has_token: true,
    macaroon: undefined,
  });
  expect(shown).toMatchObject({
    api_token: "[redacted]",
    nested: { list: [{ rpcPassword: "[redacted]", height: 7 }] },
    map: { cookie: "[redacted]", name: "n" },
    seed: "[redacted]",
    public_key: "02aa",
    has_token: true,
    macaroon: null,
  });
});

Deno.test("createLogger() redacts registered secrets, bearer tokens and URL passwords wherever they are", () => {
  const { log, lines } = logger();
  const child = log.child("x");
  log.addSecret("s3cret-value");
  log.addSecret("s3cret-value-longer");
  log.addSecret("abc");
  child.info("got s3cret-value-longer", {
    list: ["a s3cret-value b"],
    "s3cret-value": 1,
    error: new Error("refused s3cret-value"),
    header: "Bearer abcdef.123",
    url: "https://user:pw@example.org/x",
    object: new URL("https://user:pw@example.org/x"),
    short: "abc",
  });
  const line = lines[0] ?? "";
  expect(line).not.toContain("s3cret");
  expect(line).not.toContain("longer");
  expect(line).not.toContain("abcdef");
  expect(line).not.toContain("pw@");
  expect(line).toContain('"short":"abc"');
});

Deno.test("createLogger() does not leave half a secret at a cut", () => {
  const { log, lines } = logger();
  log.addSecret("0123456789abcdef");
  log.info("m", { text: "x".repeat(1_995) + "0123456789abcdef" });
  expect(lines[0]).not.toContain("01234");
});

Deno.test("createLogger() escapes control, separator and direction characters in both formats", async (t) => {
  const nasty = "a\nb\r\u001b[31m\u0000\u007f\u0085\u2028\u202e\ufeffz";
  for (const format of ["json", "pretty"] as const) {
    await t.step(format, () => {
      const { log, lines } = logger({ format });
      log.child(`s\n`).info(nasty, { [nasty]: nasty });
      // deno-lint-ignore no-control-regex -- none must be left
      expect(lines[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e\ufeff]/);
      expect(lines[0]).toContain("\\u202e");
    });
  }
});

Deno.test("createLogger() bounds depth, lists, texts and the whole line", () => {
  const { log, lines, fields } = logger();
  let deep: unknown = "bottom";
  for (let i = 0; i < 50; i++) deep = { deep };
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const shown = fields({
    deep,
    cycle,
    list: Array.from({ length: 900 }, (_, i) => i),
    text: "x".repeat(9_000),
  });
  expect(JSON.stringify(shown)).not.toContain("bottom");
  expect(shown).toMatchObject({ text: "x".repeat(2_000) + "… (7000 more)" });
  expect((shown as { list: unknown[] }).list.at(-1)).toBe("… (850 more)");

  const wide = () => Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, "y".repeat(1_999)]));
  log.info("m".repeat(5_000), { a: wide(), b: [wide(), wide()], c: new Set(["q".repeat(3_000)]) });
  expect((lines.at(-1) ?? "").length).toBeLessThan(40_000);
});

Deno.test("createLogger() survives what throws", () => {
  const { log, lines, fields } = logger();
  const throwing = new Proxy({}, {
    get() {
      throw new Error("trap");
    },
    ownKeys() {
      throw new Error("trap");
    },
    getPrototypeOf() {
      throw new Error("trap");
    },
  });
  const getter = {
    ok: 1,
    get bad() {
      throw new Error("getter");
    },
  };
  expect(fields({ getter, throwing, error: Object.assign(new Error("x"), { code: Symbol("c") }) }))
    .toMatchObject({
      getter: { ok: 1, bad: "[unreadable]" },
      throwing: "[unreadable]",
      error: { code: "Error", message: "x" },
    });
  log.info("m", throwing);
  expect(lines.length).toBe(2);
});

Deno.test("createLogger() shows values that JSON cannot hold", () => {
  const { fields } = logger();
  expect(
    fields({
      big: 2n ** 64n,
      nan: NaN,
      fn: () => 1,
      sym: Symbol("s"),
      date: new Date(0),
      bad: new Date(NaN),
      bytes: new Uint8Array(5),
    }),
  ).toMatchObject({
    big: "18446744073709551616",
    nan: "NaN",
    fn: "[function]",
    sym: "[symbol]",
    date: "1970-01-01T00:00:00.000Z",
    bad: "[invalid date]",
    bytes: "[5 bytes]",
  });
});

Deno.test("createLogger() shows errors by code, message and cause, and the stack only at debug", () => {
  const error = new CommonsError("STORE_FULL", "Cannot write: disk full", {
    cause: new RangeError("ENOSPC"),
  });
  const info = logger();
  expect(info.fields({ error })).toMatchObject({
    error: {
      code: "STORE_FULL",
      message: "Cannot write: disk full",
      cause: { code: "RangeError", message: "ENOSPC" },
    },
  });
  expect(info.lines[0]).not.toContain("structured_logger_test");
  const debug = logger({ level: "debug" });
  debug.log.error("m", { error });
  expect(debug.lines[0]).toContain("structured_logger_test");
});

Deno.test("createLogger() ignores a writer that throws", () => {
  const log = createLogger({
    level: "info",
    format: "json",
    write: () => {
      throw new Error("EPIPE");
    },
    clock: new FakeClock(),
  });
  log.info("m");
});
