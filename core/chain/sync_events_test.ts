import { expect } from "expect";
import { FakeClock, seededRandom } from "../base/mod.ts";
import { createEventBus } from "../events/mod.ts";
import { memoryStore } from "../store/mod.ts";
import { mineOne, tipOf } from "../../tests/support/mining.ts";
import { genesisOf, silentLogger } from "./_fixture.ts";
import { openHeaderChain } from "./header_chain.ts";
import { publishSyncState } from "./sync_events.ts";

const ROOT = tipOf(genesisOf("regtest"));
const DAY = 86_400;

Deno.test("publishSyncState() tells of each phase once, with the tip or by time", async () => {
  const clock = new FakeClock((ROOT.time + 10 * DAY) * 1000);
  const events = createEventBus({ clock, logger: silentLogger });
  const told: unknown[] = [];
  events.listen({ name: "test", types: ["SyncStateChanged"] }, ({ payload }) => told.push(payload));
  const store = memoryStore();
  const chain = await openHeaderChain(
    { store, events, clock, random: seededRandom(7), logger: silentLogger },
    { network: "regtest" },
  );
  const put = async (days: number) => {
    const { headers } = mineOne(tipOf(chain.headerAt(chain.tip().height)?.raw ?? new Uint8Array()), {
      time: ROOT.time + days * DAY,
    });
    await chain.accept(headers, { lowWork: "store" });
  };
  const watch = publishSyncState({ chain, events, clock });
  await put(5);
  await put(6);
  expect(told).toEqual([{ old_state: "initial", new_state: "headers" }]);
  await put(9); // a day old: just so
  expect(told.slice(1)).toEqual([{ old_state: "headers", new_state: "synced" }]);
  await clock.advance(59_999);
  expect(told.length).toBe(2);
  await clock.advance(1);
  expect(told.slice(2)).toEqual([{ old_state: "synced", new_state: "headers" }]);
  watch[Symbol.dispose]();
  await put(11);
  expect(told.length).toBe(3);
  await chain.close();
  await store.close();
});
