import { expect } from "expect";
import * as sdk from "../sdk/mod.ts";
import { SDK_TEXT } from "./sdk_text.ts";

Deno.test("SDK_TEXT exports what the SDK exports, behaving alike", async () => {
  const text: typeof sdk = await import(`data:text/javascript,${encodeURIComponent(SDK_TEXT)}`);
  expect(Object.keys(text).sort()).toEqual(Object.keys(sdk).sort());
  const definition = { start() {} };
  expect(text.defineModule(definition)).toBe(definition);
  const error = new text.NodeApiError("NOT_FOUND", "no");
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.code, error.message]).toEqual(["NodeApiError", "NOT_FOUND", "no"]);
  // Two copies recognise each other's errors, and nothing else.
  expect(error instanceof sdk.NodeApiError).toBe(true);
  expect(new sdk.NodeApiError("X", "") instanceof text.NodeApiError).toBe(true);
  expect(new Error("x") instanceof text.NodeApiError).toBe(false);
});
