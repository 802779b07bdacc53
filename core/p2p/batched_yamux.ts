import { yamux } from "@chainsafe/libp2p-yamux";
import type { MessageStream, Stream, StreamMuxer, StreamMuxerFactory } from "@libp2p/interface";
import type { Clock } from "../base/mod.ts";
import { endWithMuxer } from "./muxer_end.ts";
import { SendBatch, TurnEnd } from "./send_batch.ts";

type Yamux = ReturnType<typeof yamux>;

/** Second byte of a frame that says goodbye (Yamux specification); the connection may close right behind it. */
const GO_AWAY = 3;

/**
 * Streams that a peer may open before the connection is handed over, which waits for the gater. The library's ten are
 * fewer than a node asks of its first DHT peer in one turn, and one more ends the muxer.
 */
const MAX_EARLY_STREAMS = 128;
/** Streams that a peer may have open at once, also before they say what they are for; more are refused one by one. */
const MAX_INBOUND_STREAMS = 256;

/**
 * Yamux that sends at the end of each turn of the event loop: what was written to a stream in one turn shares a frame,
 * and all frames of one turn share a Noise packet and a write. Plain, each message is framed, encrypted and written by
 * itself, in two system calls, and answered by a window update in two more: under load most of what a node does. On the
 * wire nothing differs but the sizes.
 */
export function batchedYamux(components: { readonly clock: Clock }): Yamux {
  const inner = yamux({ maxEarlyStreams: MAX_EARLY_STREAMS, maxInboundStreams: MAX_INBOUND_STREAMS });
  return () => {
    const factory: StreamMuxerFactory = inner();
    const create = factory.createStreamMuxer.bind(factory);
    const createStreamMuxer = (connection: MessageStream) => {
      const turn = new TurnEnd();
      const muxer = create(batchedConnection(connection, turn));
      endWithMuxer(connection, muxer, components.clock);
      return batchedMuxer(muxer, turn);
    };
    return Object.assign(factory, { createStreamMuxer }) as ReturnType<Yamux>; // it still is what `yamux` made
  };
}

/** Lets a connection gather what the muxer above it sends; nobody else does. */
export function batchedConnection<T extends MessageStream>(connection: T, turn: TurnEnd): T {
  const batch = new SendBatch(connection, connection.send.bind(connection));
  turn.last = () => batch.flushLate();
  connection.send = (data) => {
    const canSendMore = batch.add(data);
    const [start] = data instanceof Uint8Array ? [data] : data;
    if (start?.[1] === GO_AWAY) return batch.flush();
    turn.plan();
    return canSendMore;
  };
  return connection;
}

/** The streams that this side opens; on the others the protocols of this node only answer. */
function batchedMuxer(muxer: StreamMuxer, turn: TurnEnd): StreamMuxer {
  const createStream = muxer.createStream.bind(muxer);
  muxer.createStream = async (options) => batchedStream(await createStream(options), turn);
  return muxer;
}

/** Lets a stream gather what is sent; closing it sends what waits first. */
export function batchedStream<T extends Pick<Stream, "send" | "close" | "writableNeedsDrain">>(
  stream: T,
  turn: TurnEnd,
): T {
  const batch = new SendBatch(stream, stream.send.bind(stream));
  const close = stream.close.bind(stream);
  const flush = () => batch.flushLate();
  stream.send = (data) => {
    turn.plan(flush);
    return batch.add(data);
  };
  stream.close = (options) => {
    flush();
    return close(options);
  };
  return stream;
}
