import type { ModuleName } from "../base/mod.ts";

/** The files of a new module: name → text. They build, pass their test and load as they are. */
export function scaffoldTexts(name: ModuleName): Readonly<Record<string, string>> {
  return {
    "module.toml": manifest(name),
    "mod.ts": ENTRY,
    "mod_test.ts": TEST,
    "README.md": readme(name),
  };
}

function manifest(name: ModuleName): string {
  return `name = "${name}"
version = "0.1.0"
entry_point = "mod.ts"
description = "Says hello"
author = ""
# What the module may do beyond its own commands and routes; "commons module info ${name}" shows what was granted.
capabilities = ["read_storage", "write_storage"]

[compatibility]
node = ">=0.1.0"
sdk = 1

[config_schema]
greeting = "Word to greet with (default: Hello)"
`;
}

const ENTRY = `import { defineModule } from "@commons/sdk";

export default defineModule({
  async start(node) {
    const greeting = typeof node.config["greeting"] === "string" ? node.config["greeting"] : "Hello";
    node.cli.command(
      { name: "greet", about: "Say hello", args: [{ name: "name", about: "Whom", default: "world" }] },
      ({ name }) => \`\${greeting}, \${name}!\\n\`,
    );
    node.http.get("/greet", () => ({ greeting }));
    const starts = await node.storage.get<number>(["starts"]) ?? 0;
    await node.storage.set(["starts"], starts + 1);
    node.log.info("started", { starts: starts + 1 });
  },
});
`;

const TEST = `import { startModule } from "@commons/sdk/testing";
import module from "./mod.ts";

Deno.test("greet says hello in the configured words", async () => {
  await using node = await startModule(module, { config: { greeting: "Hi" } });
  const { stdout } = await node.runCli("greet", { name: "Ada" });
  if (stdout !== "Hi, Ada!\\n") throw new Error(\`another answer: \${stdout}\`);
});
`;

function readme(name: ModuleName): string {
  return `# ${name}

- \`commons ${name} greet Ada\` prints \`Hello, Ada!\`
- \`GET /modules/${name}/http/greet\` answers \`{"greeting":"Hello"}\`

Configuration, in the node's file: \`[modules.${name}]\` \`greeting = "Hi"\`.

Its test needs no node: \`deno test modules/${name}\`, in the node's own folder.

To give it to others, build it into one file and sign it, in this folder's parent:

\`\`\`sh
commons module build ${name}
commons module keygen me.key
commons module sign ${name} --key me.key --name me
\`\`\`
`;
}
