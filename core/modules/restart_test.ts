import { expect } from "expect";
import { FakeClock, type Random, seededRandom } from "../base/mod.ts";
import { RestartPolicy } from "./restart.ts";

const MIDDLE: Random = { bytes: () => new Uint8Array(0), number: () => 0.5 };

function delayOf(policy: RestartPolicy, ranMs = 0): number | "failed" {
  const decision = policy.crashed(ranMs);
  return decision.restart ? decision.delayMs : "failed";
}

Deno.test("RestartPolicy doubles from 1 s up to 60 s", async () => {
  const clock = new FakeClock();
  const policy = new RestartPolicy({ clock, random: MIDDLE });
  const delays: unknown[] = [];
  for (let i = 0; i < 8; i++) {
    await clock.advance(30_000); // so that crashes never come five in a minute
    delays.push(delayOf(policy));
  }
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

Deno.test("RestartPolicy gives up at the fifth crash within 60 s", async () => {
  const clock = new FakeClock();
  const policy = new RestartPolicy({ clock, random: MIDDLE });
  const seen = [delayOf(policy)];
  for (const wait of [1_000, 2_000, 4_000, 8_000]) {
    await clock.advance(wait);
    seen.push(delayOf(policy));
  }
  expect(seen).toEqual([1_000, 2_000, 4_000, 8_000, "failed"]);
});

Deno.test("RestartPolicy counts only crashes of the last 60 s", async () => {
  const clock = new FakeClock();
  const policy = new RestartPolicy({ clock, random: MIDDLE });
  for (let i = 0; i < 20; i++) {
    await clock.advance(15_001);
    expect(delayOf(policy)).not.toBe("failed");
  }
});

Deno.test("RestartPolicy starts over after 60 s of running", () => {
  const clock = new FakeClock();
  const policy = new RestartPolicy({ clock, random: MIDDLE });
  delayOf(policy);
  expect(delayOf(policy, 59_999)).toBe(2_000);
  expect(delayOf(policy, 60_000)).toBe(1_000);
});

Deno.test("RestartPolicy forgets everything at reset()", () => {
  const policy = new RestartPolicy({ clock: new FakeClock(), random: MIDDLE });
  for (let i = 0; i < 4; i++) delayOf(policy);
  policy.reset();
  expect(delayOf(policy)).toBe(1_000);
});

Deno.test("RestartPolicy spreads delays by 20 % at most", () => {
  const clock = new FakeClock();
  const random = seededRandom(7);
  const delays = Array.from({ length: 200 }, () => delayOf(new RestartPolicy({ clock, random })) as number);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(800);
  expect(Math.max(...delays)).toBeLessThanOrEqual(1_200);
  expect(new Set(delays).size).toBeGreaterThan(50);
});
