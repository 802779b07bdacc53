import { expect } from "expect";
import { openWebSocket } from "./web_sockets.ts";

/** A server that says something the moment that somebody comes. */
function talkative(): AsyncDisposable & { readonly url: string } {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () =>
      ["one", "two", "three"].forEach((text) => socket.send(new TextEncoder().encode(text)));
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  });
  return {
    url: `ws://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("openWebSocket() loses nothing that the other side says first", async () => {
  await using server = talkative();
  for (let round = 0; round < 20; round++) {
    const socket = await openWebSocket(server.url);
    await new Promise((resolve) => setTimeout(resolve, round % 3)); // somebody takes his time
    const heard: string[] = [];
    const all = Promise.withResolvers<void>();
    socket.addEventListener("message", ({ data }) => {
      heard.push(new TextDecoder().decode(data));
      if (heard.length === 4) all.resolve();
    });
    socket.send(new TextEncoder().encode("four"));
    await all.promise;
    expect(heard).toEqual(["one", "two", "three", "four"]);
    const closed = new Promise((resolve) => socket.addEventListener("close", resolve, { once: true }));
    socket.close();
    await closed;
  }
});

Deno.test("openWebSocket() fails in words", async (t) => {
  await t.step("nobody there", async () => {
    await expect(openWebSocket("ws://127.0.0.1:1")).rejects.toMatchObject({ code: "DIAL_FAILED" });
  });
  await t.step("aborted before", async () => {
    const signal = AbortSignal.abort(new Error("no more"));
    await expect((async () => await openWebSocket("ws://127.0.0.1:1", { signal }))()).rejects.toThrow(
      "no more",
    );
  });
  await t.step("aborted while it opens", async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }); // takes connections and says nothing
    const accepted = listener.accept();
    const abort = new AbortController();
    const opening = openWebSocket(`ws://127.0.0.1:${listener.addr.port}`, { signal: abort.signal });
    const connection = await accepted;
    abort.abort(new Error("no more"));
    await expect(opening).rejects.toThrow("no more");
    connection.close();
    listener.close();
  });
});
