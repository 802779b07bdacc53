/** Writes Bitcoin's binary format: little-endian numbers, counts as CompactSize in their shortest form. */
export class CompactWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  /** Begins with room for `capacity` bytes; grows as it must. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(Math.max(16, capacity));
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  uint8(value: number): this {
    const at = this.#grow(1); // first: it may make another view
    this.#view.setUint8(at, value);
    return this;
  }

  uint16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  /** Big endian, as ports are. */
  uint16be(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, false);
    return this;
  }

  int32(value: number): this {
    const at = this.#grow(4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  uint32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  int64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigInt64(at, value, true);
    return this;
  }

  uint64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  /** @throws {RangeError} unless `value` is a whole number from 0 to 2^53 − 1 */
  compactSize(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`Cannot write a count: it must be a whole number from 0 on, is ${value}`);
    }
    if (value < 0xfd) return this.uint8(value);
    if (value <= 0xffff) return this.uint8(0xfd).uint16(value);
    if (value <= 0xffff_ffff) return this.uint8(0xfe).uint32(value);
    return this.uint8(0xff).uint64(BigInt(value));
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Bytes behind their length. */
  varBytes(bytes: Uint8Array): this {
    return this.compactSize(bytes.length).bytes(bytes);
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room for `length` more bytes and answers where they go. */
  #grow(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}
