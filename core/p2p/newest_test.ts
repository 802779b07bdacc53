import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { NewestByAuthor } from "./newest.ts";

Deno.test("NewestByAuthor drops what is older than the author's last word, until that is long ago", async () => {
  const clock = new FakeClock();
  const newest = new NewestByAuthor(clock);
  const rows: readonly (readonly [string, number, boolean])[] = [
    ["a", 100, true],
    ["a", 90, false],
    ["b", 90, true],
    ["a", 100, true],
    ["a", 110, true],
    ["a", 109.5, false],
  ];
  for (const [author, order, isNew] of rows) expect(newest.add(author, order)).toBe(isNew);
  await clock.advance(120_000);
  expect(newest.add("a", 1)).toBe(true);
});
