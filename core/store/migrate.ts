import { CommonsError } from "../base/mod.ts";
import { keys } from "./keys.ts";
import { MAX_COMMIT_MUTATIONS } from "./limits.ts";
import type { Mutation, Store } from "./port.ts";

/** One step of the schema, from `version - 1` to `version`. Shipped steps are never changed. */
export interface MigrationStep {
  /** 1 for the first step, then one more each. */
  readonly version: number;
  /** For the log: what it does. */
  readonly title: string;
  /**
   * Answers mutations (at most 499) that are committed together with the new version: all or nothing. A step that
   * must write more does so itself, in a way that may be repeated: it runs again when the node died in the middle.
   */
  readonly up: (store: Store) => Promise<readonly Mutation[] | void>;
}

/** What {@linkcode migrate} did; versions are equal when there was nothing to do. */
export interface MigrationResult {
  readonly from: number;
  readonly to: number;
}

/**
 * Brings the store to the version of the last step, forward only. Call it before anything else uses the store.
 * @throws {CommonsError} `STORE_TOO_NEW` when the store was written by a newer node (nothing is changed),
 * `STORE_CORRUPT` when its version cannot be read
 */
export async function migrate(store: Store, steps: readonly MigrationStep[]): Promise<MigrationResult> {
  steps.forEach(({ version }, i) => {
    if (version !== i + 1) throw new RangeError(`Cannot migrate: step ${i + 1} is numbered ${version}`);
  });
  const from = await schemaVersion(store);
  if (from > steps.length) {
    throw new CommonsError(
      "STORE_TOO_NEW",
      `Cannot use the store: it has schema ${from}, this node knows ${steps.length}; use a newer node`,
      { detail: { found: from, known: steps.length } },
    );
  }
  for (const step of steps.slice(from)) await runStep(store, step);
  return { from, to: steps.length };
}

async function runStep(store: Store, step: MigrationStep): Promise<void> {
  const mutations = await step.up(store) ?? [];
  if (mutations.length >= MAX_COMMIT_MUTATIONS) {
    throw new RangeError(
      `Cannot migrate to schema ${step.version}: it answers ${mutations.length} mutations`,
    );
  }
  await store.commit([...mutations, { type: "set", key: keys.schema(), value: { version: step.version } }]);
}

async function schemaVersion(store: Store): Promise<number> {
  const found = await store.get(keys.schema());
  if (found === undefined) return 0;
  const version = typeof found === "object" && found !== null && "version" in found
    ? found.version
    : undefined;
  if (typeof version === "number" && Number.isSafeInteger(version) && version >= 0) return version;
  throw new CommonsError("STORE_CORRUPT", "Cannot use the store: its schema version cannot be read");
}
