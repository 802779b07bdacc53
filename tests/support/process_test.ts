import { expect } from "expect";
import { spawnDeno, spawnProgram } from "./process.ts";
import { tempDir } from "./temp_dir.ts";

async function script(path: string, source: string): Promise<string> {
  await Deno.writeTextFile(path, source);
  return path;
}

Deno.test("spawnDeno() shows lines as they come, and how it ended", async () => {
  await using dir = await tempDir();
  const source = `console.log("one\\ntwo " + Deno.args[0]); console.error("bad"); Deno.exit(3);`;
  await using child = spawnDeno(await script(dir.file("a.ts"), source), { args: ["arg"] });
  expect(await child.stdout.waitFor(/^two/)).toBe("two arg");
  await child.stdout.waitForCount(2);
  expect(await child.exitWithin(10_000)).toEqual({ code: 3, signal: null });
  expect(child.stdout.lines).toEqual(["one", "two arg"]);
  expect(child.output()).toBe("one\ntwo arg\nbad\n");
  await expect(child.stdout.waitFor("three")).rejects.toThrow("Output ended");
  child.kill(); // harmless now
});

Deno.test("spawnDeno() kills what is left when it is disposed, and what is late", async () => {
  await using dir = await tempDir();
  const path = await script(dir.file("a.ts"), `console.log("up"); setInterval(() => {}, 1000);`);
  const child = spawnDeno(path);
  await child.stdout.waitFor("up", { ms: 30_000 });
  await expect(child.stdout.waitFor("more", { ms: 1 })).rejects.toThrow("within 1 ms");
  await child[Symbol.asyncDispose]();
  expect((await child.exited).signal).toBe("SIGKILL");
  await using late = spawnDeno(path);
  await late.stdout.waitFor("up", { ms: 30_000 });
  await expect(late.exitWithin(1)).rejects.toThrow("within 1 ms");
});

Deno.test("spawnProgram() starts any executable with the given environment", async () => {
  await using child = spawnProgram(Deno.execPath(), {
    args: ["eval", "console.log(Deno.env.get('COMMONS_X'))"],
    env: { COMMONS_X: "y" },
  });
  expect((await child.exitWithin(30_000)).code).toBe(0);
  expect(child.stdout.text()).toBe("y\n");
});
