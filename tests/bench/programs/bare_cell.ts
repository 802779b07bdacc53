/** The baseline of `cell_start` and `cell_memory`: a bare Deno process that starts a bare Worker and says so. */
const worker = new Worker(new URL("./bare_worker.ts", import.meta.url), {
  type: "module",
  deno: { permissions: "none" },
});
worker.onmessage = () => console.log("up");
