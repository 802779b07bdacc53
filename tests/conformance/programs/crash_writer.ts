/**
 * Writes numbered entries through the store for ever and says on stdout which of them were acknowledged.
 * Arguments: path of the KV file, first number.
 */
import { openKvStore } from "../../../core/store/mod.ts";

const [path = "", first = "0"] = Deno.args;
const store = await openKvStore({ path });
let next = Number(first);

async function writer(): Promise<void> {
  for (;;) {
    const number = next++;
    await store.commit([
      { type: "set", key: ["node", "entry", number], value: { number, padding: "x".repeat(number % 500) } },
      { type: "set", key: ["node", "twin", number], value: number },
    ]);
    Deno.stdout.writeSync(new TextEncoder().encode(`${number}\n`)); // in the pipe before anything else happens
  }
}

await Promise.all(Array.from({ length: 32 }, writer));
