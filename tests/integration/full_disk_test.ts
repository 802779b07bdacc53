import { expect } from "expect";
import { helloModule, plantModule } from "../support/modules.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";
import { smallDisk } from "../support/small_disk.ts";

const canMount = await smallDisk(64).then(async (disk) => {
  await disk?.[Symbol.asyncDispose]();
  return disk !== undefined;
});
const unlessMountable = canMount ? "" : " (skipped: needs Linux and root for a RAM disk)";

/** Stores 40 KB under a key when it is asked to, and tells what is stored. */
const STORES = {
  capabilities: ["read_storage", "write_storage"],
  source: `export default { start(node) {
    const args = [{ name: "key", required: true }];
    node.cli.command({ name: "put", args }, async ({ key }) => {
      try {
        await node.storage.set([key], crypto.getRandomValues(new Uint8Array(40_000)));
        return "stored";
      } catch (error) {
        return { stdout: error.code, stderr: error.message, exit_code: 1 };
      }
    });
    node.cli.command({ name: "size", args }, async ({ key }) => String((await node.storage.get([key]))?.length));
  } };`,
};

async function run(node: TestNode, ...params: string[]) {
  const { body } = await node.api("/rpc", {
    body: { jsonrpc: "2.0", id: 1, method: "runmodulecli", params: ["stores", ...params] },
  });
  return (body as { result: { stdout: string; stderr: string; exit_code: number } }).result;
}

Deno.test({
  name: `a node whose disk is full goes on, says so, and recovers${unlessMountable}`,
  ignore: !canMount,
  async fn(t) {
    await using disk = await smallDisk(8 * 1024);
    if (!disk) throw new Error("Cannot mount a RAM disk any more");
    const dataDir = disk.file("data");
    const modules = { hello: await helloModule(), stores: STORES };
    {
      await using node = await startTestNode({ dataDir, modules });
      expect(await run(node, "put", "before")).toMatchObject({ stdout: "stored", exit_code: 0 });
      await t.step("while it is full", async () => {
        await using _filler = await disk.fill();
        const refused = await run(node, "put", "while");
        expect(refused).toMatchObject({ stdout: "QUOTA_EXCEEDED", exit_code: 1 });
        expect(refused.stderr).toMatch(/disk is full/);
        expect(await run(node, "size", "before")).toMatchObject({ stdout: "40000" });
        expect(await run(node, "size", "while")).toMatchObject({ stdout: "undefined" });
        expect((await node.api("/health")).body).toBe("OK");
        expect(await node.commons("hello", "greet")).toMatchObject({ code: 0 });
        expect(await node.module("stores")).toMatchObject({ state: "running", restarts: 0 });
      });
      await t.step("a module still starts then, whether it is built or not", async () => {
        await using _filler = await disk.fill();
        const idle = "export default { start(): void {} };";
        await plantModule(node.modulesDir, "idle", { source: idle, entry: "mod.ts" });
        for (const action of ["load", "reload"]) {
          const { status, body } = await node.api(`/api/v1/modules/idle/${action}`, { method: "POST" });
          expect({ status, body }).toMatchObject({ status: 200, body: { state: "running" } });
        }
      });
      await t.step("with room again", async () => {
        expect(await run(node, "put", "after")).toMatchObject({ stdout: "stored", exit_code: 0 });
      });
      await t.step("stopped while it is full", async () => {
        await using _filler = await disk.fill();
        expect(await node.stop()).toBe(0);
      });
    }
    await t.step("and started again it has lost nothing", async () => {
      await using node = await startTestNode({ dataDir, modules });
      expect(await run(node, "size", "before")).toMatchObject({ stdout: "40000" });
      expect(await run(node, "size", "after")).toMatchObject({ stdout: "40000" });
    });
  },
});
