import { CommonsError, errorText } from "../base/mod.ts";

/** Whom to trust, as a configuration file says. */
export interface TrustFile {
  readonly trust: Readonly<Record<string, string>>;
  readonly minSignatures: number;
}

/**
 * `[modules.trust]` and `min_signatures` of a configuration file, read as strictly as the node does; `--trust` and
 * `--config` differ in name only, as a file with nothing but keys is a configuration file too. Nobody is trusted without a
 * file. The environment plays no part: the same file has the same answer everywhere. Permission: `read` of the file.
 */
export async function readTrust(
  flags: { readonly trust?: string; readonly config?: string },
): Promise<TrustFile> {
  const file = flags.trust ?? flags.config;
  if (file === undefined) return { trust: {}, minSignatures: 1 };
  const text = await readText(file);
  const { loadConfig } = await import("../config/mod.ts");
  const { modules } = loadConfig({ file, set: [], env: {}, read: () => text }).config;
  return { trust: modules.trust, minSignatures: modules.min_signatures };
}

async function readText(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (cause) {
    throw new CommonsError("CONFIG_UNREADABLE", `Cannot read ${file}: ${errorText(cause)}`, { cause });
  }
}
