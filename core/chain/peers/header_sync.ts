import type { HashHex, Timer } from "../../base/mod.ts";
import { HeaderTalk, type HeaderTalkComponents, type TurnKeeper } from "./header_talk.ts";
import type { PeerHandle } from "./peer_types.ts";

/** How often is looked whether a peer should be asked again. */
const LOOK_MS = 30_000;
/** A peer that has said nothing new for so long is asked. */
const ASK_AGAIN_MS = 10 * 60_000;
const RETRY_MS = 30_000;

/**
 * Headers of all peers. One at a time has the turn, and sends all that the chain lacks; then the next one is asked, so
 * that each has told its chain. What peers announce is taken at any time.
 */
export class HeaderSync implements TurnKeeper {
  readonly #components: HeaderTalkComponents;
  readonly #talks = new Map<PeerHandle, HeaderTalk>();
  /** Monotonic milliseconds when to ask again. */
  readonly #due = new Map<HeaderTalk, number>();
  /** Talks that end. */
  readonly #ending = new Set<Promise<void>>();
  #waiting: HeaderTalk[] = [];
  #active: HeaderTalk | undefined;
  #timer: Timer | undefined;

  constructor(components: HeaderTalkComponents) {
    this.#components = components;
  }

  start(): void {
    this.#timer ??= this.#components.clock.every(LOOK_MS, () => this.#look());
  }

  async stop(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    for (const peer of [...this.#talks.keys()]) this.remove(peer);
    await Promise.all(this.#ending);
  }

  /** A peer can be asked from now on. */
  add(peer: PeerHandle): void {
    const talk = new HeaderTalk(this.#components, { peer, turns: this });
    this.#talks.set(peer, talk);
    this.want(talk);
  }

  /** A peer is gone. */
  remove(peer: PeerHandle): void {
    const talk = this.#talks.get(peer);
    if (talk === undefined) return;
    this.#talks.delete(peer);
    this.#due.delete(talk);
    this.#waiting = this.#waiting.filter((other) => other !== talk);
    const ending = talk.end().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    if (this.#active === talk) this.#active = undefined;
    this.#grant();
  }

  headers(peer: PeerHandle, headers: Uint8Array<ArrayBuffer>): void {
    this.#talks.get(peer)?.receive(headers);
  }

  announced(peer: PeerHandle, hash: HashHex): void {
    this.#talks.get(peer)?.announced(hash);
  }

  /** True for the peer that sends many headers now. */
  isSyncing(peer: PeerHandle): boolean {
    return this.#talks.get(peer)?.syncing === true;
  }

  busy(talk: HeaderTalk): boolean {
    return this.#active !== undefined && this.#active !== talk;
  }

  want(talk: HeaderTalk): void {
    if (this.#active === talk || this.#waiting.includes(talk) || !this.#talks.has(talk.peer)) return;
    this.#waiting.push(talk);
    this.#grant();
  }

  done(talk: HeaderTalk, { failed }: { readonly failed: boolean }): void {
    if (this.#active === talk) this.#active = undefined;
    const now = this.#components.clock.monotonic();
    if (this.#talks.has(talk.peer)) this.#due.set(talk, now + (failed ? RETRY_MS : ASK_AGAIN_MS));
    this.#grant();
  }

  alternative(talk: HeaderTalk): boolean {
    return [...this.#talks.values()].some((other) => other !== talk);
  }

  #grant(): void {
    if (this.#active !== undefined) return;
    this.#active = this.#waiting.shift();
    this.#active?.begin();
  }

  #look(): void {
    const now = this.#components.clock.monotonic();
    for (const [talk, due] of this.#due) {
      if (due > now) continue;
      this.#due.delete(talk);
      this.want(talk);
    }
  }
}
