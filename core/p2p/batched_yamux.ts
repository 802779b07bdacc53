import { yamux } from "@chainsafe/libp2p-yamux";
import type { MessageStream, StreamMuxerFactory } from "@libp2p/interface";
import { afterTurn } from "../base/mod.ts";

type Bytes = Parameters<MessageStream["send"]>[0];
type Yamux = ReturnType<typeof yamux>;

/** Bytes that are not held back any longer; with one more message still one packet of Noise (65,519 at most). */
const FULL = 48 * 1024;
/** Second byte of a frame that says goodbye (Yamux specification); the connection may close right behind it. */
const GO_AWAY = 3;

/**
 * Yamux whose frames of one turn of the event loop share a Noise packet and a write. Plain, each frame is encrypted and
 * written by itself, in two system calls, and each received message is answered by a window update in two more: under
 * load most of what a node does. On the wire nothing differs but the size of the packets.
 */
export function batchedYamux(): Yamux {
  const inner = yamux();
  return () => {
    const factory: StreamMuxerFactory = inner();
    const create = factory.createStreamMuxer.bind(factory);
    return Object.assign(factory, {
      createStreamMuxer: (connection: MessageStream) => create(batched(connection)),
    }) as ReturnType<Yamux>; // it still is what `yamux` made
  };
}

/** Lets `connection` gather what is sent in one turn; only the muxer above it sends. */
export function batched<T extends MessageStream>(connection: T): T {
  const send = connection.send.bind(connection);
  let waiting: Uint8Array[] = [];
  let size = 0;
  let planned = false;

  const flush = (): boolean => {
    if (size === 0) return !connection.writableNeedsDrain;
    const bytes = joined(waiting, size);
    waiting = [];
    size = 0;
    return send(bytes);
  };
  const flushLater = () => {
    planned = false;
    try {
      flush();
    } catch {
      // the connection has ended meanwhile, which it tells by its own event: what was on its way is lost either way
    }
  };
  connection.send = (data: Bytes): boolean => {
    const bytes = data instanceof Uint8Array ? [data] : [...data];
    waiting.push(...bytes);
    size += data.byteLength;
    if (size >= FULL || bytes[0]?.[1] === GO_AWAY) return flush();
    if (!planned) {
      planned = true;
      afterTurn(flushLater);
    }
    return !connection.writableNeedsDrain;
  };
  return connection;
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
