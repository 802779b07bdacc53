import type { Bench } from "./bench.ts";
import { startEcho } from "./echo.ts";
import { moduleRig } from "./module_rig.ts";

/**
 * The calling module. `modules.available` is the trivial call: a capability to check, a parameter with a schema, a
 * look-up in a map, and on the way quota and audit like every other.
 */
const CALLER = `
export default {
  start(node) {
    node.api.expose("one_at_a_time", async (count) => {
      const start = performance.now();
      for (let i = 0; i < count; i++) await node.modules.available("probe");
      return (performance.now() - start) * 1000 / count;
    });
    node.api.expose("pipelined", async ({ count, inFlight }) => {
      let left = count;
      const start = performance.now();
      await Promise.all(Array.from({ length: inFlight }, async () => {
        while (left-- > 0) await node.modules.available("probe");
      }));
      return count / (performance.now() - start) * 1000;
    });
  },
};`;

const ROUND_TRIPS = 5_000;
const PIPELINED = 200_000;
const IN_FLIGHT = 1_000;

/** One trivial call from a cell through the whole host, against an echo of a bare Worker. */
export const rpcRtt: Bench = {
  name: "rpc_rtt",
  unit: "µs",
  better: "lower",
  aim: 0.7,
  async setup() {
    const rig = await moduleRig({ probe: CALLER });
    const echo = startEcho();
    const value = async () =>
      Number(await rig.host.call("probe", "one_at_a_time", ROUND_TRIPS, { caller: "bench" }));
    await Promise.all([value(), echo.roundTrip(ROUND_TRIPS)]); // warm code on both sides
    return {
      value,
      baseline: () => echo.roundTrip(ROUND_TRIPS),
      async [Symbol.asyncDispose]() {
        echo[Symbol.dispose]();
        await rig[Symbol.asyncDispose]();
      },
    };
  },
};

/** The same calls with 1,000 in flight. */
export const rpcPipelined: Bench = {
  name: "rpc_pipelined",
  unit: "calls/s",
  better: "higher",
  aim: 2,
  async setup() {
    const rig = await moduleRig({ probe: CALLER });
    const echo = startEcho();
    const value = async () => {
      const params = { count: PIPELINED, inFlight: IN_FLIGHT };
      return Number(await rig.host.call("probe", "pipelined", params, { caller: "bench" }));
    };
    const baseline = () => echo.pipelined(PIPELINED, IN_FLIGHT);
    await value();
    await baseline();
    return {
      value,
      baseline,
      async [Symbol.asyncDispose]() {
        echo[Symbol.dispose]();
        await rig[Symbol.asyncDispose]();
      },
    };
  },
};
