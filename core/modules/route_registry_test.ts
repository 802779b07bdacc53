import { expect } from "expect";
import { RouteRegistry } from "./route_registry.ts";
import { codeOf } from "./test_host.ts";

Deno.test("RouteRegistry finds the route", async (t) => {
  const routes = new RouteRegistry();
  const patterns = [
    ["GET", "/"],
    ["GET", "/greet"],
    ["GET", "/users/:id"],
    ["GET", "/users/me"],
    ["POST", "/users/:id/notes/:note"],
    ["HEAD", "/only-head"],
  ] as const;
  patterns.forEach(([method, pattern], index) => expect(routes.register("m", method, pattern)).toBe(index));
  const cases: [method: string, path: string, found: unknown][] = [
    ["GET", "/", { kind: "route", route: 0, params: {} }],
    ["GET", "", { kind: "route", route: 0, params: {} }],
    ["get", "/greet", { kind: "route", route: 1, params: {} }],
    ["GET", "/greet/", { kind: "route", route: 1, params: {} }],
    ["HEAD", "/greet", { kind: "route", route: 1, params: {} }],
    ["GET", "/users/7", { kind: "route", route: 2, params: { id: "7" } }],
    ["GET", "/users/me", { kind: "route", route: 3, params: {} }],
    ["GET", "/users/a%2Fb", { kind: "route", route: 2, params: { id: "a/b" } }],
    ["POST", "/users/7/notes/x", { kind: "route", route: 4, params: { id: "7", note: "x" } }],
    ["GET", "/users/", { kind: "none" }],
    ["GET", "/users//notes", { kind: "none" }],
    ["GET", "/GREET", { kind: "none" }],
    ["GET", "/users/%zz", { kind: "none" }],
    ["GET", "/users/7/notes/x", { kind: "method", allowed: ["POST"] }],
    ["DELETE", "/users/me", { kind: "method", allowed: ["GET"] }],
  ];
  for (const [method, path, found] of cases) {
    await t.step(`${method} ${path}`, () => expect(routes.match("m", method, path)).toEqual(found));
  }
  expect(routes.match("other", "GET", "/greet")).toEqual({ kind: "none" });
  routes.remove("m");
  expect(routes.match("m", "GET", "/greet")).toEqual({ kind: "none" });
});

Deno.test("RouteRegistry refuses bad patterns", async (t) => {
  const cases: [method: string, pattern: string][] = [
    ["TRACE", "/a"],
    ["GET", "a"],
    ["GET", "/a//b"],
    ["GET", "/../b"],
    ["GET", "/."],
    ["GET", "/:"],
    ["GET", "/:1"],
    ["GET", "/a b"],
    ["GET", "/a%2f"],
    ["GET", "/*"],
    ["GET", "/:id/:id"],
    ["GET", "/taken/:other"],
    ["GET", "/" + "a/".repeat(16) + "b"],
    ["GET", "/" + "a".repeat(256)],
  ].map(([method = "", pattern = ""]) => [method, pattern]);
  for (const [method, pattern] of cases) {
    await t.step(`${method} ${pattern.slice(0, 30)}`, async () => {
      const routes = new RouteRegistry();
      routes.register("m", "GET", "/taken/:id");
      expect(await codeOf(() => routes.register("m", method, pattern))).toBe("INVALID_PARAMS");
    });
  }
});

Deno.test("RouteRegistry holds 64 routes a module", async () => {
  const routes = new RouteRegistry();
  for (let i = 0; i < 64; i++) routes.register("m", "GET", `/r${i}`);
  expect(await codeOf(() => routes.register("m", "GET", "/more"))).toBe("QUOTA_EXCEEDED");
  expect(routes.register("other", "GET", "/more")).toBe(0);
});
