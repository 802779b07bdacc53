import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { AuthorLimits, MANY } from "./author_limits.ts";

function setup(author = { perSecond: 10, burst: 100 }, source = { perSecond: 100, burst: 1_000 }) {
  const clock = new FakeClock();
  const limits = new AuthorLimits({ clock, limits: { author, source } });
  const admit = (count: number, from: string, through = from) => {
    const seen: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const admission = limits.admit(from, through);
      seen[admission] = (seen[admission] ?? 0) + 1;
    }
    return seen;
  };
  return { clock, limits, admit };
}

Deno.test("AuthorLimits lets a burst through, then what the rate gives back", async () => {
  const { clock, admit } = setup();
  expect(admit(110, "a")).toEqual({ ok: 100, limited: 10 });
  await clock.advance(1_000);
  expect(admit(11, "a")).toEqual({ ok: 10, limited: 1 });
  await clock.advance(60_000);
  expect(admit(101, "a")).toEqual({ ok: 100, limited: 1 });
});

Deno.test("AuthorLimits counts each author for itself", () => {
  const { admit } = setup();
  admit(200, "a");
  expect(admit(100, "b")).toEqual({ ok: 100 });
});

Deno.test("AuthorLimits bounds a peer that makes authors as it goes", () => {
  const { admit } = setup();
  let ok = 0;
  for (let i = 0; i < 50; i++) ok += admit(100, `author ${i}`, "relay")["ok"] ?? 0;
  expect(ok).toBe(1_000);
});

Deno.test("AuthorLimits tells a flood from a slip, and whose it is", async (t) => {
  await t.step("the author that sends it itself", () => {
    expect(setup().admit(250, "a")).toEqual({ ok: 100, limited: 100, flood: 50 });
  });
  await t.step("not a relay of one author", () => {
    expect(setup().admit(900, "a", "relay")).toEqual({ ok: 100, limited: 800 });
  });
  await t.step("not a relay of far too many: its neighbours made them", () => {
    const { admit } = setup({ perSecond: 1, burst: 1 }, { perSecond: 1, burst: 10 });
    for (let i = 0; i < 600; i++) admit(1, `author ${i}`, "relay");
    expect(admit(1, "one more", "relay")).toEqual({ limited: 1 });
  });
  await t.step("nobody who is a little too fast for a long time", async () => {
    const { clock, admit } = setup();
    admit(100, "a");
    for (let minute = 0; minute < 10; minute++) {
      expect(admit(60, "a")["flood"]).toBe(undefined);
      await clock.advance(60_000 / 600);
      await clock.advance(60_000);
      admit(100, "a");
    }
  });
});

Deno.test("AuthorLimits blames nobody for one message with each of many blocks, where a kind says so", () => {
  const limits = {
    author: { perSecond: 0.2, burst: 1 },
    source: { perSecond: 100, burst: 1_000 },
    flood: MANY,
  };
  const meters = new AuthorLimits({ clock: new FakeClock(), limits });
  const seen = Array.from({ length: 1_010 }, () => meters.admit("a", "a"));
  expect(seen.indexOf("flood")).toBe(1_001);
});

Deno.test("AuthorLimits.giveBack() gives no more than a burst, and nothing to strangers", () => {
  const { limits, admit } = setup();
  limits.giveBack("stranger");
  expect(admit(101, "stranger")).toEqual({ ok: 100, limited: 1 });
  for (let i = 0; i < 1_000; i++) limits.giveBack("stranger");
  expect(admit(150, "stranger")).toEqual({ ok: 100, limited: 50 });
});

Deno.test("AuthorLimits looks at one status in five seconds", async () => {
  const { clock, admit } = setup({ perSecond: 0.2, burst: 1 });
  expect(admit(2, "a")).toEqual({ ok: 1, limited: 1 });
  await clock.advance(4_999);
  expect(admit(1, "a")).toEqual({ limited: 1 });
  await clock.advance(1);
  expect(admit(1, "a")).toEqual({ ok: 1 });
});
