import { expect } from "expect";
import { CommonsError } from "../base/mod.ts";
import { createHealth } from "./health.ts";

Deno.test("ready() is true when every check is fine", () => {
  const health = createHealth();
  expect(health.ready()).toEqual({ ready: true, checks: {} });
  health.register({ name: "store", check: () => true });
  expect(health.ready()).toEqual({ ready: true, checks: { store: { ok: true } } });
});

Deno.test("ready() shows what is not fine, and never throws", () => {
  const health = createHealth();
  health.register({ name: "a", check: () => false });
  health.register({ name: "b", check: () => "no peers" });
  health.register({
    name: "c",
    check: () => {
      throw new CommonsError("STORE_CLOSED", "Cannot read: closed");
    },
  });
  health.register({ name: "d", check: () => "x".repeat(9_999) });
  const { ready, checks } = health.ready();
  expect(ready).toBe(false);
  expect(checks["a"]).toEqual({ ok: false });
  expect(checks["b"]).toEqual({ ok: false, detail: "no peers" });
  expect(checks["c"]).toEqual({ ok: false, detail: "STORE_CLOSED: Cannot read: closed" });
  expect(checks["d"]?.detail?.length).toBe(500);
});

Deno.test("register() replaces by name, and disposing removes only its own check", () => {
  const health = createHealth();
  const first = health.register({ name: "p2p", check: () => false });
  const second = health.register({ name: "p2p", check: () => true });
  first[Symbol.dispose]();
  expect(health.ready().checks).toEqual({ p2p: { ok: true } });
  second[Symbol.dispose]();
  expect(health.ready().checks).toEqual({});
});
