import type { PeerRouting } from "@libp2p/interface";
import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { pacedRouting } from "./discovery_walk.ts";

Deno.test("pacedRouting() lets walks go on every ten seconds, and stops when told", async () => {
  const clock = new FakeClock();
  const walks: number[] = [];
  const begin = clock.monotonic();
  const routing: PeerRouting = {
    findPeer: () => Promise.reject(new Error("not asked")),
    async *getClosestPeers() {
      walks.push(clock.monotonic() - begin);
      await Promise.resolve();
      yield* [];
    },
  };
  const paced = pacedRouting(routing, clock);
  const abort = new AbortController();
  const walker = (async () => {
    while (true) await Array.fromAsync(paced.getClosestPeers(new Uint8Array(32), { signal: abort.signal }));
  })();
  const ended = expect(walker).rejects.toThrow("enough");
  await clock.advance(0);
  await clock.advance(35_000);
  expect(walks).toEqual([0, 10_000, 20_000, 30_000]);
  abort.abort(new Error("enough"));
  await ended;
  expect(clock.pending).toBe(0);
});
