import { expect } from "expect";
import { BoundedQueue } from "./bounded_queue.ts";

function drain<T>(queue: BoundedQueue<T>): T[] {
  const items: T[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

Deno.test("BoundedQueue drops the newest when full, and counts", () => {
  const queue = new BoundedQueue<number>(2);
  expect([1, 2, 3, 4].map((item) => queue.push(item))).toEqual([true, true, false, false]);
  expect(queue.dropped).toBe(2);
  expect(queue.length).toBe(2);
  expect(drain(queue)).toEqual([1, 2]);
});

Deno.test("BoundedQueue drops the oldest when told to", () => {
  const queue = new BoundedQueue<number>(2, "drop_oldest");
  expect([1, 2, 3, 4].map((item) => queue.push(item))).toEqual([true, true, false, false]);
  expect(queue.dropped).toBe(2);
  expect(drain(queue)).toEqual([3, 4]);
});

Deno.test("BoundedQueue keeps order and bounds its memory over many rounds", () => {
  const queue = new BoundedQueue<number>(4000);
  let next = 0;
  let expected = 0;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 1500; i++) queue.push(next++);
    for (let i = 0; i < 1400; i++) expect(queue.shift() === expected++).toBe(true);
  }
  expect(queue.length).toBe(2000);
  expect(queue.dropped).toBe(0);
  queue.clear();
  expect(queue.length).toBe(0);
  expect(queue.shift()).toBeUndefined();
  expect(queue.push(1)).toBe(true);
  expect(drain(queue)).toEqual([1]);
});

Deno.test("BoundedQueue refuses a capacity that is not a positive integer", () => {
  for (const capacity of [0, -1, 1.5, NaN, Infinity]) {
    expect(() => new BoundedQueue(capacity)).toThrow(RangeError);
  }
});
