/**
 * Locks a data dir, says `locked`, and holds it until it is ended. With "child" as second argument it also starts a
 * child process that outlives it, and says that one's pid.
 */
import { lockDataDir } from "../../../core/store/mod.ts";

const [path = "", mode] = Deno.args;
const _lock = await lockDataDir(path);
if (mode === "child") {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "setTimeout(() => {}, 60_000)"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  console.log(`child ${child.pid}`);
}
console.log("locked");
setInterval(() => {}, 60_000);
