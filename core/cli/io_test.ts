import { expect } from "expect";

Deno.test("systemIo() fetches past the proxies of the environment", async (t) => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("direct"),
  );
  const script = `
    const { systemIo } = await import(${JSON.stringify(import.meta.resolve("./io.ts"))});
    const io = systemIo();
    io.out(await (await io.fetch("http://127.0.0.1:${server.addr.port}/")).text());`;
  // one process each: Deno reads the variables once
  for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]) {
    await t.step(name, async () => {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-lock", script],
        env: { [name]: "http://127.0.0.1:1", NO_PROXY: "", no_proxy: "" },
      });
      const { stdout } = await child.output();
      expect(new TextDecoder().decode(stdout)).toBe("direct");
    });
  }
});
