import config from "./deno.json" with { type: "json" };

if (Deno.args[0] === "__cell") {
  // A compiled binary is its own cell: the entry reads the rest of the arguments itself.
  await import("./workers/cell.ts");
} else if (Deno.args[0] === "__build") {
  // … and its own build process.
  await import("./core/modules/build_child.ts");
} else {
  const { runCli } = await import("./core/cli/mod.ts");
  Deno.exit(
    await runCli(Deno.args, {
      version: config.version,
      startNode: async (options) => (await import("./core/run_node.ts")).runNode(options),
    }),
  );
}
