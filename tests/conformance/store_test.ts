import { memoryStore, openKvStore, type Store } from "../../core/store/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { STORE_CASES } from "./store_cases.ts";

interface Subject {
  readonly name: string;
  /** Cases that it may fail, each with the reason. */
  readonly deviations: Readonly<Record<string, string>>;
  open(path: string): Promise<Store>;
}

const SUBJECTS: readonly Subject[] = [
  { name: "openKvStore()", deviations: {}, open: (path) => openKvStore({ path }) },
  { name: "memoryStore()", deviations: {}, open: () => Promise.resolve(memoryStore()) },
];

for (const { name, deviations, open } of SUBJECTS) {
  Deno.test(`${name} conforms to the store port`, async (t) => {
    for (const storeCase of STORE_CASES) {
      await t.step({
        name: storeCase.name +
          (deviations[storeCase.name] ? ` (deviates: ${deviations[storeCase.name]})` : ""),
        ignore: storeCase.name in deviations,
        async fn() {
          await using dir = await tempDir();
          await using store = await open(dir.file("node.kv"));
          await storeCase.run(store);
        },
      });
    }
  });
}
