import { concatBytes } from "../../core/base/mod.ts";

const encoder = new TextEncoder();

/** A TCP connection that speaks HTTP by hand, for what `fetch` would not send. */
export interface RawConnection extends Disposable {
  send(text: string): Promise<void>;
  /** Bytes up to and with the empty line behind the head, as text. */
  head(): Promise<string>;
  /** Everything until the other side closes, or `done` says that it is enough. */
  rest(done?: (bytes: Uint8Array) => boolean): Promise<Uint8Array>;
}

/** Connects to the address of a URL. */
export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  let kept: Uint8Array = new Uint8Array(0);
  const more = async () => {
    const part = new Uint8Array(65_536);
    const count = await connection.read(part).catch(() => null); // a reset is an end, too
    if (count === null) return false;
    kept = concatBytes([kept, part.subarray(0, count)]);
    return true;
  };
  return {
    async send(text) {
      for (let rest = encoder.encode(text); rest.length > 0;) {
        rest = rest.subarray(await connection.write(rest));
      }
    },
    async head() {
      const latin = new TextDecoder("latin1");
      for (;;) {
        const end = latin.decode(kept).indexOf("\r\n\r\n");
        if (end !== -1) {
          const head = latin.decode(kept.subarray(0, end + 4));
          kept = kept.slice(end + 4);
          return head;
        }
        if (!await more()) return latin.decode(kept);
      }
    },
    async rest(done = () => false) {
      while (!done(kept) && await more());
      return kept;
    },
    [Symbol.dispose]: () => connection.close(),
  };
}

/** Head of a WebSocket handshake. */
export function upgradeHead(url: string, headers: Readonly<Record<string, string>> = {}): string {
  return requestHead("GET", url, {
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
    ...headers,
  });
}

/** Head of a request; `host` is the URL's own unless it is given. */
export function requestHead(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const { pathname, search, host } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** One frame that a server sent. */
export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** The whole frames in `bytes`; a server's are not masked. */
export function parseFrames(bytes: Uint8Array): readonly ServerFrame[] {
  const frames: ServerFrame[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 2 <= bytes.length;) {
    const short = view.getUint8(at + 1) & 0x7f;
    const size = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + size > bytes.length) break;
    const length = short < 126
      ? short
      : short === 126
      ? view.getUint16(at + 2)
      : Number(view.getBigUint64(at + 2));
    if (at + size + length > bytes.length) break;
    frames.push({ opcode: view.getUint8(at) & 0x0f, payload: bytes.subarray(at + size, at + size + length) });
    at += size + length;
  }
  return frames;
}
