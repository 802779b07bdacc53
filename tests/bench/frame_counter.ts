/** Counts what a notification WebSocket gets. */
export interface FrameCounter extends Disposable {
  /** Resolves when there have been `count` frames of the wanted type. */
  reached(count: number): Promise<void>;
}

/** Opens the WebSocket and counts its frames whose text starts with `start`. */
export async function countFrames(url: string, start: string): Promise<FrameCounter> {
  const socket = new WebSocket(url);
  const opened = Promise.withResolvers<void>();
  let count = 0;
  let wanted = Infinity;
  let tell = () => {};
  let fail = (_error: Error) => {};
  socket.onmessage = ({ data }) => {
    if (data.startsWith(start) && ++count >= wanted) tell();
  };
  socket.onopen = () => opened.resolve();
  socket.onerror = () => opened.reject(new Error(`Cannot open ${url}`));
  socket.onclose = ({ code }) => fail(new Error(`Cannot measure: the node closed the socket with ${code}`));
  await opened.promise;
  return {
    async reached(target) {
      if (count >= target) return;
      await new Promise<void>((resolve, reject) => {
        wanted = target;
        tell = resolve;
        fail = reject;
      });
    },
    [Symbol.dispose]: () => socket.close(),
  };
}
