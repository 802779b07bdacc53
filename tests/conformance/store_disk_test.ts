import { DatabaseSync } from "node:sqlite";
import { expect } from "expect";
import { equalBytes } from "../../core/base/mod.ts";
import { openKvStore } from "../../core/store/mod.ts";
import { smallDisk } from "../support/small_disk.ts";
import { tempDir } from "../support/temp_dir.ts";

const canMount = await smallDisk(64).then(async (disk) => {
  await disk?.[Symbol.asyncDispose]();
  return disk !== undefined;
});
const unlessMountable = canMount ? "" : " (skipped: needs Linux and root for a RAM disk)";

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "none";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

/** A KV file with `entries` values of 2 KB. */
async function writeKvFile(path: string, entries: number): Promise<void> {
  await using store = await openKvStore({ path });
  await Promise.all(Array.from({ length: entries }, (_, i) => store.set(["node", i], new Uint8Array(2_000))));
}

async function overwrite(path: string, from: number): Promise<void> {
  const bytes = await Deno.readFile(path);
  await Deno.writeFile(path, bytes.fill(0x5a, from));
}

Deno.test({
  name: `a full disk is STORE_FULL, and the store works again when there is room${unlessMountable}`,
  ignore: !canMount,
  async fn() {
    await using disk = await smallDisk(4 * 1024);
    if (!disk) throw new Error("Cannot mount a RAM disk any more");
    await using store = await openKvStore({ path: disk.file("node.kv") });
    await store.set(["node", "before"], 1);
    {
      await using _filler = await disk.fill();
      const codes = Array.from(
        { length: 20 },
        (_, i) => codeOf(store.set(["node", i], new Uint8Array(60_000))),
      );
      expect(new Set(await Promise.all(codes))).toEqual(new Set(["STORE_FULL"]));
      expect(await store.get(["node", "before"])).toBe(1);
      expect(await store.get(["node", 0])).toBeUndefined();
    }
    await store.set(["node", "after"], new Uint8Array(60_000));
    expect(await store.get(["node", "before"])).toBe(1);
  },
});

Deno.test({
  name: `opening on a full disk is STORE_FULL${unlessMountable}`,
  ignore: !canMount,
  async fn() {
    await using disk = await smallDisk(256);
    if (!disk) throw new Error("Cannot mount a RAM disk any more");
    await using _filler = await disk.fill();
    expect(await codeOf(openKvStore({ path: disk.file("node.kv") }))).toBe("STORE_FULL");
  },
});

Deno.test({
  name: `opening on a read-only disk is STORE_READ_ONLY${unlessMountable}`,
  ignore: !canMount,
  async fn() {
    await using disk = await smallDisk(4 * 1024);
    if (!disk) throw new Error("Cannot mount a RAM disk any more");
    await writeKvFile(disk.file("node.kv"), 3);
    await disk.remount("ro");
    expect(await codeOf(openKvStore({ path: disk.file("node.kv") }))).toBe("STORE_READ_ONLY");
    expect(await codeOf(openKvStore({ path: disk.file("new.kv") }))).toBe("STORE_READ_ONLY");
    await disk.remount("rw");
    await using store = await openKvStore({ path: disk.file("node.kv") });
    expect(await store.get(["node", 0])).toEqual(new Uint8Array(2_000));
  },
});

const isRoot = Deno.build.os !== "windows" && Deno.uid() === 0;

Deno.test({
  name: `a file without write permission is STORE_READ_ONLY${isRoot ? " (skipped: nothing stops root)" : ""}`,
  ignore: isRoot || Deno.build.os === "windows",
  async fn() {
    await using dir = await tempDir();
    const path = dir.file("node.kv");
    await writeKvFile(path, 1);
    await Deno.chmod(path, 0o400);
    const code = await codeOf(
      openKvStore({ path }).then(async (store) => {
        await using _store = store;
        await store.set(["node", "a"], 1);
      }),
    );
    expect(code).toBe("STORE_READ_ONLY");
  },
});

Deno.test("a damaged file is STORE_CORRUPT, and is left as it was", async (t) => {
  await using dir = await tempDir();
  const rows: { name: string; make: (path: string) => Promise<void> }[] = [
    { name: "text", make: (path) => Deno.writeTextFile(path, "not a database\n".repeat(500)) },
    { name: "a few bytes", make: (path) => Deno.writeTextFile(path, "SQLite") },
    {
      name: "pages overwritten in the middle",
      make: (path) => writeKvFile(path, 400).then(() => overwrite(path, 4096 * 3)),
    },
    {
      name: "everything after the header",
      make: (path) => writeKvFile(path, 3).then(() => overwrite(path, 100)),
    },
  ];
  for (const { name, make } of rows) {
    await t.step(name, async () => {
      const path = dir.file(`${name}.kv`);
      await make(path);
      const before = await Deno.readFile(path);
      expect(await codeOf(openKvStore({ path }))).toBe("STORE_CORRUPT");
      expect(equalBytes(await Deno.readFile(path), before)).toBe(true);
    });
  }
});

Deno.test("damage under a running store is STORE_CORRUPT", async () => {
  await using dir = await tempDir();
  const path = dir.file("node.kv");
  await writeKvFile(path, 450);
  await using store = await openKvStore({ path });
  expect(await store.get(["node", 0])).toBeDefined();
  await overwrite(path, 4096 * 12);
  expect(await codeOf(store.get(["node", 400]))).toBe("STORE_CORRUPT");
  expect(await codeOf(store.set(["node", 300], 1))).toBe("STORE_CORRUPT");
});

Deno.test("a file that another program holds is STORE_FAILED until it lets go", async () => {
  await using dir = await tempDir();
  const path = dir.file("node.kv");
  await using store = await openKvStore({ path });
  await store.set(["node", "a"], 1);
  using database = new DatabaseSync(path);
  database.exec("begin exclusive");
  expect(await store.get(["node", "a"])).toBe(1);
  expect(await codeOf(store.set(["node", "a"], 2))).toBe("STORE_FAILED"); // after SQLite's own 5 seconds
  database.exec("rollback");
  await store.set(["node", "a"], 3);
  expect(await store.get(["node", "a"])).toBe(3);
});

Deno.test("openKvStore() refuses a place that cannot hold a store", async (t) => {
  await using dir = await tempDir();
  await Deno.writeTextFile(dir.file("file"), "");
  await Deno.mkdir(dir.file("folder"));
  const rows: { name: string; init: Parameters<typeof openKvStore>[0] }[] = [
    { name: "no folder", init: { path: dir.file("none", "node.kv") } },
    { name: "a folder", init: { path: dir.file("folder") } },
    { name: "below a file", init: { path: dir.file("file", "node.kv") } },
    { name: "neither path nor URL", init: {} },
    { name: "both", init: { path: dir.file("node.kv"), url: "https://kv.example" } },
    { name: "not a URL", init: { url: "kv.example" } },
    { name: "plain http", init: { url: "http://kv.example" } },
    { name: "another scheme", init: { url: "file:///tmp/x.kv" } },
  ];
  for (const { name, init } of rows) {
    await t.step(name, async () => expect(await codeOf(openKvStore(init))).toBe("STORE_FAILED"));
  }
});
