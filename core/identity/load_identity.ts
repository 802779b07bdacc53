import { systemRandom, toHex } from "../base/mod.ts";
import type { Identity } from "./identity.ts";
import { loadSecretFile } from "./secret_file.ts";

/** Where the node keeps what belongs to it. */
export interface DataDirInit {
  readonly dataDir: string;
}

/**
 * The node's identity out of `<data dir>/identity.key` (one line, `ed25519:<64 hex digits of the seed>`, mode 0600),
 * made when there is none. A file that is there is never changed. Requires `--allow-read` and `--allow-write` for the
 * data dir (and `--allow-env` for the libraries below libp2p).
 * @throws {CommonsError} `IDENTITY_DAMAGED`, `IDENTITY_PERMISSIONS`, `IDENTITY_NOT_A_FILE`, `IDENTITY_UNREADABLE`,
 * `IDENTITY_NOT_CREATED`
 */
export async function loadIdentity(init: DataDirInit): Promise<Identity> {
  const text = await loadSecretFile({
    path: `${init.dataDir}/identity.key`,
    code: "IDENTITY",
    what: "identity key",
    pattern: /^ed25519:[0-9a-f]{64}$/,
    advice: "restore it from a backup, or move it away to start with a new identity",
    make: () => `ed25519:${toHex(systemRandom.bytes(32))}`,
  });
  // Loaded here and not above: who only wants the API token (the CLI) need not load libp2p.
  const { identityFromSeed } = await import("./ed25519_identity.ts");
  return identityFromSeed(Uint8Array.fromHex(text.slice("ed25519:".length)));
}
