import config from "./deno.json" with { type: "json" };

if (Deno.args[0] === "__cell") {
  // A compiled binary is its own cell: the entry reads the rest of the arguments itself.
  await import("./workers/cell.ts");
} else {
  const { runCli } = await import("./core/cli/mod.ts");
  Deno.exit(
    await runCli(Deno.args, {
      version: config.version,
      startNode: async (options) => (await import("./core/node.ts")).runNode(options),
    }),
  );
}
