import { NotFoundError } from "@libp2p/interface";
import type { Libp2pOptions } from "libp2p";

/** The key-value store that libp2p keeps addresses, tags and records of the DHT in. */
export type Datastore = NonNullable<Libp2pOptions["datastore"]>;
type Key = Parameters<Datastore["get"]>[0];
type Pair = Parameters<Datastore["putMany"]>[0] extends AsyncIterable<infer P> | Iterable<infer P> ? P
  : never;

/** Entries by the first part of their key; what strangers can fill has its own room. */
const LIMITS = { peers: 20_000, provider: 10_000, rest: 1_000 } as const;
type Area = keyof typeof LIMITS;
/** Providers of one thing: all of them are sent to whoever asks. */
const MAX_PROVIDERS = 256;
const PROVIDERS = "/dht/provider/";

interface Entry {
  readonly key: Key;
  readonly value: Uint8Array;
  readonly shelf: string;
}

/**
 * A datastore in memory that forgets what was used longest ago. libp2p's own grows with everybody who ever connected or
 * announced something. Keys with the same parent are found without looking at all others: a question for the providers
 * of one thing is answered in the time of that thing's list.
 */
export class BoundedDatastore implements Datastore {
  readonly #pinned: string;
  readonly #areas: Readonly<Record<Area, Map<string, Entry>>> = {
    peers: new Map(),
    provider: new Map(),
    rest: new Map(),
  };
  /** Entries by the parent of their key. */
  readonly #shelves = new Map<string, Map<string, Entry>>();

  /** @param init `pinned` is a key that is never forgotten: the node's own entry. */
  constructor(init: { readonly pinned: string }) {
    this.#pinned = init.pinned;
  }

  get size(): number {
    return Object.values(this.#areas).reduce((sum, { size }) => sum + size, 0);
  }

  get(key: Key): Uint8Array {
    const text = key.toString();
    const area = this.#areas[areaOf(text)];
    const entry = area.get(text);
    if (entry === undefined) throw new NotFoundError("there is no such key");
    area.delete(text); // used now: the youngest
    area.set(text, entry);
    return entry.value;
  }

  has(key: Key): boolean {
    const text = key.toString();
    return this.#areas[areaOf(text)].has(text);
  }

  put(key: Key, value: Uint8Array): Key {
    const text = key.toString();
    const name = areaOf(text);
    const area = this.#areas[name];
    this.#remove(text);
    for (const oldest of area.keys()) {
      if (area.size < LIMITS[name]) break;
      if (oldest !== this.#pinned) this.#remove(oldest);
    }
    const entry: Entry = { key, value, shelf: shelfOf(text) };
    if (name === "provider") this.#makeRoomOn(entry.shelf);
    area.set(text, entry);
    let shelf = this.#shelves.get(entry.shelf);
    if (shelf === undefined) this.#shelves.set(entry.shelf, shelf = new Map());
    shelf.set(text, entry);
    return key;
  }

  delete(key: Key): void {
    this.#remove(key.toString());
  }

  async *putMany(source: AsyncIterable<Pair> | Iterable<Pair>): AsyncGenerator<Key> {
    for await (const { key, value } of source) yield this.put(key, value);
  }

  async *getMany(source: AsyncIterable<Key> | Iterable<Key>): AsyncGenerator<Pair> {
    for await (const key of source) yield { key, value: this.get(key) };
  }

  async *deleteMany(source: AsyncIterable<Key> | Iterable<Key>): AsyncGenerator<Key> {
    for await (const key of source) {
      this.delete(key);
      yield key;
    }
  }

  batch(): ReturnType<Datastore["batch"]> {
    const work: (() => void)[] = [];
    return {
      put: (key, value) => void work.push(() => this.put(key, value)),
      delete: (key) => void work.push(() => this.delete(key)),
      commit: () => work.splice(0).forEach((step) => step()),
    };
  }

  *query(query: Parameters<Datastore["query"]>[0]): Generator<Pair> {
    const { prefix = "", filters = [], orders = [], offset = 0, limit = Infinity } = query;
    const found = this.#below(prefix).filter((pair) => filters.every((filter) => filter(pair)));
    for (const order of orders) found.sort(order);
    yield* found.slice(offset, offset + limit);
  }

  *queryKeys(query: Parameters<Datastore["queryKeys"]>[0]): Generator<Key> {
    const { prefix = "", filters = [], orders = [], offset = 0, limit = Infinity } = query;
    const found = this.#below(prefix).map(({ key }) => key)
      .filter((key) => filters.every((filter) => filter(key)));
    for (const order of orders) found.sort(order);
    yield* found.slice(offset, offset + limit);
  }

  #makeRoomOn(name: string): void {
    const shelf = this.#shelves.get(name);
    for (const oldest of shelf?.keys() ?? []) {
      if ((shelf?.size ?? 0) < MAX_PROVIDERS) return;
      this.#remove(oldest);
    }
  }

  #below(prefix: string): Pair[] {
    if (prefix.startsWith(PROVIDERS) && !prefix.includes("/", PROVIDERS.length)) { // the question that strangers ask
      return [...this.#shelves.get(prefix)?.values() ?? []].map(pairOf);
    }
    const found: Pair[] = [];
    for (const [shelf, entries] of this.#shelves) {
      if (!shelf.startsWith(prefix) && !prefix.startsWith(shelf)) continue;
      for (const [text, entry] of entries) if (text.startsWith(prefix)) found.push(pairOf(entry));
    }
    return found;
  }

  #remove(text: string): void {
    const area = this.#areas[areaOf(text)];
    const entry = area.get(text);
    if (entry === undefined) return;
    area.delete(text);
    const shelf = this.#shelves.get(entry.shelf);
    shelf?.delete(text);
    if (shelf?.size === 0) this.#shelves.delete(entry.shelf);
  }
}

function areaOf(text: string): Area {
  if (text.startsWith("/peers/")) return "peers";
  return text.startsWith(PROVIDERS) ? "provider" : "rest";
}

function shelfOf(text: string): string {
  return text.slice(0, text.lastIndexOf("/"));
}

function pairOf({ key, value }: Entry): Pair {
  return { key, value };
}
