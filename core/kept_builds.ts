import type { ModuleName } from "./base/mod.ts";
import type { KeptBuilds } from "./modules/mod.ts";
import { chunkedBlobs, type Store, storeKey } from "./store/mod.ts";

/** The last build of each module, as `<64 hex digits of its key><text>`. */
export function keptBuilds(store: Store): KeptBuilds {
  const blobs = chunkedBlobs(store);
  const place = (name: ModuleName) => storeKey("module_state", name, "build");
  return {
    async get(name) {
      const bytes = await blobs.getBlob(place(name));
      if (bytes === undefined) return undefined;
      const content = new TextDecoder().decode(bytes);
      return { key: content.slice(0, 64), text: content.slice(64) };
    },
    set: (name, { key, text }) => blobs.setBlob(place(name), new TextEncoder().encode(key + text)),
  };
}
