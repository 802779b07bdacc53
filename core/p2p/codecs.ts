import { blockCodec } from "./block_codec.ts";
import type { TopicCodec } from "./codec.ts";

/** Every kind of message that the node reads and writes; topics without one are not joined. */
export const CODECS: readonly TopicCodec[] = Object.freeze([blockCodec]);
