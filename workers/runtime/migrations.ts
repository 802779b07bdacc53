import type { Migration, Storage } from "../sdk/types.ts";
import { RESERVED } from "./storage.ts";

const VERSION_KEY = [RESERVED, "version"] as const;

/**
 * Brings the stored data to the newest version, step by step. The version is written after each step, and only if it is
 * still the one before.
 * @throws {TypeError} for a list that is not in order, or data of a newer version than the list knows
 */
export async function runMigrations(
  migrations: readonly Migration[],
  { own, raw }: { readonly own: Storage; readonly raw: Storage },
): Promise<void> {
  checkList(migrations);
  const newest = migrations.at(-1)?.version;
  if (newest === undefined) return;
  const stored = await raw.get(VERSION_KEY);
  let version = typeof stored === "number" ? stored : 0;
  if (version > newest) {
    throw new TypeError(
      `Cannot start: the stored data has version ${version}, this code knows up to ${newest}`,
    );
  }
  for (const step of migrations) {
    if (step.version <= version) continue;
    await step.up(own);
    const before = version === 0 ? null : version;
    if (!await raw.atomic().check(VERSION_KEY, before).set(VERSION_KEY, step.version).commit()) {
      throw new TypeError(
        `Cannot start: the stored data changed its version during migration ${step.version}`,
      );
    }
    version = step.version;
  }
}

function checkList(migrations: readonly Migration[]): void {
  let last = 0;
  for (const { version, up } of migrations) {
    if (!Number.isSafeInteger(version) || version <= last) {
      throw new TypeError(`Cannot start: the version of a migration must be a whole number above ${last}`);
    }
    if (typeof up !== "function") {
      throw new TypeError(`Cannot start: migration ${version} has no function up`);
    }
    last = version;
  }
}
