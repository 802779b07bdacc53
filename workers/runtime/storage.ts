import { NodeApiError } from "../sdk/errors.ts";
import type { Atomic, Key, Storage, StorageEntry, StorageListOptions, Value } from "../sdk/types.ts";
import type { NodeCalls } from "./node_calls.ts";

/** First part of the keys that the SDK keeps for itself. */
export const RESERVED = "$sdk";

/** The module's storage, without the keys of the SDK. */
export function createStorage(calls: NodeCalls): Storage {
  const raw = createRawStorage(calls);
  return Object.freeze({
    ...raw,
    get: <T>(key: Key) => guarded(key, () => raw.get<T>(key)),
    set: (key: Key, value: Value) => guarded(key, () => raw.set(key, value)),
    delete: (key: Key) => guarded(key, () => raw.delete(key)),
    async list<T>(options?: StorageListOptions) {
      return (await raw.list<T>(options)).filter(({ key }) => key[0] !== RESERVED);
    },
    atomic: () => createAtomic(calls, checkKey),
  });
}

/** All of the storage, for the SDK itself. */
export function createRawStorage(calls: NodeCalls): Storage {
  return Object.freeze({
    async get<T>(key: Key): Promise<T | undefined> {
      return (await calls.call("storage.get", [key]) ?? undefined) as T | undefined;
    },
    async set(key: Key, value: Value) {
      await calls.call("storage.set", [key, value]);
    },
    async delete(key: Key) {
      await calls.call("storage.delete", [key]);
    },
    async list<T>(options: StorageListOptions = {}) {
      return await calls.call("storage.list", [options]) as StorageEntry<T>[];
    },
    atomic: () => createAtomic(calls, () => {}),
    usage: () => calls.call("storage.usage", []) as Promise<never>,
    async clear() {
      await calls.call("storage.clear", []);
    },
  });
}

function createAtomic(calls: NodeCalls, check: (key: Key) => void): Atomic {
  const checks: unknown[] = [];
  const mutations: unknown[] = [];
  const add = (list: unknown[], entry: { readonly key: Key }) => {
    check(entry.key);
    list.push(entry);
    return atomic;
  };
  const atomic: Atomic = Object.freeze({
    check: (key: Key, expected: Value) => add(checks, valued({ key }, expected)),
    set: (key: Key, value: Value) => add(mutations, valued({ type: "set", key }, value)),
    delete: (key: Key) => add(mutations, valued({ type: "delete", key }, undefined)),
    commit: async () => await calls.call("storage.atomic", [{ checks, mutations }]) === true,
  });
  return atomic;
}

function valued(entry: { readonly type?: string; readonly key: Key }, value: Value | undefined) {
  return value === undefined ? entry : { ...entry, value };
}

async function guarded<T>(key: Key, work: () => Promise<T>): Promise<T> {
  checkKey(key);
  return await work();
}

function checkKey(key: Key): void {
  if (!Array.isArray(key) || key[0] !== RESERVED) return;
  throw new NodeApiError(
    "INVALID_PARAMS",
    `Cannot use a key: those that begin with "${RESERVED}" are the SDK's`,
  );
}
