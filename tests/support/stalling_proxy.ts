/** A TCP relay that can stop reading: what is behind it looks like a peer that reads too slowly, for ever. */
export interface StallingProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on nothing more comes back from the target. */
  stall(): void;
}

/** Relays connections to `port` of loopback. Needs `--allow-net` for loopback. */
export function stallingProxy(port: number): StallingProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open: Deno.TcpConn[] = [];
  const released = Promise.withResolvers<void>();
  let stalled = false;
  const pump = async (from: Deno.TcpConn, to: Deno.TcpConn, mayStall: boolean) => {
    const buffer = new Uint8Array(16_384);
    for (;;) {
      if (mayStall && stalled) return await released.promise;
      const count = await from.read(buffer);
      if (count === null) return;
      for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
    }
  };
  const serving = (async () => {
    const pumps: Promise<void>[] = [];
    for await (const client of listener) {
      const target = await Deno.connect({ hostname: "127.0.0.1", port });
      open.push(client, target);
      for (const work of [pump(client, target, false), pump(target, client, true)]) {
        pumps.push(work.catch(() => {})); // a closed connection is what ends it
      }
    }
    await Promise.all(pumps);
  })();
  return {
    port: listener.addr.port,
    stall: () => void (stalled = true),
    async [Symbol.asyncDispose]() {
      listener.close();
      released.resolve();
      for (const connection of open) {
        try {
          connection.close();
        } catch {
          // closed already
        }
      }
      await serving;
    },
  };
}
