import {
  CommonsError,
  concatBytes,
  displayHash,
  fromHex,
  type HashHex,
  HEADER_BYTES,
  reversed,
} from "../base/mod.ts";

/** Name of the protocol on the wire; an answer's headers follow the first hash of the locator that the other side has. */
export const PEER_HEADERS_PROTOCOL = "/commons/chain/headers/1.0.0";
export const MAX_LOCATOR_HASHES = 101;
export const MAX_ANSWER_HEADERS = 2_000;
export const MAX_QUESTION_BYTES = 2 + 32 * (MAX_LOCATOR_HASHES + 1) + 2;
export const MAX_ANSWER_BYTES = MAX_ANSWER_HEADERS * HEADER_BYTES;

const VERSION = 1;
const HASH_BYTES = 32;

/** A question for headers. */
export interface HeadersQuestion {
  /** 1 to 101 hashes of the asker's chain, the highest first. */
  readonly locator: readonly HashHex[];
  /** The last header that is wanted; absent means as many as may be. */
  readonly stop?: HashHex | undefined;
  /** 1 to 2,000. */
  readonly count: number;
}

/**
 * A question as bytes: version 1; number of hashes; the hashes in wire order; the hash to stop at, or zeros; the count as
 * two bytes, the lower first.
 */
export function encodeHeadersQuestion({ locator, stop, count }: HeadersQuestion): Uint8Array<ArrayBuffer> {
  const hashes = locator.slice(0, MAX_LOCATOR_HASHES);
  return concatBytes([
    Uint8Array.of(VERSION, hashes.length),
    ...hashes.map(wireHash),
    stop === undefined ? new Uint8Array(HASH_BYTES) : wireHash(stop),
    Uint8Array.of(count & 0xff, count >> 8),
  ]);
}

/** @throws {CommonsError} `BAD_QUESTION` */
export function decodeHeadersQuestion(bytes: Uint8Array): HeadersQuestion {
  const [version, hashes = 0] = bytes;
  if (version !== VERSION) throw bad("its version is unknown");
  if (hashes < 1 || hashes > MAX_LOCATOR_HASHES) throw bad(`it has ${hashes} hashes`);
  const stopAt = 2 + hashes * HASH_BYTES;
  const countAt = stopAt + HASH_BYTES;
  if (bytes.length !== countAt + 2) throw bad(`it has ${bytes.length} bytes`);
  const count = (bytes[countAt] ?? 0) + 256 * (bytes[countAt + 1] ?? 0);
  if (count < 1 || count > MAX_ANSWER_HEADERS) throw bad(`it asks for ${count} headers`);
  const locator: HashHex[] = [];
  for (let at = 2; at < stopAt; at += HASH_BYTES) {
    locator.push(displayHash(bytes.subarray(at, at + HASH_BYTES)));
  }
  const stop = bytes.subarray(stopAt, countAt);
  return { locator, count, ...(stop.some((byte) => byte !== 0) && { stop: displayHash(stop) }) };
}

/** Checks the form of an answer. @throws {CommonsError} `BAD_ANSWER` */
export function assertHeadersAnswer(bytes: Uint8Array): void {
  if (bytes.length % HEADER_BYTES === 0 && bytes.length <= MAX_ANSWER_BYTES) return;
  throw new CommonsError("BAD_ANSWER", `Cannot read the headers of a peer: it sent ${bytes.length} bytes`);
}

function wireHash(hash: HashHex): Uint8Array<ArrayBuffer> {
  return reversed(fromHex(hash, { length: HASH_BYTES, title: "the hash" }));
}

function bad(state: string): CommonsError {
  return new CommonsError("BAD_QUESTION", `Cannot read the question for headers: ${state}`);
}
