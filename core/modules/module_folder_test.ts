import { expect } from "expect";
import { join } from "node:path";
import { codeOf } from "./test_host.ts";
import { type ModuleFolder, openModuleFolder } from "./module_folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A data dir with the folder of module `a`, and a secret beside it. */
async function makeFolder(quota: { readonly bytes?: number; readonly files?: number } = {}) {
  const dataDir = await Deno.realPath(await Deno.makeTempDir());
  await Deno.writeTextFile(join(dataDir, "api.token"), "secret");
  const open = (module = "a") =>
    openModuleFolder({ dataDir, module, quotaBytes: quota.bytes ?? 1_000, quotaFiles: quota.files ?? 10 });
  const root = join(dataDir, "modules/a/files");
  return {
    dataDir,
    root,
    open,
    folder: open(),
    [Symbol.asyncDispose]: () => Deno.remove(dataDir, { recursive: true }),
  };
}

async function textOf(folder: ModuleFolder, path: string): Promise<string> {
  return new TextDecoder().decode(await folder.readFile(path, { offset: 0 }));
}

Deno.test("openModuleFolder() keeps files and folders", async () => {
  await using t = await makeFolder();
  const { folder } = t;
  expect(await folder.listDirectory("")).toEqual([]);
  await folder.writeFile("b.txt", bytes("one"));
  await folder.writeFile("b.txt", bytes("two"));
  await folder.createDirectory("x/y");
  await folder.createDirectory("x/y");
  await folder.writeFile("x/y/c", bytes("three"));
  expect(await folder.listDirectory("")).toEqual(["b.txt", "x"]);
  expect(await folder.listDirectory("x/y")).toEqual(["c"]);
  expect(await textOf(folder, "b.txt")).toBe("two");
  expect(await folder.getFileMetadata("b.txt")).toMatchObject({
    path: "b.txt",
    size: 3,
    is_file: true,
    is_directory: false,
    modified: expect.any(Number),
  });
  expect(await folder.getFileMetadata(".")).toMatchObject({ path: "", size: 0, is_directory: true });
  await folder.renameFile("x/y/c", "b.txt");
  expect(await textOf(folder, "b.txt")).toBe("three");
  await folder.deleteFile("x/y");
  await folder.deleteFile("b.txt");
  expect(await folder.listDirectory("")).toEqual(["x"]);
  if (Deno.build.os === "windows") return;
  await folder.writeFile("p", bytes("x"));
  const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
  expect(await modeOf(t.root)).toBe(0o700);
  expect(await modeOf(join(t.root, "p"))).toBe(0o600);
});

Deno.test("openModuleFolder() reads and writes large files in parts", async () => {
  await using t = await makeFolder({ bytes: 3_000_000 });
  const { folder } = t;
  await folder.writeFile("big", new Uint8Array(1_048_576).fill(1));
  await folder.writeFile("big", bytes("end"), { offset: 1_048_576 });
  expect(await codeOf(() => folder.readFile("big", { offset: 0 }))).toBe("QUOTA_EXCEEDED");
  expect(await folder.readFile("big", { offset: 1_048_575, length: 100 })).toEqual(
    Uint8Array.of(1, ...bytes("end")),
  );
  expect(await folder.readFile("big", { offset: 9_000_000 })).toEqual(new Uint8Array());
  await folder.writeFile("big", bytes("E"), { offset: 1_048_576 });
  expect(new TextDecoder().decode(await folder.readFile("big", { offset: 1_048_576 }))).toBe("End");
  expect(await codeOf(() => folder.writeFile("big", bytes("x"), { offset: 1_048_580 }))).toBe(
    "INVALID_PARAMS",
  );
  expect(await codeOf(() => folder.writeFile("none", bytes("x"), { offset: 0 }))).toBe("NOT_FOUND");
});

Deno.test("openModuleFolder() refuses paths that are not plainly inside", async (t) => {
  await using made = await makeFolder();
  const { folder } = made;
  const bad = [
    "../b",
    "x/../../b",
    "..",
    "a/..",
    "./a",
    "a/./b",
    "/etc/passwd",
    "//x",
    "a//b",
    "a/",
    "",
    ".",
    "a\0b",
    "a\nb",
    "..\\..\\api.token",
    "c:\\windows",
    "c:x",
    "a:stream",
    "con",
    "NUL.txt",
    "x/Com1",
    "dot.",
    "blank ",
    " blank",
    "cafe\u0301",
    "\ud800",
    "a\u202eb",
    ".commons-0",
    ".COMMONS-x",
    "n".repeat(256),
    "é".repeat(128),
    "d/".repeat(16) + "f",
    "x".repeat(1_025),
  ];
  const calls: [string, (path: string) => Promise<unknown>][] = [
    ["read", (path) => folder.readFile(path, { offset: 0 })],
    ["write", (path) => folder.writeFile(path, bytes("x"))],
    ["delete", (path) => folder.deleteFile(path)],
    ["rename", (path) => folder.renameFile("a", path)],
    ["create", (path) => folder.createDirectory(path)],
  ];
  for (const [name, call] of calls) {
    await t.step(name, async () => {
      for (const path of bad) {
        const code = await codeOf(async () => await call(path));
        expect([path.slice(0, 20), code]).toEqual([path.slice(0, 20), "INVALID_PARAMS"]);
      }
    });
  }
  expect([...Deno.readDirSync(made.dataDir)].map(({ name }) => name).sort()).toEqual(["api.token"]);
});

Deno.test({
  name: "openModuleFolder() goes through no link, and opens nothing but regular files",
  ignore: Deno.build.os === "windows",
  async fn(t) {
    await using made = await makeFolder({ bytes: 100_000 });
    const { folder, root, dataDir } = made;
    await folder.writeFile("mine", bytes("mine"));
    const secret = join(dataDir, "api.token");
    await Deno.symlink(secret, join(root, "link"));
    await Deno.symlink(dataDir, join(root, "out"));
    await Deno.symlink("mine", join(root, "inner"));
    await Deno.link(secret, join(root, "hard"));
    const rows: [string, () => Promise<unknown>, string][] = [
      ["read a link", () => folder.readFile("link", { offset: 0 }), "PERMISSION_DENIED"],
      ["read a link to its own", () => folder.readFile("inner", { offset: 0 }), "PERMISSION_DENIED"],
      ["read a hard link", () => folder.readFile("hard", { offset: 0 }), "PERMISSION_DENIED"],
      ["read through a link", () => folder.readFile("out/api.token", { offset: 0 }), "PERMISSION_DENIED"],
      ["write a link", () => folder.writeFile("link", bytes("x")), "PERMISSION_DENIED"],
      ["write through a link", () => folder.writeFile("out/api.token", bytes("x")), "PERMISSION_DENIED"],
      ["write in a link", () => folder.writeFile("link", bytes("x"), { offset: 0 }), "PERMISSION_DENIED"],
      [
        "write in a hard link",
        () => folder.writeFile("hard", bytes("x"), { offset: 0 }),
        "PERMISSION_DENIED",
      ],
      ["rename onto a link", () => folder.renameFile("mine", "link"), "PERMISSION_DENIED"],
      ["rename out", () => folder.renameFile("mine", "out/mine"), "PERMISSION_DENIED"],
      ["rename in", () => folder.renameFile("out/api.token", "mine"), "PERMISSION_DENIED"],
      ["delete through a link", () => folder.deleteFile("out/api.token"), "PERMISSION_DENIED"],
      ["create through a link", () => folder.createDirectory("out/new"), "PERMISSION_DENIED"],
      ["list a link", () => folder.listDirectory("out"), "PERMISSION_DENIED"],
      ["look at a link", () => folder.getFileMetadata("link"), "PERMISSION_DENIED"],
      ["look through a link", () => folder.getFileMetadata("out/api.token"), "PERMISSION_DENIED"],
    ];
    for (const [name, call, code] of rows) {
      await t.step(name, async () => expect(await codeOf(call)).toBe(code));
    }
    await t.step("read a linked folder", async () => {
      // Without full access Deno itself resolves the link before it opens: then it is a folder that cannot be read.
      expect(["PERMISSION_DENIED", "INVALID_PARAMS"]).toContain(
        await codeOf(() => folder.readFile("out", { offset: 0 })),
      );
    });
    await t.step("a hard link is replaced, not written through", async () => {
      await folder.writeFile("hard", bytes("new"));
      expect(await textOf(folder, "hard")).toBe("new");
    });
    expect(await Deno.readTextFile(secret)).toBe("secret");
    expect(await folder.listDirectory("")).toEqual(["hard", "mine"]);
  },
});

Deno.test({
  name: "openModuleFolder() refuses a folder that is a link itself",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using t = await makeFolder();
    await Deno.mkdir(join(t.dataDir, "elsewhere"));
    await Deno.mkdir(join(t.dataDir, "modules/a"), { recursive: true });
    await Deno.symlink(join(t.dataDir, "elsewhere"), t.root);
    expect(await codeOf(() => t.folder.writeFile("x", bytes("x")))).toBe("UNSAFE_FOLDER");
    expect([...Deno.readDirSync(join(t.dataDir, "elsewhere"))]).toEqual([]);
  },
});

Deno.test("openModuleFolder() says what is not there, and what it is instead", async () => {
  await using t = await makeFolder();
  const { folder } = t;
  await folder.createDirectory("d/e");
  await folder.writeFile("f", bytes("x"));
  const rows: [() => Promise<unknown>, string][] = [
    [() => folder.readFile("none", { offset: 0 }), "NOT_FOUND"],
    [() => folder.readFile("none/x", { offset: 0 }), "NOT_FOUND"],
    [() => folder.writeFile("none/x", bytes("x")), "NOT_FOUND"],
    [() => folder.writeFile("f/x", bytes("x")), "NOT_FOUND"],
    [() => folder.writeFile("d", bytes("x")), "INVALID_PARAMS"],
    [() => folder.readFile("d", { offset: 0 }), "INVALID_PARAMS"],
    [() => folder.deleteFile("d"), "INVALID_PARAMS"],
    [() => folder.deleteFile("none"), "NOT_FOUND"],
    [() => folder.listDirectory("f"), "INVALID_PARAMS"],
    [() => folder.createDirectory("f"), "INVALID_PARAMS"],
    [() => folder.renameFile("d", "g"), "INVALID_PARAMS"],
    [() => folder.renameFile("f", "d"), "INVALID_PARAMS"],
    [() => folder.getFileMetadata("none"), "NOT_FOUND"],
  ];
  for (const [call, code] of rows) expect([String(call), await codeOf(call)]).toEqual([String(call), code]);
  const error = await folder.readFile("none", { offset: 0 }).catch((error: Error) => error.message);
  expect(error).toBe('Cannot read "none": there is no such file or folder');
});

Deno.test("openModuleFolder() holds its quota whatever comes at once", async () => {
  await using t = await makeFolder({ bytes: 100, files: 3 });
  const { folder, root } = t;
  const writes = Array.from({ length: 12 }, (_, i) => folder.writeFile(`f${i}`, new Uint8Array(30)));
  const outcomes = await Promise.allSettled(writes);
  expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(3);
  expect(await codeOf(() => folder.createDirectory("d"))).toBe("QUOTA_EXCEEDED");
  expect(await codeOf(() => folder.writeFile("f0", new Uint8Array(41)))).toBe("QUOTA_EXCEEDED");
  await folder.writeFile("f0", new Uint8Array(40));
  expect(await codeOf(() => folder.writeFile("f0", new Uint8Array(1), { offset: 40 }))).toBe(
    "QUOTA_EXCEEDED",
  );
  await folder.writeFile("f0", new Uint8Array(40), { offset: 0 });
  await folder.writeFile("f0", new Uint8Array(10));
  await folder.deleteFile("f1");
  await folder.writeFile("g", new Uint8Array(60));
  await Deno.remove(join(root, "f2"));
  await folder.writeFile("h", new Uint8Array(30));
  expect(await folder.listDirectory("")).toEqual(["f0", "g", "h"]);
  const again = t.open();
  expect(await codeOf(() => again.writeFile("i", new Uint8Array()))).toBe("QUOTA_EXCEEDED");
});

Deno.test("openModuleFolder() bounds what waits, and clears up after a write that was cut short", async () => {
  await using t = await makeFolder();
  await Deno.mkdir(t.root, { recursive: true });
  await Deno.writeTextFile(join(t.root, ".commons-7"), "half");
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, () => t.folder.readFile("none", { offset: 0 })),
  );
  const codes = outcomes.map((outcome) => outcome.status === "rejected" ? outcome.reason.code : "");
  expect(codes.filter((code) => code === "RATE_LIMITED").length).toBe(8);
  expect([...Deno.readDirSync(t.root)]).toEqual([]);
});

Deno.test("openModuleFolder() keeps modules apart", async () => {
  await using t = await makeFolder();
  const other = t.open("b");
  await t.folder.writeFile("x", bytes("a"));
  expect(await codeOf(() => other.readFile("x", { offset: 0 }))).toBe("NOT_FOUND");
  expect(await other.listDirectory("")).toEqual([]);
});
