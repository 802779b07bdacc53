import { CommonsError, systemRandom, toHex } from "../base/mod.ts";
import type { Identity } from "./identity.ts";
import { KEY_FORMS, readKeyForm } from "./key_forms.ts";
import { loadSecretFile } from "./secret_file.ts";

const ADVICE = "restore it from a backup, or move it away to start with a new identity";

/** Where the node keeps what belongs to it. */
export interface DataDirInit {
  readonly dataDir: string;
}

/**
 * The node's identity out of `<data dir>/identity.key` (one line, `ed25519:<64 hex digits of the seed>`, mode 0600),
 * made when there is none. Key files of other libp2p nodes are read, too: the hex text of an Ed25519 key with its public
 * half, or of libp2p's protobuf. A file that is there is never changed. Requires `--allow-read` and `--allow-write` for the
 * data dir (and `--allow-env` for the libraries below libp2p).
 * @throws {CommonsError} `IDENTITY_DAMAGED`, `IDENTITY_PERMISSIONS`, `IDENTITY_NOT_A_FILE`, `IDENTITY_UNREADABLE`,
 * `IDENTITY_NOT_CREATED`
 */
export async function loadIdentity(init: DataDirInit): Promise<Identity> {
  const path = `${init.dataDir}/identity.key`;
  const text = await loadSecretFile({
    path,
    code: "IDENTITY",
    what: "identity key",
    pattern: KEY_FORMS,
    advice: ADVICE,
    make: () => `ed25519:${toHex(systemRandom.bytes(32))}`,
  });
  // Loaded here and not above: who only wants the API token (the CLI) need not load libp2p.
  const { identityFromSeed } = await import("./ed25519_identity.ts");
  const { seed, publicKeys } = readKeyForm(text);
  const identity = identityFromSeed(Uint8Array.fromHex(seed));
  if (publicKeys.every((publicKey) => publicKey === identity.nodeId)) return identity;
  throw new CommonsError(
    "IDENTITY_DAMAGED",
    `Cannot use the identity key ${path}: its public half belongs to another key; ${ADVICE}`,
  );
}
