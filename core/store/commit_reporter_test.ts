import { expect } from "expect";
import { CommonsError } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { commitReporter } from "./commit_reporter.ts";

Deno.test("commitReporter() logs when writing starts to fail, and when it works again", () => {
  const lines: string[] = [];
  const log = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const logger: Logger = {
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    child: () => logger,
  };
  const report = commitReporter({ logger, pending: () => 0 });
  const full = new CommonsError("STORE_FULL", "Cannot write: disk full");
  report(1, undefined);
  report(1, new CommonsError("VALUE_TOO_LARGE", "Cannot write: one caller's fault"));
  expect(lines).toEqual([]);
  for (let i = 0; i < 5; i++) report(1, full);
  report(1, new CommonsError("STORE_READ_ONLY", "Cannot write: read-only"));
  report(1, undefined);
  report(1, undefined);
  expect(lines).toEqual(["error store cannot write", "error store cannot write", "info store writes again"]);
});
