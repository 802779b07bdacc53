import { expect } from "expect";
import { systemClock } from "../base/mod.ts";
import { createLogger } from "../telemetry/mod.ts";
import { eventually } from "../../tests/support/eventually.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { createFolderWatch } from "./watch_folder.ts";

Deno.test("createFolderWatch() tells of what happens below a folder, by paths inside it", async () => {
  await using dir = await tempDir();
  const modules = dir.file("modules");
  await Deno.mkdir(`${modules}/hello`, { recursive: true });
  await Deno.symlink(modules, dir.file("link"));
  const logger = createLogger({ level: "error", format: "json", clock: systemClock, write: () => {} });
  const seen = new Set<string>();
  const watch = createFolderWatch({ clock: systemClock, logger }, { dir: dir.file("link") });
  using _watching = watch.start((path) => seen.add(path));
  await Deno.writeTextFile(`${modules}/hello/mod.js`, "1");
  await eventually("the file", () => seen.has("hello/mod.js"));
  await Deno.mkdir(`${modules}/new`);
  await eventually("the new folder", () => seen.has("new"));
  await Deno.remove(`${modules}/hello`, { recursive: true });
  await eventually("the folder that went", () => seen.has("hello"));
  expect([...seen].filter((path) => path.startsWith("/") || path.includes(".."))).toEqual([]);
});

Deno.test("createFolderWatch() waits for a folder that is not there", async () => {
  await using dir = await tempDir();
  const lines: string[] = [];
  const logger = createLogger({
    level: "warn",
    format: "json",
    clock: systemClock,
    write: (line) => lines.push(line),
  });
  const watch = createFolderWatch({ clock: systemClock, logger }, { dir: dir.file("missing") });
  const watching = watch.start(() => {});
  expect(lines.length).toBe(1);
  watching[Symbol.dispose]();
});
