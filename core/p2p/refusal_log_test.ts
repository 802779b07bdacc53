import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import type { LogFields } from "../telemetry/mod.ts";
import { silentLogger } from "./_fixture.ts";
import { RefusalLog } from "./refusal_log.ts";

Deno.test("RefusalLog writes so many lines and tells how many it left out", async () => {
  const clock = new FakeClock();
  const lines: (LogFields | undefined)[] = [];
  const log = new RefusalLog({
    clock,
    logger: { ...silentLogger, debug: (_message, fields) => void lines.push(fields) },
  });
  const refuse = (number: number) => {
    if (log.ready()) log.write("refused", { number });
  };
  for (let number = 0; number < 1_000; number++) refuse(number);
  expect(lines.length).toBe(50);
  expect(lines.at(-1)).toEqual({ number: 49 });
  await clock.advance(1_000);
  refuse(1_000);
  expect(lines.slice(50)).toEqual([{ number: 1_000, suppressed: 950 }]);
  refuse(1_001);
  expect(lines.at(-1)).toEqual({ number: 1_001 });
});
