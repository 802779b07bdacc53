import { expect } from "expect";
import { displayDoubleSha256 } from "../../core/base/mod.ts";
import { chainParams } from "../../core/chain/mod.ts";
import { mineHeaders, tipOf } from "../support/mining.ts";
import { spawnDeno } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

const SYNCER = new URL("./programs/chain_syncer.ts", import.meta.url);
const CRASHES = 50;
const HEADERS = 60_000;

/** Height and hash of a line. */
function placeOf(line: string): [height: number, hash: string] {
  const [height = "", hash = ""] = line.replace("open ", "").split(" ");
  return [Number(height), hash];
}

Deno.test("a header chain survives kill -9 during sync with every acknowledged header", async () => {
  await using dir = await tempDir();
  const [kv, file] = [dir.file("node.kv"), dir.file("headers.bin")];
  const genesis = Uint8Array.fromHex(chainParams("regtest").genesis);
  const { headers } = mineHeaders(tipOf(genesis), HEADERS);
  await Deno.writeFile(file, headers);
  const hashAt = (height: number) =>
    displayDoubleSha256(height === 0 ? genesis : headers.subarray((height - 1) * 80, height * 80));
  let acknowledged = 0;
  for (let round = 0; round < CRASHES; round++) {
    await using syncer = spawnDeno(SYNCER, { args: [kv, file] });
    await syncer.stdout.waitForCount(1 + round % 7, { ms: 30_000 });
    syncer.kill("SIGKILL");
    await syncer.exited;
    const lines = syncer.stdout.lines.filter((line) => line !== "all");
    const [openedAt] = placeOf(lines[0] ?? "");
    expect(openedAt).toBeGreaterThanOrEqual(acknowledged); // no acknowledged header lost
    for (const [height, hash] of lines.map(placeOf)) {
      expect(hash).toBe(hashAt(height)); // and no other chain
      acknowledged = height;
    }
  }
  expect(acknowledged).toBeGreaterThan(CRASHES);
});
