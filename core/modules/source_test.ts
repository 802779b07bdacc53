import { expect } from "expect";
import { readSources } from "./source.ts";

const entry = (entryPoint: string) => ({ entryPoint });

async function folderWith(
  files: Record<string, string | Uint8Array>,
): Promise<AsyncDisposable & { readonly dir: string }> {
  const dir = await Deno.makeTempDir();
  for (const [path, content] of Object.entries(files)) {
    await Deno.mkdir(`${dir}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(`${dir}/${path}`, content);
    else await Deno.writeFile(`${dir}/${path}`, content);
  }
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

Deno.test("readSources() reads what the entry needs and nothing else", async () => {
  await using temp = await folderWith({
    "mod.ts":
      'import { a } from "./lib/a";\nimport type { T } from "./types.ts";\nimport "@commons/sdk";\nimport "node:fs";',
    "lib/a.ts": 'export * from "../b.js";\nimport "./a.ts";',
    "b.js": "export const a = 1;",
    "types.ts": "export type T = 1;",
    "mod_test.ts": "never read",
    "README.md": "never read",
  });
  const { entry: path, files, bytes } = await readSources(temp.dir, entry("mod.ts"));
  expect([path, [...files.keys()]]).toEqual(["mod.ts", ["b.js", "lib/a.ts", "mod.ts"]]);
  expect(bytes).toBe([...files.values()].join("").length);
});

Deno.test("readSources() keeps a byte order mark, CRLF and NUL bytes as they are", async () => {
  const text = "\ufeffexport default '\0';\r\n";
  await using temp = await folderWith({ "mod.js": text });
  expect((await readSources(temp.dir, entry("mod.js"))).files.get("mod.js")).toBe(text);
});

Deno.test("readSources() refuses what is no plain file of the folder", async (t) => {
  await using outside = await folderWith({ "secret.ts": "export const secret = 1;" });
  await using temp = await folderWith({
    "import-link.ts": 'import "./link.ts";',
    "import-fifo.ts": 'import "./fifo.ts";',
    "import-folder.ts": 'import "./linked/secret.ts";',
    "folder.ts/x": "",
    "file.ts": "",
    "through-file.ts": 'import "./file.ts/x.ts";',
    "bad.ts": new Uint8Array([0x61, 0xff]),
    "huge.ts": "//" + "x".repeat(1024 * 1024),
    "huge.js": "//" + "x".repeat(4 * 1024 * 1024),
  });
  const { dir } = temp;
  await Deno.symlink(`${outside.dir}/secret.ts`, `${dir}/link.ts`);
  await Deno.symlink(`${dir}/file.ts`, `${dir}/inner-link.ts`);
  await Deno.symlink(outside.dir, `${dir}/linked`);
  await Deno.symlink("/dev/zero", `${dir}/device.ts`);
  await Deno.symlink(`${dir}/none`, `${dir}/dangling.ts`);
  await Deno.symlink("loop.ts", `${dir}/loop.ts`);
  await new Deno.Command("mkfifo", { args: [`${dir}/fifo.ts`] }).output();
  const rows: [path: string, code: string][] = [
    ["link.ts", "SOURCE_NOT_REGULAR"],
    ["inner-link.ts", "SOURCE_NOT_REGULAR"],
    ["linked/secret.ts", "SOURCE_NOT_REGULAR"],
    ["device.ts", "SOURCE_NOT_REGULAR"],
    ["dangling.ts", "SOURCE_NOT_REGULAR"],
    ["loop.ts", "SOURCE_NOT_REGULAR"],
    ["fifo.ts", "SOURCE_NOT_REGULAR"],
    ["folder.ts", "SOURCE_NOT_REGULAR"],
    ["import-link.ts", "SOURCE_NOT_REGULAR"],
    ["import-fifo.ts", "SOURCE_NOT_REGULAR"],
    ["import-folder.ts", "SOURCE_NOT_REGULAR"],
    ["through-file.ts", "SOURCE_NOT_REGULAR"],
    ["none.ts", "ENTRY_NOT_FOUND"],
    ["no/folder.ts", "ENTRY_NOT_FOUND"],
    ["bad.ts", "SOURCE_NOT_TEXT"],
    ["huge.ts", "SOURCE_TOO_LARGE"],
    ["huge.js", "SOURCE_TOO_LARGE"],
  ];
  for (const [path, code] of rows) {
    await t.step(path, async () => {
      await expect(readSources(dir, entry(path))).rejects.toMatchObject({ code });
    });
  }
  await t.step("a folder that is a link", async () => {
    await Deno.symlink(dir, `${outside.dir}/module`);
    await expect(readSources(`${outside.dir}/module`, entry("file.ts"))).rejects.toMatchObject({
      code: "SOURCE_NOT_REGULAR",
    });
  });
});

Deno.test("readSources() stops at 512 files and at 8 MiB", async (t) => {
  await t.step("files", async () => {
    const names = Array.from({ length: 512 }, (_, i) => `f${i}.ts`);
    await using temp = await folderWith({
      "mod.ts": names.map((name) => `import "./${name}";`).join("\n"),
      ...Object.fromEntries(names.map((name) => [name, ""])),
    });
    await expect(readSources(temp.dir, entry("mod.ts"))).rejects.toMatchObject({ code: "SOURCE_TOO_LARGE" });
  });
  await t.step("bytes", async () => {
    const names = Array.from({ length: 9 }, (_, i) => `f${i}.ts`);
    await using temp = await folderWith({
      "mod.ts": names.map((name) => `import "./${name}";`).join("\n"),
      ...Object.fromEntries(names.map((name) => [name, "//" + "x".repeat(1024 * 1024 - 10)])),
    });
    await expect(readSources(temp.dir, entry("mod.ts"))).rejects.toMatchObject({ code: "SOURCE_TOO_LARGE" });
  });
});

Deno.test("readSources() never reads a file that is swapped for a link while it reads", async () => {
  await using outside = await folderWith({ "secret.ts": "SECRET" });
  await using temp = await folderWith({ "lib/mod.ts": "fine" });
  const { dir } = temp;
  await Deno.mkdir(`${dir}/other`);
  await Deno.symlink(outside.dir, `${dir}/link`);
  await Deno.copyFile(`${outside.dir}/secret.ts`, `${outside.dir}/mod.ts`);
  let swapping = true;
  const swap = (async () => {
    while (swapping) {
      await Deno.rename(`${dir}/lib`, `${dir}/real`);
      await Deno.symlink(outside.dir, `${dir}/lib`);
      await Deno.remove(`${dir}/lib`);
      await Deno.rename(`${dir}/real`, `${dir}/lib`);
    }
  })();
  const seen = new Set<string | undefined>();
  for (let round = 0; round < 300; round++) {
    const read = await readSources(dir, entry("lib/mod.ts")).catch(() => undefined); // a refusal is fine
    if (read) seen.add(read.files.get("lib/mod.ts"));
  }
  swapping = false;
  await swap;
  seen.delete("fine");
  expect([...seen]).toEqual([]);
});
