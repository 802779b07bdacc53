import { expect } from "expect";
import { codeOf } from "../../../tests/support/full_node_rig.ts";
import { Slots } from "./slots.ts";

const never = new AbortController().signal;

Deno.test("Slots take() lets so many work, lets so many wait in order, and refuses the rest", async () => {
  const slots = new Slots({ slots: 1, maxWaiting: 2 });
  const first = await slots.take(never);
  const order: string[] = [];
  const second = slots.take(never).then((slot) => (order.push("second"), slot));
  const third = slots.take(never).then((slot) => (order.push("third"), slot));
  expect(slots.waiting).toBe(2);
  expect(await codeOf(slots.take(never))).toBe("UNAVAILABLE");
  first[Symbol.dispose]();
  first[Symbol.dispose](); // twice gives back once
  const held = await second;
  expect(order).toEqual(["second"]);
  held[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  (await slots.take(never))[Symbol.dispose]();
});

Deno.test("Slots take() ends with the signal, and leaves its place", async () => {
  const slots = new Slots({ slots: 1, maxWaiting: 1 });
  const first = await slots.take(never);
  const stop = new AbortController();
  const waiting = slots.take(stop.signal);
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  expect(slots.waiting).toBe(0);
  first[Symbol.dispose]();
  await expect(slots.take(stop.signal)).rejects.toThrow("enough");
  (await slots.take(never))[Symbol.dispose]();
});
