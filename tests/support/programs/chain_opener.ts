/** Opens the header chain of a KV file in regtest's rules and prints `<milliseconds> <height> <hash>`. Argument: the file. */
import { systemClock, systemRandom } from "../../../core/base/mod.ts";
import { openHeaderChain } from "../../../core/chain/mod.ts";
import { createEventBus } from "../../../core/events/mod.ts";
import { openKvStore } from "../../../core/store/mod.ts";
import { silentLogger } from "../../../core/chain/_fixture.ts";

const logger = silentLogger;
const start = performance.now();
const store = await openKvStore({ path: Deno.args[0] ?? "" });
const events = createEventBus({ clock: systemClock, logger });
const chain = await openHeaderChain({ store, events, clock: systemClock, random: systemRandom, logger }, {
  network: "regtest",
});
const ms = performance.now() - start;
console.log(`${ms} ${chain.tip().height} ${chain.tip().hash}`);
await chain.close();
await store.close();
