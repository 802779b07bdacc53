import { expect } from "expect";
import { concatBytes, equalBytes, fromHex, reversed, toHex } from "./bytes.ts";

Deno.test("fromHex() and toHex() are inverse", () => {
  expect(fromHex("00ff10")).toEqual(Uint8Array.of(0, 255, 16));
  expect(toHex(fromHex("00ff10"))).toBe("00ff10");
  expect(toHex(fromHex("00FF"))).toBe("00ff");
  expect(fromHex("")).toEqual(new Uint8Array());
});

Deno.test("fromHex() refuses other texts and names the field", async (t) => {
  const rows: [string, string, { length?: number; title?: string }, string][] = [
    ["odd length", "abc", {}, "Cannot read hex: not a hex text of even length"],
    ["other characters", "zz", { title: "hash" }, "Cannot read hash: not a hex text of even length"],
    ["spaces", "00 1", {}, "Cannot read hex: not a hex text of even length"],
    ["prefix", "0x11", {}, "Cannot read hex: not a hex text of even length"],
    ["wrong length", "00", { length: 2, title: "key" }, "Cannot read key: need 4 hex digits, have 2"],
  ];
  for (const [name, text, options, message] of rows) {
    await t.step(name, () => {
      expect(() => fromHex(text, options)).toThrow(
        expect.objectContaining({ code: "INVALID_HEX", message }),
      );
    });
  }
});

Deno.test("reversed() copies", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(reversed(bytes)).toEqual(Uint8Array.of(3, 2, 1));
  expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
});

Deno.test("concatBytes() joins in order", () => {
  expect(concatBytes([])).toEqual(new Uint8Array());
  expect(concatBytes([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)])).toEqual(
    Uint8Array.of(1, 2, 3),
  );
});

Deno.test("equalBytes() compares length and content", () => {
  expect(equalBytes(new Uint8Array(), new Uint8Array())).toBe(true);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(false);
});
