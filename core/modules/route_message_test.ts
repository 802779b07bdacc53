import { expect } from "expect";
import { requestHeaders, toHttpResponse } from "./route_message.ts";
import { codeOf } from "./test_host.ts";

const FORCED = {
  "content-security-policy": "sandbox allow-scripts allow-forms",
  "x-content-type-options": "nosniff",
};
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("toHttpResponse() makes an answer of what a handler returned", async (t) => {
  const json = { "content-type": "application/json; charset=utf-8" };
  const cases: [name: string, value: unknown, status: number, headers: object, body: string][] = [
    ["data", { hello: "world" }, 200, json, '{"hello":"world"}'],
    ["text is data", "hi", 200, json, '"hi"'],
    ["null", null, 200, json, "null"],
    ["nothing", undefined, 204, {}, ""],
    ["bytes", new TextEncoder().encode("x"), 200, { "content-type": "application/octet-stream" }, "x"],
    ["data with a status", { status: "ok" }, 200, json, '{"status":"ok"}'],
    ["data with a number status", { status: 200, name: "a" }, 200, json, '{"status":200,"name":"a"}'],
    ["answer", { status: 201, body: { id: 1 } }, 201, json, '{"id":1}'],
    ["text answer", { status: 404, body: "no" }, 404, { "content-type": "text/plain; charset=utf-8" }, "no"],
    ["own type", { status: 200, headers: { "Content-Type": "text/css" }, body: "a{}" }, 200, {
      "content-type": "text/css",
    }, "a{}"],
    ["no body", { status: 302, headers: { location: "/x" } }, 302, { location: "/x" }, ""],
    ["bodiless status", { status: 304, body: "x" }, 304, {}, ""],
    ["status too low is data", { status: 100 }, 200, json, '{"status":100}'],
  ];
  for (const [name, value, status, headers, body] of cases) {
    await t.step(name, () => {
      const response = toHttpResponse(value);
      expect([response.status, response.headers, text(response.body)])
        .toEqual([status, { ...headers, ...FORCED }, body]);
    });
  }
});

Deno.test("toHttpResponse() leaves out what a module may not say", () => {
  const { headers } = toHttpResponse({
    status: 200,
    headers: {
      "set-cookie": "a=b",
      "access-control-allow-origin": "*",
      "content-security-policy": "default-src *",
      "x-content-type-options": "off",
      "x-frame-options": "allow",
      "connection": "close",
      "content-length": "5",
      "x-bad\r\nname": "a",
      "x-split": "a\r\nset-cookie: b",
      "x-number": 5,
      "x-object": {},
      "x-long": "y".repeat(5_000),
      "cache-control": "no-store",
    },
    body: "",
  });
  expect(headers).toEqual({ "cache-control": "no-store", "x-number": "5", ...FORCED });
});

Deno.test("toHttpResponse() keeps 32 headers and 4 MiB", async () => {
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`x-h${i}`, "1"]));
  expect(Object.keys(toHttpResponse({ status: 200, headers: many }).headers).length).toBe(34);
  const large = { status: 200, body: new Uint8Array(4 * 1_048_576 + 1) };
  expect(await codeOf(() => toHttpResponse(large))).toBe("RESULT_TOO_LARGE");
});

Deno.test("requestHeaders() hides credentials", () => {
  const headers = {
    Authorization: "Bearer x",
    Cookie: "a",
    "X-API-Key": "k",
    "proxy-authorization": "p",
    Accept: "*/*",
    "X-Forwarded-For": "1.2.3.4",
    "sec-fetch-site": "same-origin",
    "X-Hook": "1",
    "x-long": "y".repeat(5_000),
  };
  expect(requestHeaders(headers)).toEqual({ accept: "*/*", "x-hook": "1" });
});
