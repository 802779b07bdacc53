import type { BenchEntry } from "./bench.ts";

/** Every bench, in the order of contract section 6. */
export const BENCHES: readonly BenchEntry[] = [
  { name: "store_commit", load: async () => (await import("./store_commit.ts")).storeCommit },
];
