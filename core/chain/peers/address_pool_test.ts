import { expect } from "expect";
import { FakeClock, seededRandom } from "../../base/mod.ts";
import { addressAllowance, addressGroup, AddressPool } from "./address_pool.ts";

function poolWithClock() {
  const clock = new FakeClock();
  return { clock, pool: new AddressPool({ clock, random: seededRandom(3) }) };
}

const any = () => true;

Deno.test("AddressPool takes addresses of public networks, each once, and not too many", () => {
  const { pool } = poolWithClock();
  const rows: readonly (readonly [string, number, boolean])[] = [
    ["8.8.8.8", 8333, true],
    ["8.8.8.8", 8333, false],
    ["8.8.8.8", 8334, true],
    ["2a01:4f8:0:0:0:0:0:1", 8333, true],
    ["10.1.2.3", 8333, false],
    ["127.0.0.1", 8333, false],
    ["192.168.1.1", 8333, false],
    ["100.64.0.1", 8333, false],
    ["169.254.1.1", 8333, false],
    ["0.0.0.0", 8333, false],
    ["224.0.0.1", 8333, false],
    ["::1", 8333, false],
    ["fe80::1", 8333, false],
    ["fd00::1", 8333, false],
    ["::ffff:10.0.0.1", 8333, false],
    ["0:0:0:0:0:0:a00:1", 8333, false], // 10.0.0.1 as it was once written
    ["64:ff9b:1::a00:1", 8333, false], // and by way of a local translator
    ["200:1234::1", 8333, false], // an overlay network's
    ["node.example", 8333, false],
    ["8.8.8.8", 0, false],
  ];
  for (const [host, port, taken] of rows) expect([host, pool.add({ host, port })]).toEqual([host, taken]);
  for (let i = 0; i < 3_000; i++) pool.add({ host: `9.${i >> 8}.${i & 255}.1`, port: 8333 });
  expect(pool.size).toBe(2_000);
});

Deno.test("AddressPool takes from one peer what it may tell", async () => {
  const { pool, clock } = poolWithClock();
  const allowance = addressAllowance(clock);
  const addresses = (second: number) =>
    Array.from({ length: 900 }, (_, i) => ({
      time: 0,
      services: i === 0 ? 8n : 9n,
      host: `9.${second}.${i >> 8}.${i & 255}`,
      port: 8333,
    }));
  pool.addTold(addresses(1), allowance);
  expect(pool.size).toBe(899); // one serves no blocks
  pool.addTold(addresses(2), allowance);
  expect(pool.size).toBe(899 + 99);
  await clock.advance(100_000);
  pool.addTold(addresses(3), allowance);
  expect(pool.size).toBe(899 + 99 + 9);
});

Deno.test("AddressPool forgets what does not answer, and refuses for a day what misbehaved", async () => {
  const { pool, clock } = poolWithClock();
  const [dead, bad] = [{ host: "8.1.1.1", port: 1 }, { host: "8.2.1.1", port: 1 }];
  expect([pool.add(dead), pool.add(bad)]).toEqual([true, true]);
  pool.tried(dead, "failed");
  pool.tried(dead, "worked");
  for (let i = 0; i < 3; i++) pool.tried(dead, "failed");
  pool.tried(bad, "misbehaved");
  expect([pool.size, pool.pick(any)]).toEqual([0, undefined]);
  expect([pool.add(dead), pool.add(bad)]).toEqual([true, false]);
  await clock.advance(24 * 3_600_000);
  expect(pool.add(bad)).toBe(true);
  expect(pool.pick(({ host }) => host === "8.2.1.1")).toEqual(bad);
});

Deno.test("addressGroup() puts neighbours together", () => {
  expect(addressGroup("8.1.2.3")).toBe(addressGroup("8.1.9.9"));
  expect(addressGroup("8.1.2.3")).not.toBe(addressGroup("8.2.2.3"));
  expect(addressGroup("2a01:4f8::1")).toBe(addressGroup("2a01:4f8:1::1"));
  expect(addressGroup("2a01:4f8::1")).not.toBe(addressGroup("2a01:4f9::1"));
  expect(addressGroup("node.example")).toBe("node.example");
});
