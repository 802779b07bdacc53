/** The baseline of the channel benches: a bare permission-restricted Worker in this process that echoes. */
export interface Echo extends Disposable {
  /** Microseconds for one object there and back, one at a time. */
  roundTrip(count: number): Promise<number>;
  /** Objects a second there and back, `inFlight` on their way. */
  pipelined(count: number, inFlight: number): Promise<number>;
}

/** As small as the call that it stands for. */
const MESSAGE = { id: 1, method: "modules.available", params: ["probe"] };

export function startEcho(): Echo {
  const worker = new Worker(new URL("./programs/echo_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  });
  return {
    async roundTrip(count) {
      const start = performance.now();
      for (let i = 0; i < count; i++) {
        await new Promise((resolve) => {
          worker.onmessage = resolve;
          worker.postMessage(MESSAGE);
        });
      }
      return (performance.now() - start) * 1_000 / count;
    },
    async pipelined(count, inFlight) {
      const start = performance.now();
      await new Promise<void>((resolve) => {
        let sent = 0;
        let back = 0;
        worker.onmessage = () => {
          if (++back === count) return resolve();
          if (sent < count) send();
        };
        const send = () => {
          sent++;
          worker.postMessage(MESSAGE);
        };
        while (sent < Math.min(inFlight, count)) send();
      });
      return count / (performance.now() - start) * 1_000;
    },
    [Symbol.dispose]: () => worker.terminate(),
  };
}
