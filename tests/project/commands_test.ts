import { expect } from "expect";

const ROOT = new URL("../../", import.meta.url);

async function textOf(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

Deno.test(".ci/run calls the test command of the README, and the gate before it", async () => {
  const readme = await textOf("README.md");
  const lines = (await textOf(".ci/run")).split("\n").filter((line) => !line.startsWith("#"));
  const commands = readme.match(/^npx --yes deno@\S+ task \S+$/gm) ?? [];
  const [start, test = ""] = commands;
  expect(start).toMatch(/^npx --yes deno@2\.9\.6 task start$/);
  expect(test).toMatch(/^npx --yes deno@2\.9\.6 task test$/);
  const testAt = lines.findIndex((line) => line.replace(/ \|\| status=\$\?$/, "") === test);
  const gateAt = lines.findIndex((line) => line.startsWith("deno_cli task ok"));
  expect(gateAt).toBeGreaterThan(-1);
  expect(testAt).toBeGreaterThan(gateAt);
});

Deno.test("tasks that run the node have one set of permissions, and it is narrow", async () => {
  const { tasks } = JSON.parse(await textOf("deno.json"));
  const flags = (task: string) => tasks[task].command.replace(/ main\.ts.*$/, "").replace("--watch ", "");
  expect(flags("commons")).toBe(flags("start"));
  expect(flags("dev")).toBe(flags("start"));
  for (const task of Object.keys(tasks)) {
    expect(tasks[task].command).not.toMatch(/ (-A|--allow-all|--allow-ffi|--allow-import)\b/);
  }
  expect(flags("start")).toMatch(/--allow-run="\$\(deno eval /);
  expect(flags("start")).not.toMatch(/--allow-(run|sys) /);
});

Deno.test("packages are pinned to exact versions and come from npm", async () => {
  const { imports } = JSON.parse(await textOf("deno.json"));
  for (const [name, target] of Object.entries(imports)) {
    if (name === "@commons/sdk" || name.startsWith("@commons/sdk/")) continue;
    expect(target).toMatch(/^npm:\/?(@[^/]+\/)?[^@/]+@\d+\.\d+\.\d+\/?$/);
  }
});
