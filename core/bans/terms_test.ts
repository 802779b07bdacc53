import { expect } from "expect";
import { isCommonsError } from "../base/mod.ts";
import { banEnd, parseBanTerms } from "./terms.ts";

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

function end(terms: Parameters<typeof parseBanTerms>[0]): number | null {
  return banEnd(parseBanTerms(terms), { now: NOW, defaultMs: HOUR });
}

Deno.test("parseBanTerms() and banEnd()", async (t) => {
  const rows: [terms: Parameters<typeof parseBanTerms>[0], end: number | null][] = [
    [{}, NOW + HOUR],
    [{ duration: "24h" }, NOW + 24 * HOUR],
    [{ duration: "1h30m" }, NOW + 1.5 * HOUR],
    [{ duration: 60 }, NOW + 60_000],
    [{ duration: 1.5 }, NOW + 1_500],
    [{ duration: "60" }, NOW + 60_000],
    [{ duration: "permanent" }, null],
    [{ until: null }, null],
    [{ until: NOW / 1000 + 5 }, NOW + 5_000],
    [{ until: String(NOW / 1000 + 5) }, NOW + 5_000],
    [{ until: "2023-11-15" }, Date.UTC(2023, 10, 15)],
    [{ until: "2023-11-15T10:00:00Z" }, Date.UTC(2023, 10, 15, 10)],
    [{ until: "2023-11-15T10:00:00.5+02:00" }, Date.UTC(2023, 10, 15, 8, 0, 0, 500)],
    [{ until: "2023-11-15 10:00Z" }, Date.UTC(2023, 10, 15, 10)],
  ];
  for (const [terms, wanted] of rows) {
    await t.step(JSON.stringify(terms), () => expect(end(terms)).toBe(wanted));
  }
});

Deno.test("parseBanTerms() and banEnd() refuse", async (t) => {
  const rows: Parameters<typeof parseBanTerms>[0][] = [
    { duration: "24h", until: NOW },
    { duration: null },
    { duration: "" },
    { duration: "24 hours" },
    { duration: "-1" },
    { duration: -5 },
    { duration: 0 },
    { duration: "999ms" },
    { duration: NaN },
    { duration: Infinity },
    { duration: 1e300 },
    { duration: true },
    { duration: {} },
    { until: NOW / 1000 },
    { until: 0 },
    { until: "2023-11-14" },
    { until: "2023-11-15T10:00:00" },
    { until: "tomorrow" },
    { until: "2023-13-45" },
    { until: NOW }, // milliseconds by mistake
    { until: "9999-01-01" },
    { until: [] },
  ];
  for (const terms of rows) {
    await t.step(JSON.stringify(terms), () => {
      let thrown: unknown;
      try {
        end(terms);
      } catch (error) {
        thrown = error;
      }
      expect(isCommonsError(thrown, "INVALID_BAN_TIME")).toBe(true);
    });
  }
});
