import { expect } from "expect";
import { canonicalJson } from "./canonical_json.ts";

Deno.test("canonicalJson() sorts keys by UTF-16 code units and normalises numbers", () => {
  // Example of RFC 8785, section 3.2.2, without its string row.
  expect(canonicalJson({ numbers: [333333333.33333329, 1E30, 4.50, 2e-3, 1e-27], literals: [null, true] }))
    .toBe('{"literals":[null,true],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}');
  expect(canonicalJson({ b: 1, a: { d: 1, c: [] }, "\u20ac": 1, "\r": 1 }))
    .toBe('{"\\r":1,"a":{"c":[],"d":1},"b":1,"\u20ac":1}');
  expect(canonicalJson(-0)).toBe("0");
});

Deno.test("canonicalJson() leaves out what JSON leaves out", () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

Deno.test("canonicalJson() refuses what is not JSON", async (t) => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const rows: [string, unknown][] = [
    ["undefined", undefined],
    ["a function", () => 1],
    ["NaN", { a: NaN }],
    ["Infinity", [Infinity]],
    ["a bigint", { a: 1n }],
    ["a cycle", cycle],
    ["a lone surrogate", "\ud800"],
  ];
  for (const [name, value] of rows) {
    await t.step(name, () => {
      expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: "NOT_JSON" }));
    });
  }
});
