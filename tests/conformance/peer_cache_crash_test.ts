import { expect } from "expect";
import { readCache } from "../../core/p2p/peer_cache.ts";
import { spawnDeno } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

const WRITER = new URL("./programs/cache_writer.ts", import.meta.url);
const CRASHES = 50;

Deno.test("the peer cache is whole after each of 50 kills while it is written", async () => {
  await using dir = await tempDir();
  const path = dir.file("peers.json");
  for (let round = 0; round < CRASHES; round++) {
    await using writer = spawnDeno(WRITER, { flags: ["-A", "--no-check"], args: [path, String(round)] });
    await writer.stdout.waitForCount(2 + round % 3, { ms: 30_000 });
    writer.kill("SIGKILL");
    await writer.exited;
    expect(writer.stdout.lines.filter((line) => line.startsWith("warned"))).toEqual([]);
    expect(writer.stdout.lines[0]).toMatch(round === 0 ? /^loaded 0$/ : /^loaded [1-9]/);
    const peers = readCache(await Deno.readTextFile(path), Date.now());
    expect(peers[0]?.connections).toBe(round + 1);
  }
  const names = (await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name).sort();
  expect(names.filter((name) => name !== "peers.json.tmp")).toEqual(["peers.json"]);
});
