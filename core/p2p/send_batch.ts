import type { MessageStream } from "@libp2p/interface";
import { afterTurn } from "../base/mod.ts";

type Send = MessageStream["send"];

/** Bytes that are not held back any longer; with one more message still one packet of Noise (65,519 at most). */
const FULL = 48 * 1024;

/** What waits to be sent in one piece. */
export class SendBatch {
  readonly #target: Pick<MessageStream, "writableNeedsDrain">;
  readonly #send: Send;
  #waiting: Uint8Array[] = [];
  #size = 0;

  constructor(target: Pick<MessageStream, "writableNeedsDrain">, send: Send) {
    this.#target = target;
    this.#send = send;
  }

  /** Holds bytes back, or sends them when it has become many; false when the target takes no more for now. */
  add(data: Parameters<Send>[0]): boolean {
    if (data instanceof Uint8Array) this.#waiting.push(data);
    else this.#waiting.push(...data);
    this.#size += data.byteLength;
    return this.#size >= FULL ? this.flush() : !this.#target.writableNeedsDrain;
  }

  /** Sends what waits; answers and throws what sending does. */
  flush(): boolean {
    if (this.#size === 0) return !this.#target.writableNeedsDrain;
    const bytes = joined(this.#waiting, this.#size);
    this.#waiting = [];
    this.#size = 0;
    return this.#send(bytes);
  }

  /** As `flush`, when nobody is there any more to be told. */
  flushLate(): void {
    try {
      this.flush();
    } catch {
      // the target has ended meanwhile, which it tells by its own event: what was on its way is lost either way
    }
  }
}

/** What is to be done at the end of the turn, once each, `last` after the rest. */
export class TurnEnd {
  last: () => void = () => {};
  readonly #planned = new Set<() => void>();
  #awaited = false;

  plan(work?: () => void): void {
    if (work !== undefined) this.#planned.add(work);
    if (this.#awaited) return;
    this.#awaited = true;
    afterTurn(() => this.#run());
  }

  #run(): void {
    for (const work of this.#planned) work();
    this.#planned.clear();
    this.#awaited = false; // what was sent just now is in what `last` sends
    this.last();
  }
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
