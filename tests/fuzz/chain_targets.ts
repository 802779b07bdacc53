import { CommonsError, displayHash, equalBytes } from "../../core/base/mod.ts";
import {
  decodeHeadersQuestion,
  encodeHeadersQuestion,
  MAX_QUESTION_BYTES,
} from "../../core/chain/peer_headers_codec.ts";
import type { FramedTarget } from "./fuzz.ts";

/** Questions of other nodes for headers. */
function headersQuestionTarget(): FramedTarget {
  const hash = displayHash(new Uint8Array(32).fill(7));
  return {
    name: "headers question",
    seeds: [],
    frames: [
      encodeHeadersQuestion({ locator: [hash], count: 2_000 }),
      encodeHeadersQuestion({ locator: Array.from({ length: 30 }, () => hash), stop: hash, count: 7 }),
    ],
    maxBytes: MAX_QUESTION_BYTES,
    run(frame) {
      try {
        const question = decodeHeadersQuestion(frame);
        if (!equalBytes(encodeHeadersQuestion(question), frame)) throw new Error("it is not what was read");
        return "OK";
      } catch (error) {
        if (error instanceof CommonsError) return error.code;
        throw error;
      }
    },
  };
}

/** Readers of what other nodes ask the chain; as `fuzzTargets`. */
export function chainTargets(): readonly FramedTarget[] {
  return [headersQuestionTarget()];
}
