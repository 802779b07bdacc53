/** Frames of a notification WebSocket, in order. */
export interface SocketFrames extends AsyncDisposable {
  /** The next frame, parsed. */
  next(): Promise<unknown>;
}

/** Opens a notification WebSocket; every frame from the first on is kept. */
export async function openSocket(url: string): Promise<SocketFrames> {
  const socket = new WebSocket(url.replace(/^http/, "ws"));
  const frames: unknown[] = [];
  let wake = () => {};
  const closed = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    frames.push(JSON.parse(data));
    wake();
  };
  socket.onopen = () => opened.resolve();
  socket.onerror = () => opened.reject(new Error(`Cannot open ${url}`));
  socket.onclose = () => closed.resolve();
  await opened.promise;
  return {
    async next() {
      while (frames.length === 0) await new Promise<void>((resolve) => wake = resolve);
      return frames.shift();
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed.promise;
    },
  };
}

/** Server-sent events, in order. */
export interface EventFrames extends AsyncDisposable {
  readonly status: number;
  /** The next event's parsed data. */
  next(): Promise<unknown>;
}

/** Opens an event stream. */
export async function openEvents(url: string): Promise<EventFrames> {
  const abort = new AbortController();
  const response = await fetch(url, { signal: abort.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    status: response.status,
    async next() {
      for (;;) {
        const found = /(?:^|\n)data: (.*)\n\n/.exec(text);
        if (found) {
          text = text.slice(found.index + found[0].length);
          return JSON.parse(found[1] ?? "");
        }
        const part = await reader?.read();
        if (part?.value === undefined) throw new Error(`The event stream ended; what is left: ${text}`);
        text += part.value;
      }
    },
    async [Symbol.asyncDispose]() {
      abort.abort();
      await reader?.cancel().catch(() => {}); // it has failed by the abort already
    },
  };
}
