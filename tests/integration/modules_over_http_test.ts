import { expect } from "expect";
import { eventually } from "../support/eventually.ts";
import { helloModule, plantModule } from "../support/modules.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";

let calls = 0;

/** One JSON-RPC call over `POST /rpc`; answers `result`, or `error`. */
async function rpc(node: TestNode, method: string, params: unknown = []): Promise<unknown> {
  const { body } = await node.api("/rpc", { body: { jsonrpc: "2.0", id: ++calls, method, params } });
  const answer = body as { readonly result?: unknown; readonly error?: unknown };
  return "error" in answer ? answer.error : answer.result;
}

async function act(node: TestNode, name: string, action: string) {
  return await node.api(`/api/v1/modules/${name}/${action}`, { method: "POST" });
}

const SERVER = `
export default {
  async start(node) {
    await node.rpc.register("add_numbers", "Adds", ([a, b]) => {
      if (typeof a !== "number") throw new Error("need numbers");
      return { sum: a + b, by: node.config.name };
    });
    node.cli.command(
      { name: "add", args: [{ name: "a" }, { name: "b" }, { name: "loud", long_name: "loud", takes_value: false }] },
      ({ a, b, loud }) => ({ stdout: String(Number(a) + Number(b)) + (loud ? "!" : ""), stderr: "", exit_code: 0 }),
    );
  },
};`;

Deno.test("modules over HTTP: RPC methods, commands, configuration, folders", async (t) => {
  await using node = await startTestNode({
    modules: {
      hello: await helloModule(),
      server: {
        source: SERVER,
        capabilities: ["register_rpc_endpoint"],
        files: { "config.toml": 'name = "own"\n' },
      },
    },
    set: ['modules.server.name="override"', "modules.watch=true"],
  });
  await t.step("an RPC method: registered once it may be, called, gone with its module", async () => {
    expect(await rpc(node, "add_numbers", [1, 2])).toMatchObject({ code: -32601 });
    expect(await act(node, "server", "approve")).toMatchObject({ status: 200, body: { state: "running" } });
    expect(await rpc(node, "add_numbers", [1, 2])).toEqual({ sum: 3, by: "override" });
    expect(await rpc(node, "add_numbers", ["x"])).toMatchObject({
      message: expect.stringContaining("need numbers"),
    });
    expect(await rpc(node, "getrpcinfo")).toMatchObject({ module_methods: ["add_numbers"] });
    await act(node, "server", "unload");
    expect(await rpc(node, "add_numbers", [1, 2])).toMatchObject({ code: -32601 });
    await act(node, "server", "load");
    expect(await rpc(node, "add_numbers", [1, 2])).toEqual({ sum: 3, by: "override" });
  });
  await t.step("commands over RPC", async () => {
    const specs = await rpc(node, "getmoduleclispecs") as Record<string, { subcommands: { name: string }[] }>;
    expect(Object.keys(specs).sort()).toEqual(["hello", "server"]);
    expect(specs["server"]?.subcommands.map(({ name }) => name)).toEqual(["add"]);
    expect(await rpc(node, "runmodulecli", ["server", "add", "2", "3"]))
      .toEqual({ stdout: "5", stderr: "", exit_code: 0 });
    expect(await rpc(node, "runmodulecli", ["hello", "greet", "Ada"]))
      .toEqual({ stdout: "Hello, Ada!\n", stderr: "", exit_code: 0 });
    expect(await rpc(node, "runmodulecli", ["nobody", "x"])).toMatchObject({
      message: expect.stringContaining("nobody"),
    });
  });
  await t.step("two at once do not wait for each other", async () => {
    const both = await Promise.all([
      rpc(node, "runmodulecli", ["server", "add", "1", "1"]),
      rpc(node, "runmodulecli", ["hello", "greet", "both"]),
      rpc(node, "add_numbers", [5, 5]),
    ]);
    expect(both).toMatchObject([{ stdout: "2" }, { stdout: "Hello, both!\n" }, { sum: 10 }]);
  });
  await t.step("a folder dropped in is listed, and loaded by the watch", async () => {
    await plantModule(node.modulesDir, "dropped", { source: "export default { start() {} };" });
    await eventually("the module", async () => {
      const { body } = await node.api("/api/v1/modules");
      return (body as { modules: { name: string; state: string }[] }).modules
        .some(({ name, state }) => name === "dropped" && state === "running");
    });
  });
  await t.step("a file that changes is taken over; a broken one is not", async () => {
    const config = `${node.modulesDir}/server/config.toml`;
    await Deno.writeTextFile(config, 'name = "own"\nother = 1\n');
    await eventually("the reload", async () => (await logged(node, "server", "the module runs")) >= 3);
    const { pid } = await node.module("server");
    await Deno.writeTextFile(config, "name = \n");
    await eventually(
      "the refusal",
      async () => (await node.module("server")).reason?.code === "MODULE_CONFIG_INVALID",
    );
    expect(await node.module("server")).toMatchObject({ state: "running", pid });
    expect(await rpc(node, "add_numbers", [1, 2])).toEqual({ sum: 3, by: "override" });
  });
  await t.step("a folder that goes takes its module along", async () => {
    await Deno.remove(`${node.modulesDir}/dropped`, { recursive: true });
    await eventually("its end", async () => (await node.api("/api/v1/modules/dropped")).status === 404);
  });
});

async function logged(node: TestNode, name: string, message: string): Promise<number> {
  const { body } = await node.api(`/api/v1/modules/${name}/logs`);
  return (body as { lines: { message: string }[] }).lines.filter((line) => line.message === message).length;
}
