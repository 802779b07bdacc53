import { expect } from "expect";
import { isCommonsError } from "../base/mod.ts";
import { spawnDeno } from "../../tests/support/process.ts";
import { smallDisk } from "../../tests/support/small_disk.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { lockDataDir } from "./data_dir.ts";

const HOLDER = new URL("../../tests/conformance/programs/lock_holder.ts", import.meta.url);

async function failure(path: string): Promise<{ code: string; pid: unknown }> {
  try {
    await using _lock = await lockDataDir(path);
    return { code: "none", pid: undefined };
  } catch (error) {
    if (!isCommonsError(error)) throw error;
    return { code: error.code, pid: error.detail?.pid };
  }
}

Deno.test("lockDataDir() makes the folder and lets one at a time in", async () => {
  await using dir = await tempDir();
  const path = dir.file("a", "data");
  {
    await using lock = await lockDataDir(path);
    if (Deno.build.os !== "windows") expect(((await Deno.stat(path)).mode ?? 0) & 0o777).toBe(0o700);
    expect(await failure(path)).toEqual({ code: "DATA_DIR_LOCKED", pid: Deno.pid });
    await lock[Symbol.asyncDispose]();
    await lock[Symbol.asyncDispose]();
  }
  expect((await failure(path)).code).toBe("none");
});

Deno.test("lockDataDir() keeps other processes out until the holder is gone, also by kill -9", async () => {
  await using dir = await tempDir();
  for (let round = 0; round < 3; round++) {
    await using holder = spawnDeno(HOLDER, { args: [dir.path] });
    await holder.stdout.waitFor("locked", { ms: 30_000 });
    expect(await failure(dir.path)).toEqual({ code: "DATA_DIR_LOCKED", pid: holder.pid });
    holder.kill("SIGKILL");
    await holder.exited;
    expect((await failure(dir.path)).code).toBe("none");
  }
});

Deno.test("lockDataDir() is not inherited by child processes", async () => {
  await using dir = await tempDir();
  await using holder = spawnDeno(HOLDER, { args: [dir.path, "child"] });
  const line = await holder.stdout.waitFor(/^child \d+$/, { ms: 30_000 });
  await holder.stdout.waitFor("locked");
  const child = Number(line.slice("child ".length));
  try {
    holder.kill("SIGKILL");
    await holder.exited;
    Deno.kill(child, "SIGCONT"); // it lives: this would throw
    expect((await failure(dir.path)).code).toBe("none");
  } finally {
    Deno.kill(child, "SIGKILL");
  }
});

Deno.test("lockDataDir() refuses what is no folder", async (t) => {
  await using dir = await tempDir();
  await Deno.writeTextFile(dir.file("file"), "");
  await Deno.mkdir(dir.file("folder", "lock"), { recursive: true });
  const rows = [
    { name: "a file", path: dir.file("file") },
    { name: "below a file", path: dir.file("file", "data") },
    { name: "a folder in the lock's place", path: dir.file("folder") },
  ];
  for (const { name, path } of rows) {
    await t.step(name, async () => expect((await failure(path)).code).toBe("DATA_DIR_INVALID"));
  }
});

Deno.test("lockDataDir() says when it may not write", async (t) => {
  await using disk = await smallDisk(64);
  await t.step({
    name: `on a read-only disk${disk ? "" : " (skipped: needs Linux and root for a RAM disk)"}`,
    ignore: disk === undefined,
    async fn() {
      await disk?.remount("ro");
      expect((await failure(disk?.path ?? "")).code).toBe("DATA_DIR_READ_ONLY");
      expect((await failure(disk?.file("new") ?? "")).code).toBe("DATA_DIR_READ_ONLY");
    },
  });
  const isRoot = Deno.build.os !== "windows" && Deno.uid() === 0;
  await t.step({
    name: `in a folder without write permission${isRoot ? " (skipped: nothing stops root)" : ""}`,
    ignore: isRoot || Deno.build.os === "windows",
    async fn() {
      await using dir = await tempDir();
      await Deno.chmod(dir.path, 0o500);
      expect((await failure(dir.path)).code).toBe("DATA_DIR_READ_ONLY");
      await Deno.chmod(dir.path, 0o700);
    },
  });
});
