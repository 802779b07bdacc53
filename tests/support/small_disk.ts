import { type TempDir, tempDir } from "./temp_dir.ts";

/** A disk of its own, small enough to fill. */
export interface SmallDisk extends TempDir {
  /** Fills it to the last byte; disposing the answer makes room again. */
  fill(): Promise<AsyncDisposable>;
  /** Mounts it again, read-only or not. */
  remount(mode: "ro" | "rw"): Promise<void>;
}

/** Mounts a RAM disk; `undefined` where that is not possible (it takes Linux and root), so that a test can say so. */
export async function smallDisk(kib: number): Promise<SmallDisk | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const dir = await tempDir("commons-disk-");
  if (!await succeeds("mount", ["-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", dir.path])) {
    await dir[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    ...dir,
    fill: () => fill(dir.file("filler")),
    async remount(mode) {
      if (await succeeds("mount", ["-o", `remount,${mode}`, dir.path])) return;
      throw new Error(`Cannot remount ${dir.path} ${mode}: something in it is open`);
    },
    async [Symbol.asyncDispose]() {
      await succeeds("umount", ["--lazy", dir.path]);
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function fill(path: string): Promise<AsyncDisposable> {
  using file = await Deno.open(path, { create: true, write: true });
  for (const size of [65_536, 4_096, 1]) {
    try {
      for (;;) await file.write(new Uint8Array(size));
    } catch {
      // full for pieces of this size
    }
  }
  return { [Symbol.asyncDispose]: () => Deno.remove(path) };
}

async function succeeds(command: string, args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false; // there is no such command
  }
}
