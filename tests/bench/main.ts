/** `deno task bench [name …] [--json] [--rounds N]`: see contract section 6. */
import { BENCHES } from "./registry.ts";
import { runBenches } from "./runner.ts";

if (import.meta.main) {
  Deno.exit(await runBenches(Deno.args, BENCHES, { out: console.log, err: console.error }));
}
