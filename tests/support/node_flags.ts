import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The flags that `deno task start` gives the node, so that tests and benches run it with the same permissions. */
export function nodeFlags(): string[] {
  const { command } = config.tasks.start;
  const flags = command.match(/--[^\s"]+(?:"[^"]*")?/g) ?? [];
  return flags.filter((flag) => flag !== "--").map((flag) => {
    if (flag.startsWith("--allow-run=")) return `--allow-run=${Deno.execPath()}`;
    return flag.replaceAll("=./", `=${ROOT}`).replaceAll(",./", `,${ROOT}`);
  });
}
