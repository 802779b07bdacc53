/**
 * Opens a header chain, says `open <height> <hash>`, and takes headers from a file behind its tip in batches of many
 * sizes; after each `<height> <hash>` of the tip, which is acknowledged then. Arguments: KV file, file of headers.
 */
import { systemClock, systemRandom } from "../../../core/base/mod.ts";
import { openHeaderChain } from "../../../core/chain/mod.ts";
import { createEventBus } from "../../../core/events/mod.ts";
import { openKvStore } from "../../../core/store/mod.ts";

function silence() {}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n")); // in the pipe before anything else happens
}

const [path = "", file = ""] = Deno.args;
const headers = await Deno.readFile(file);
const logger = { debug: silence, info: silence, warn: silence, error: silence, child: () => logger };
const chain = await openHeaderChain({
  store: await openKvStore({ path }),
  events: createEventBus({ clock: systemClock, logger }),
  clock: systemClock,
  random: systemRandom,
  logger,
}, { network: "regtest" });
say(`open ${chain.tip().height} ${chain.tip().hash}`);
for (let at = chain.tip().height * 80; at < headers.length;) {
  const size = 80 * (1 + Math.floor(Math.random() ** 4 * 900));
  const { tip } = await chain.accept(headers.subarray(at, at + size), { lowWork: "store" });
  at += size;
  say(`${tip.height} ${tip.hash}`);
}
say("all");
setInterval(silence, 60_000);
