import { CommonsError, systemRandom, toHex } from "../base/mod.ts";
import { encodeKey } from "./key_codec.ts";
import type { Mutation, Store, StoreKey } from "./port.ts";

/** Bytes of one chunk. */
const CHUNK_BYTES = 60_000;
/** Chunks of one commit: about 720 KB. */
const CHUNKS_PER_COMMIT = 12;
/** Deletes of one commit. */
const DELETES_PER_COMMIT = 100;
/** How often a read starts again when the blob was replaced under it. */
const READ_ATTEMPTS = 5;

const HEAD = "head";
const CHUNK = "chunk";

/** Options of {@linkcode chunkedBlobs}. */
export interface ChunkedBlobsOptions {
  /** Most bytes of one blob; default 64 MiB. */
  readonly maxBytes?: number;
}

/** Values over 64 KiB. Make one for each store, and share it: it keeps writers of one key apart. */
export interface ChunkedBlobs {
  /**
   * Stores `bytes` at `key`. Readers, and a crash at any moment, see the old or the new blob, never a mix.
   * @throws {CommonsError} `BLOB_TOO_LARGE`, and those of {@linkcode Store}
   */
  setBlob(key: StoreKey, bytes: Uint8Array): Promise<void>;
  /** @throws {CommonsError} `STORE_CORRUPT` when a part is missing, and those of {@linkcode Store} */
  getBlob(key: StoreKey): Promise<Uint8Array | undefined>;
  deleteBlob(key: StoreKey): Promise<void>;
}

interface Head {
  /** Names the chunks that belong together. */
  readonly generation: string;
  readonly bytes: number;
  readonly chunks: number;
}

/** Blobs below keys of the caller's choice: `[...key, "head"]` and `[...key, "chunk", generation, index]`. */
export function chunkedBlobs(store: Store, options: ChunkedBlobsOptions = {}): ChunkedBlobs {
  const maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  const inTurn = keyedTurns();
  return {
    async setBlob(key, bytes) {
      if (bytes.length > maxBytes) {
        throw new CommonsError(
          "BLOB_TOO_LARGE",
          `Cannot store a blob: it has ${bytes.length} bytes, at most ${maxBytes}`,
          { detail: { bytes: bytes.length, limit: maxBytes } },
        );
      }
      await inTurn(key, () => replace(store, key, bytes));
    },
    getBlob: (key) => read(store, key),
    deleteBlob: (key) =>
      inTurn(key, async () => {
        await store.delete([...key, HEAD]);
        await sweep(store, key, undefined);
      }),
  };
}

/** New chunks, then the head that points to them, then the old chunks go. */
async function replace(store: Store, key: StoreKey, bytes: Uint8Array): Promise<void> {
  const head: Head = {
    generation: toHex(systemRandom.bytes(8)),
    bytes: bytes.length,
    chunks: Math.ceil(bytes.length / CHUNK_BYTES),
  };
  for (let first = 0; first < head.chunks; first += CHUNKS_PER_COMMIT) {
    const mutations: Mutation[] = [];
    for (let i = first; i < Math.min(head.chunks, first + CHUNKS_PER_COMMIT); i++) {
      const value = bytes.slice(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
      mutations.push({ type: "set", key: [...key, CHUNK, head.generation, i], value });
    }
    await store.commit(mutations);
  }
  await store.set([...key, HEAD], head);
  await sweep(store, key, head.generation);
}

/** Deletes every chunk that the head does not point to, also those that a crash left behind. */
async function sweep(store: Store, key: StoreKey, keep: string | undefined): Promise<void> {
  let doomed: Mutation[] = [];
  for (const prefix of await staleGenerations(store, key, keep)) {
    for await (const entry of store.list({ prefix })) {
      doomed.push({ type: "delete", key: entry.key });
      if (doomed.length < DELETES_PER_COMMIT) continue;
      await store.commit(doomed);
      doomed = [];
    }
  }
  await store.commit(doomed);
}

/** Prefixes of the generations that are there, found by jumping from one to the next. */
async function staleGenerations(store: Store, key: StoreKey, keep: string | undefined): Promise<StoreKey[]> {
  const prefix = [...key, CHUNK];
  const found: StoreKey[] = [];
  let start: StoreKey | undefined;
  for (;;) {
    let next: string | undefined;
    for await (const entry of store.list({ prefix, limit: 1, ...(start && { start }) })) {
      next = String(entry.key[prefix.length]);
    }
    if (next === undefined) return found;
    if (next !== keep) found.push([...prefix, next]);
    start = [...prefix, next + "\0"];
  }
}

async function read(store: Store, key: StoreKey): Promise<Uint8Array | undefined> {
  for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
    const head = parseHead(await store.get([...key, HEAD]));
    if (head === undefined) return undefined;
    const bytes = await readChunks(store, key, head);
    if (bytes) return bytes; // else it was replaced meanwhile
  }
  throw new CommonsError("STORE_CORRUPT", "Cannot read a blob: a part of it is missing");
}

async function readChunks(store: Store, key: StoreKey, head: Head): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(head.bytes);
  let offset = 0;
  for (let first = 0; first < head.chunks; first += CHUNKS_PER_COMMIT) {
    const count = Math.min(CHUNKS_PER_COMMIT, head.chunks - first);
    const chunkKeys = Array.from({ length: count }, (_, i) => [...key, CHUNK, head.generation, first + i]);
    for (const chunk of await store.getMany(chunkKeys)) {
      if (!(chunk instanceof Uint8Array) || offset + chunk.length > bytes.length) return undefined;
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
  }
  return offset === bytes.length ? bytes : undefined;
}

function parseHead(value: unknown): Head | undefined {
  if (value === undefined) return undefined;
  if (
    typeof value === "object" && value !== null && "generation" in value && "bytes" in value &&
    "chunks" in value &&
    typeof value.generation === "string" && typeof value.bytes === "number" &&
    typeof value.chunks === "number"
  ) {
    return { generation: value.generation, bytes: value.bytes, chunks: value.chunks };
  }
  throw new CommonsError("STORE_CORRUPT", "Cannot read a blob: its head cannot be read");
}

/** Runs work on one key after the other; different keys don't wait for each other. */
function keyedTurns(): (key: StoreKey, work: () => Promise<void>) => Promise<void> {
  const last = new Map<string, Promise<void>>();
  return (key, work) => {
    const name = encodeKey(key);
    const before = last.get(name) ?? Promise.resolve();
    const turn = before.then(work, work);
    last.set(name, turn);
    const forget = () => {
      if (last.get(name) === turn) last.delete(name);
    };
    turn.then(forget, forget);
    return turn;
  };
}
