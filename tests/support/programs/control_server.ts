// A server that does nothing but answer: how late its answers come is the machine's doing.
Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) },
  () => new Response("OK"),
);
