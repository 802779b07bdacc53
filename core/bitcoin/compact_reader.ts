import { CommonsError } from "../base/mod.ts";

/** Options of {@linkcode CompactReader}. */
export interface CompactReaderOptions {
  /** What is read, for error messages; default `bytes`. */
  readonly what?: string;
}

/**
 * Reads Bitcoin's binary format: little-endian numbers, counts as CompactSize, each at most as large as the bytes that
 * are left can hold. What it hands out are views: they share their memory with the bytes that it was given.
 *
 * All methods throw `CommonsError`: `TRUNCATED` when more bytes are asked for than are left, `NOT_CANONICAL` for a
 * CompactSize in a longer form than it needs, `TOO_LARGE` for one above its limit.
 */
export class CompactReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #offset = 0;

  constructor(bytes: Uint8Array, options: CompactReaderOptions = {}) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = options.what ?? "bytes";
  }

  /** Bytes that were read. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  /** Big endian, as ports are. */
  uint16be(): number {
    return this.#view.getUint16(this.#advance(2), false);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** A CompactSize in its shortest form, at most 2^53 − 1. */
  compactSize(): number {
    const first = this.uint8();
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.#canonical(this.uint16(), 0xfd);
    if (first === 0xfe) return this.#canonical(this.uint32(), 0x1_0000);
    const large = this.uint64();
    if (large > Number.MAX_SAFE_INTEGER) this.#fail("TOO_LARGE", `a count of ${large}`);
    return this.#canonical(Number(large), 0x1_0000_0000);
  }

  /** A CompactSize that counts things of at least `leastBytes` each: no more than can still come, nor than `most`. */
  count(leastBytes: number, most = Infinity): number {
    const count = this.compactSize();
    if (count > most) this.#fail("TOO_LARGE", `a count of ${count}, at most ${most} is allowed`);
    if (count * leastBytes > this.remaining) {
      this.#fail("TRUNCATED", `${count} items cannot be in the ${this.remaining} bytes left`);
    }
    return count;
  }

  /** The next `length` bytes. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Bytes behind their length. */
  varBytes(most = Infinity): Uint8Array {
    return this.take(this.count(1, most));
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** What was read from `offset` on. */
  since(offset: number): Uint8Array {
    return this.#bytes.subarray(offset, this.#offset);
  }

  /** The next byte, without moving on. */
  peek(): number {
    const byte = this.uint8();
    this.#offset--;
    return byte;
  }

  /** @throws {CommonsError} `TRAILING_BYTES` unless everything was read */
  end(): void {
    if (this.remaining > 0) this.#fail("TRAILING_BYTES", `${this.remaining} bytes too many`);
  }

  /** Moves on by `length` and answers where it was. */
  #advance(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) {
      this.#fail("TRUNCATED", `need ${length} bytes at ${start}, have ${this.remaining}`);
    }
    this.#offset = start + length;
    return start;
  }

  #canonical(value: number, least: number): number {
    if (value < least) this.#fail("NOT_CANONICAL", `${value} is written longer than it needs`);
    return value;
  }

  #fail(code: Uppercase<string>, state: string): never {
    throw new CommonsError(code, `Cannot read ${this.#what}: ${state}`);
  }
}
