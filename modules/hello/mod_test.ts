import { startModule } from "@commons/sdk/testing";
import { expect } from "expect";
import hello from "./mod.ts";

Deno.test("greet answers on the command line, by HTTP and to other modules", async () => {
  await using module = await startModule(hello, { name: "hello", config: { greeting: "Hi" } });
  expect(await module.runCli("greet", { name: "Ada" })).toEqual({
    stdout: "Hi, Ada!\n",
    stderr: "",
    exit_code: 0,
  });
  expect((await module.runCli("greet")).stdout).toBe("Hi, world!\n");
  const answer = await module.request("GET", "/greet");
  expect([answer.status, answer.json()]).toEqual([200, { hello: "world" }]);
  expect(await module.call("greet", { name: "Ada" }, { caller: "other" })).toBe("Hi, Ada, says other");
});

Deno.test("blocks counts the announcements since the start", async () => {
  await using module = await startModule(hello);
  expect((await module.runCli("blocks")).stdout).toBe("0 (last: none yet)\n");
  const block_hash = "00".repeat(32);
  await module.emit("BlockAnnounced", { block_hash, height: 7, header: "", peer_id: "p", base_url: "" });
  expect((await module.request("GET", "/blocks")).json()).toEqual({
    blocks: 1,
    last: `${block_hash} at height 7`,
  });
  expect(module.logs.at(-1)).toEqual({
    level: "info",
    message: "block announced",
    fields: { block_hash, height: 7 },
  });
});

Deno.test("starts are counted over restarts", async () => {
  const first = await startModule(hello);
  await first.stop();
  await using second = await startModule(hello, { storedData: first.storedData });
  expect(await second.storage.get(["starts"])).toBe(2);
});

Deno.test("without its capabilities it does not start", async () => {
  await expect(startModule(hello, { capabilities: ["subscribe_events"] })).rejects.toThrow(
    "it needs read_storage",
  );
});
