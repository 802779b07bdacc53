import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { AuditTrail } from "./audit.ts";

Deno.test("AuditTrail keeps every outcome, newest last", () => {
  const clock = new FakeClock(1_000);
  const trail = new AuditTrail(clock);
  trail.ok("a");
  clock.jump(5);
  trail.denied("b");
  trail.limited("c");
  trail.failed("d");
  expect(trail.recent()).toEqual([
    { method: "a", outcome: "ok", at: 1_000 },
    { method: "b", outcome: "denied", at: 1_005 },
    { method: "c", outcome: "limited", at: 1_005 },
    { method: "d", outcome: "failed", at: 1_005 },
  ]);
  expect(trail.counts).toEqual({ total: 4, denied: 1, limited: 1, failed: 1 });
});

Deno.test("AuditTrail keeps the last 1,000 and counts all", () => {
  const trail = new AuditTrail(new FakeClock());
  trail.denied("first");
  for (let i = 0; i < 1_500; i++) trail.ok(`m${i}`);
  expect(trail.recent().length).toBe(1_000);
  expect(trail.recent(2).map(({ method }) => method)).toEqual(["m1498", "m1499"]);
  expect(trail.recent()[0]?.method).toBe("m500");
  expect(trail.counts).toEqual({ total: 1_501, denied: 1, limited: 0, failed: 0 });
});
