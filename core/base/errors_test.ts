import { expect } from "expect";
import { CommonsError, errorText, isCommonsError } from "./errors.ts";

Deno.test("CommonsError carries code, message, cause and detail", () => {
  const cause = new Error("below");
  const error = new CommonsError("SOME_CODE", "Cannot do it: it is late", { cause, detail: { at: 1 } });
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe("CommonsError");
  expect(error.code).toBe("SOME_CODE");
  expect(error.cause).toBe(cause);
  expect(error.detail).toEqual({ at: 1 });
  expect("cause" in new CommonsError("SOME_CODE", "x")).toBe(false);
});

Deno.test("isCommonsError() compares the code when one is given", () => {
  const error: unknown = new CommonsError("SOME_CODE", "x");
  expect(isCommonsError(error)).toBe(true);
  expect(isCommonsError(error, "SOME_CODE")).toBe(true);
  expect(isCommonsError(error, "OTHER")).toBe(false);
  expect(isCommonsError(new Error("x"))).toBe(false);
  expect(isCommonsError(undefined)).toBe(false);
});

Deno.test("errorText() never throws", async (t) => {
  const hostileMessage = Object.defineProperty(new Error(), "message", {
    get() {
      throw new Error("from a getter");
    },
  });
  const hostileProxy = new Proxy({}, {
    getPrototypeOf() {
      throw new Error("from a trap");
    },
  });
  const hidden = "an error that cannot be shown as text";
  const rows: [string, unknown, string][] = [
    ["an error", new Error("late"), "late"],
    ["text", "late", "late"],
    ["undefined", undefined, "undefined"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a throwing toString", { toString: () => ({}) }, hidden],
    ["no prototype", Object.create(null), hidden],
    ["a throwing message getter", hostileMessage, hidden],
    ["a throwing proxy", hostileProxy, hidden],
  ];
  for (const [name, thrown, text] of rows) {
    await t.step(name, () => {
      expect(errorText(thrown)).toBe(text);
    });
  }
});
