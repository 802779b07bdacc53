import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { createSocketHub } from "./socket_hub.ts";
import { createMetrics } from "../telemetry/mod.ts";

Deno.test("drop() ends a socket whose handshake is still under way", async () => {
  const p2p = {
    ownStatus: () => ({ type: "node_status" as const, timestamp: "" }),
    onNotification: () => ({ [Symbol.dispose]: () => {} }),
  };
  const components = { p2p, clock: new FakeClock(), metrics: createMetrics() };
  const hub = createSocketHub(components, { maxClients: 4, maxBytes: 1_000 });
  const caller = {
    source: "192.0.2.1",
    remote: "192.0.2.1",
    loopback: false,
    authorised: true,
    origin: null,
  };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const response = hub.open(request, { caller });
    hub.drop((remote) => remote === "192.0.2.1");
    return response;
  });
  const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}/`);
  const told: unknown[] = [];
  socket.addEventListener("message", ({ data }) => told.push(data));
  const code = await new Promise<number>((resolve) => {
    socket.addEventListener("close", (event) => resolve(event.code));
    socket.addEventListener("message", () => socket.close(3000));
  });
  expect([code, told, components.clock.pending]).toEqual([1008, [], 0]);
  expect(await components.metrics.text()).toContain('commons_http_ws_evicted_total{reason="banned"} 1');
});

Deno.test("close() ends a socket whose handshake is still under way", async () => {
  const metrics = createMetrics();
  const clock = new FakeClock();
  let listening = 0;
  const p2p = {
    ownStatus: () => ({ type: "node_status" as const, timestamp: "" }),
    onNotification: () => {
      listening++;
      return { [Symbol.dispose]: () => void listening-- };
    },
  };
  const hub = createSocketHub({ p2p, clock, metrics }, { maxClients: 4, maxBytes: 1_000 });
  const caller = { source: "127.0.0.1", remote: "", loopback: true, authorised: false, origin: null };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const response = hub.open(request, { caller });
    hub.close();
    return response;
  });
  const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}/`);
  const code = await new Promise<number>((resolve) => {
    socket.addEventListener("close", (event) => resolve(event.code));
    socket.addEventListener("message", () => socket.close(3000));
  });
  expect(code).toBe(1001);
  expect([listening, clock.pending]).toEqual([0, 0]);
});
