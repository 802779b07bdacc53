import { expect } from "expect";
import { extraScore } from "./extra_score.ts";

Deno.test("extraScore() is nothing for newcomers, a little by reputation, much for the operator's own", () => {
  const rows: readonly [reputation: number | undefined, isStatic: boolean, score: number][] = [
    [undefined, false, 0],
    [50, false, 0],
    [0, false, -1],
    [100, false, 1],
    [5, true, 19.1],
    [undefined, true, 20],
  ];
  for (const [reputation, chosen, score] of rows) {
    const reputationOf = reputation === undefined ? undefined : () => reputation;
    expect(extraScore("a", { isStatic: () => chosen, reputationOf })).toBeCloseTo(score, 10);
  }
});
