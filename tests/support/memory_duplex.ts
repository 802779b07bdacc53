import type { Duplex } from "../../core/chain/peers/duplex.ts";

/** One direction of a connection in memory. */
class Pipe {
  #parts: Uint8Array[] = [];
  #ended = false;
  #wake = () => {};

  write(bytes: Uint8Array): void {
    if (this.#ended) throw new Error("Cannot write: the connection is closed");
    this.#parts.push(new Uint8Array(bytes));
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Forgets what nobody will read. */
  clear(): void {
    this.#parts = [];
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#parts.length === 0) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    let filled = 0;
    for (let part = this.#parts[0]; part !== undefined && filled < into.length; part = this.#parts[0]) {
      const taken = Math.min(part.length, into.length - filled);
      into.set(part.subarray(0, taken), filled);
      filled += taken;
      if (taken === part.length) this.#parts.shift();
      else this.#parts[0] = part.subarray(taken);
    }
    return filled;
  }
}

class End implements Duplex {
  readonly #in: Pipe;
  readonly #out: Pipe;
  closed = false;

  constructor(incoming: Pipe, outgoing: Pipe) {
    this.#in = incoming;
    this.#out = outgoing;
  }

  async read(into: Uint8Array): Promise<number | null> {
    return await this.#in.read(into);
  }

  async write(bytes: Uint8Array): Promise<number> {
    await Promise.resolve(); // a real one never writes at once either
    this.#out.write(bytes);
    return bytes.length;
  }

  close(): void {
    this.closed = true;
    this.#in.clear();
    this.#in.end();
    this.#out.end();
  }
}

/** An end of a connection in memory. */
export interface MemoryDuplex extends Duplex {
  /** True when this end was closed. */
  readonly closed: boolean;
}

/** Both ends of a connection in memory: what is written to one is read from the other; closing one ends both. */
export function duplexPair(): readonly [MemoryDuplex, MemoryDuplex] {
  const [there, back] = [new Pipe(), new Pipe()];
  return [new End(back, there), new End(there, back)];
}
