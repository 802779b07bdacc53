import { expect } from "expect";
import { durationText, tryDuration } from "./durations.ts";

Deno.test("tryDuration() reads parts in order", async (t) => {
  const rows: [string, number | undefined][] = [
    ["90s", 90_000],
    ["24h", 86_400_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["250ms", 250],
    ["1m5ms", 60_005],
    ["0s", 0],
    ["36525d", 36_525 * 86_400_000],
    ["36526d", undefined],
    ["", undefined],
    ["90", undefined],
    ["1.5h", undefined],
    ["-1s", undefined],
    ["30m1h", undefined],
    ["1h 30m", undefined],
    ["1H", undefined],
    ["1s1s", undefined],
    ["9999999999s", undefined],
    ["1s\n", undefined],
  ];
  for (const [text, ms] of rows) {
    await t.step(JSON.stringify(text), () => {
      expect(tryDuration(text)).toBe(ms);
    });
  }
});

Deno.test("durationText() is read back", () => {
  expect(durationText(5_400_000)).toBe("1h30m");
  expect(durationText(0)).toBe("0s");
  for (const ms of [1, 999, 60_000, 86_400_001, 5_400_000]) expect(tryDuration(durationText(ms))).toBe(ms);
});
