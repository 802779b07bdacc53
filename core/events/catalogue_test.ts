import { expect } from "expect";
import {
  EVENT_TYPES,
  type EventPayloads,
  eventSpec,
  isEventType,
  MAX_PAYLOAD_CHARACTERS,
  payloadFault,
} from "./catalogue.ts";

const HASH = "0123456789abcdef".repeat(4);

Deno.test("EVENT_TYPES holds the 117 inherited types and our two", () => {
  expect(EVENT_TYPES.length).toBe(119);
  expect(new Set(EVENT_TYPES).size).toBe(119);
  for (const type of ["ChainTipUpdated", "BlockAnnounced", "DoSAttackDetected", "IBDBlockFiltered"]) {
    expect(isEventType(type)).toBe(true);
  }
  for (const type of ["EconomicNodeVeto", "toString", "__proto__", "", 1, undefined]) {
    expect(isEventType(type)).toBe(false);
  }
});

Deno.test("the catalogue lets modules publish what modules publish", () => {
  const byModules = EVENT_TYPES.filter((type) => eventSpec(type).origin === "module");
  expect(byModules.length).toBe(24);
  expect(byModules).toContain("PaymentVerified");
  expect(byModules).not.toContain("NewBlock");
  expect(byModules).not.toContain("NodeShutdown");
});

Deno.test("EventPayloads has the types of the kinds", () => {
  const optional: EventPayloads["BlockMined"] = { block_hash: HASH, height: 1 };
  const full: EventPayloads["BlockMined"] = { block_hash: HASH, height: 1, miner_id: "m" };
  const list: EventPayloads["RouteDiscovered"] = { destination: "00", route_path: ["a"], route_cost: 1 };
  const flag: EventPayloads["HealthCheck"] = { check_type: "manual", node_healthy: true };
  // @ts-expect-error -- height is a number
  const wrong: EventPayloads["NewBlock"] = { block_hash: HASH, height: "1" };
  // @ts-expect-error -- height is missing
  const missing: EventPayloads["NewBlock"] = { block_hash: HASH };
  expect([optional, full, list, flag, wrong, missing].length).toBe(6);
});

Deno.test("payloadFault() takes right payloads", () => {
  expect(payloadFault("NewBlock", { block_hash: HASH, height: 0 })).toBeUndefined();
  expect(payloadFault("BlockMined", { block_hash: HASH, height: 1 })).toBeUndefined();
  expect(payloadFault("BlockMined", { block_hash: HASH, height: 1, miner_id: undefined })).toBeUndefined();
  expect(payloadFault("RouteDiscovered", { destination: "", route_path: [], route_cost: 2 ** 53 - 1 }))
    .toBeUndefined();
  const rates = { peer_addr: "p", limit_type: "bytes", current_rate: -0.5, limit: 1e300 };
  expect(payloadFault("RateLimitExceeded", rates)).toBeUndefined();
});

Deno.test("payloadFault() names what is wrong", async (t) => {
  const route = { destination: "00ff", route_path: ["a"], route_cost: 1 };
  const rows: [string, () => string | undefined, string][] = [
    ["not an object", () => payloadFault("NewBlock", null), "payload must be an object"],
    ["a list", () => payloadFault("NewBlock", []), "payload must be an object"],
    [
      "unknown field",
      () => payloadFault("NewBlock", { block_hash: HASH, height: 1, x: 1 }),
      'unknown field "x"',
    ],
    ["missing", () => payloadFault("NewBlock", { block_hash: HASH }), "height is missing"],
    [
      "inherited field",
      () => payloadFault("NewBlock", Object.create({ block_hash: HASH, height: 1 })),
      "block_hash is missing",
    ],
    [
      "upper-case hash",
      () => payloadFault("NewBlock", { block_hash: HASH.toUpperCase(), height: 1 }),
      "block_hash must be 64 lower-case hex digits",
    ],
    [
      "fraction",
      () => payloadFault("NewBlock", { block_hash: HASH, height: 1.5 }),
      "height must be a whole number from 0 to 2^53 - 1",
    ],
    [
      "negative",
      () => payloadFault("NewBlock", { block_hash: HASH, height: -1 }),
      "height must be a whole number from 0 to 2^53 - 1",
    ],
    [
      "u8",
      () => payloadFault("DandelionFluffed", { tx_hash: HASH, stem_hops: 256 }),
      "stem_hops must be a whole number from 0 to 255",
    ],
    ["null", () => payloadFault("PeerUnbanned", { peer_addr: null }), "peer_addr must be text"],
    [
      "long text",
      () => payloadFault("PeerUnbanned", { peer_addr: "x".repeat(4097) }),
      "peer_addr must be at most 4096 characters",
    ],
    [
      "odd hex",
      () => payloadFault("RouteDiscovered", { ...route, destination: "abc" }),
      "destination must be lower-case hex of even length",
    ],
    [
      "list of numbers",
      () => payloadFault("RouteDiscovered", { ...route, route_path: ["a", 1] }),
      "route_path entry 1 must be text",
    ],
    [
      "long list",
      () => payloadFault("RouteDiscovered", { ...route, route_path: new Array(1001).fill("a") }),
      "route_path must have at most 1000 entries",
    ],
    [
      "too much in all",
      () => payloadFault("RouteDiscovered", { ...route, route_path: new Array(20).fill("a".repeat(4000)) }),
      `payload must be at most ${MAX_PAYLOAD_CHARACTERS} characters in all`,
    ],
    [
      "NaN",
      () =>
        payloadFault("HeadersSyncProgress", { current_height: 1, target_height: 2, progress_percent: NaN }),
      "progress_percent must be a finite number",
    ],
    [
      "bool",
      () => payloadFault("HealthCheck", { check_type: "manual", node_healthy: 1 }),
      "node_healthy must be true or false",
    ],
  ];
  for (const [name, fault, words] of rows) {
    await t.step(name, () => {
      expect(fault()).toBe(words);
    });
  }
});
