import { expect } from "expect";
import { isCommonsError } from "./base/mod.ts";
import { loadConfig } from "./config/mod.ts";
import { startBans } from "./start_bans.ts";
import { memoryStore } from "./store/mod.ts";
import { createMetrics, type Logger } from "./telemetry/mod.ts";

const logger: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger };
const PEER = "12D3KooWGRUfRnL3gDFTt5mVrBUiZGgRkcYXNSgFzB8yKGRPNMRJ";

function start(allow: string) {
  const { config } = loadConfig({ env: {}, set: [`bans.allow=[${allow}]`], read: () => "" });
  const ground = { store: memoryStore(), events: { publish: () => {} }, metrics: createMetrics() };
  return startBans({ config, logger }, ground);
}

Deno.test("startBans() names the key of what cannot be allowed", async (t) => {
  const good = await start(`"192.0.2.0/24", "[2001:db8::1]:9905", "${PEER}"`);
  await good.stop();
  for (const wrong of ["1.2.3.4/33", "1.2.3", ":::"]) {
    await t.step(wrong, async () => {
      const error = await start(JSON.stringify(wrong)).catch((thrown) => thrown);
      expect(isCommonsError(error, "INVALID_BAN_TARGET")).toBe(true);
      expect(String(error)).toContain(`bans.allow of the configuration: ${JSON.stringify(wrong)}`);
    });
  }
  await t.step("what does not even look like one is refused with the configuration", () => {
    expect(() => start('"nonsense"')).toThrow(/bans\.allow/);
  });
});
