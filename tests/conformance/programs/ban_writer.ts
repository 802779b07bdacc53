/**
 * Bans numbered addresses for ever, lifting every fifth ban again, and says on stdout what was acknowledged: `+<address>`
 * or `-<address>`. Arguments: path of the KV file, first number.
 */
import { createBanService } from "../../../core/bans/mod.ts";
import { systemClock } from "../../../core/base/mod.ts";
import { openKvStore } from "../../../core/store/mod.ts";
import { createLogger, createMetrics } from "../../../core/telemetry/mod.ts";

const [path = "", first = "0"] = Deno.args;
const bans = createBanService({
  store: await openKvStore({ path }),
  clock: systemClock,
  events: { publish: () => {} },
  logger: createLogger({ level: "error", format: "json", write: console.error, clock: systemClock }),
  metrics: createMetrics(),
}, { defaultDurationMs: 86_400_000, maxEntries: 1_000_000, threshold: 100 });
await bans.start();
let next = Number(first);

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`)); // in the pipe before anything else happens
}

async function writer(): Promise<void> {
  for (;;) {
    const number = next++;
    const address = `10.${number >> 16 & 255}.${number >> 8 & 255}.${number & 255}`;
    await bans.ban(address, { reason: `number ${number}` });
    if (number % 5 !== 0) {
      say(`+${address}`);
      continue;
    }
    await bans.unban(address);
    say(`-${address}`);
  }
}

await Promise.all(Array.from({ length: 16 }, writer));
