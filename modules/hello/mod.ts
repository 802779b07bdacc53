import { defineModule } from "@commons/sdk";

export default defineModule({
  async start(node) {
    const greeting = typeof node.config["greeting"] === "string" ? node.config["greeting"] : "Hello";
    let blocks = 0;
    let last = "none yet";
    node.events.on("BlockAnnounced", ({ block_hash, height }) => {
      blocks++;
      last = `${block_hash} at height ${height}`;
      node.log.info("block announced", { block_hash, height });
    });
    node.cli.command(
      { name: "greet", about: "Say hello", args: [{ name: "name", about: "Who", default: "world" }] },
      ({ name }) => `${greeting}, ${name}!\n`,
    );
    node.cli.command(
      { name: "blocks", about: "Count the announced blocks" },
      () => `${blocks} (last: ${last})\n`,
    );
    node.http.get("/greet", () => ({ hello: "world" }));
    node.http.get("/blocks", () => ({ blocks, last }));
    node.api.expose("greet", ({ name }, caller) => `${greeting}, ${name}, says ${caller}`);
    const starts = await node.storage.get<number>(["starts"]) ?? 0;
    await node.storage.set(["starts"], starts + 1);
    node.log.info("started", { starts: starts + 1 });
  },
});
