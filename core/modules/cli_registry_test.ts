import { expect } from "expect";
import { CliRegistry } from "./cli_registry.ts";
import { codeOf } from "./test_host.ts";

Deno.test("CliRegistry collects one command after the other under the module's name", () => {
  const registry = new CliRegistry();
  registry.register("hello", {
    name: "greet",
    about: "Say\nhello",
    args: [{ name: "name", default: "world" }],
  });
  registry.register("hello", { name: "blocks" });
  expect(registry.get("hello")).toEqual({
    version: 1,
    name: "hello",
    subcommands: [
      { name: "greet", about: "Say hello", args: [{ name: "name", default: "world" }] },
      { name: "blocks", args: [] },
    ],
  });
  registry.remove("hello");
  expect(registry.get("hello")).toBe(undefined);
});

Deno.test("CliRegistry takes a whole group", () => {
  const registry = new CliRegistry();
  registry.register("hello", {
    name: "hello",
    about: "Greetings",
    subcommands: [{ name: "a" }, { name: "b" }],
  });
  expect(registry.get("hello")?.about).toBe("Greetings");
  expect(registry.get("hello")?.subcommands.map(({ name }) => name)).toEqual(["a", "b"]);
});

Deno.test("CliRegistry refuses bad specs and keeps what was there", async (t) => {
  const args = (...names: string[]) => names.map((name) => ({ name }));
  const cases: [name: string, spec: unknown][] = [
    ["no object", "greet"],
    ["null", null],
    ["list", []],
    ["no name", {}],
    ["upper case", { name: "Greet" }],
    ["dashes first", { name: "--help" }],
    ["too long", { name: "a".repeat(33) }],
    ["duplicate", { name: "there" }],
    ["foreign group", { name: "other", subcommands: [] }],
    ["duplicate inside", { subcommands: [{ name: "a" }, { name: "a" }] }],
    ["17 args", { name: "a", args: args(..."abcdefghijklmnopq") }],
    ["duplicate arg", { name: "a", args: args("x", "x") }],
    ["same long name", { name: "a", args: [{ name: "x" }, { name: "y", long_name: "x" }] }],
    ["same short name", {
      name: "a",
      args: [{ name: "x", short_name: "s" }, { name: "y", short_name: "s" }],
    }],
    ["short name of two", { name: "a", args: [{ name: "x", short_name: "xy" }] }],
    ["required flag", { name: "a", args: [{ name: "x", takes_value: false, required: true }] }],
    ["default object", { name: "a", args: [{ name: "x", default: {} }] }],
    ["required text", { name: "a", args: [{ name: "x", required: "yes" }] }],
    ["about number", { name: "a", about: 5 }],
    ["prototype", { name: "__proto__" }],
  ];
  for (const [name, spec] of cases) {
    await t.step(name, async () => {
      const registry = new CliRegistry();
      registry.register("hello", { name: "there" });
      expect(await codeOf(() => registry.register("hello", spec))).toBe("INVALID_PARAMS");
      expect(registry.get("hello")?.subcommands.length).toBe(1);
    });
  }
});

Deno.test("CliRegistry holds 32 subcommands a module", async () => {
  const registry = new CliRegistry();
  for (let i = 0; i < 32; i++) registry.register("hello", { name: `c${i}` });
  expect(await codeOf(() => registry.register("hello", { name: "more" }))).toBe("QUOTA_EXCEEDED");
});
