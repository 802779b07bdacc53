import { systemRandom, toHex } from "../base/mod.ts";
import type { DataDirInit } from "./load_identity.ts";
import { loadSecretFile, readSecretFile, type SecretFile } from "./secret_file.ts";

function tokenFile(init: DataDirInit): SecretFile {
  return {
    path: `${init.dataDir}/api.token`,
    code: "API_TOKEN",
    what: "API token",
    pattern: /^[0-9a-f]{64}$/,
    advice: "remove it and start the node again to get a new token",
    make: () => toHex(systemRandom.bytes(32)),
  };
}

/**
 * The token that HTTP callers must show, out of `<data dir>/api.token` (64 hex digits, mode 0600), made when there is
 * none. Requires `--allow-read` and `--allow-write` for the data dir.
 * @throws {CommonsError} `API_TOKEN_DAMAGED`, `API_TOKEN_PERMISSIONS`, `API_TOKEN_NOT_A_FILE`, `API_TOKEN_UNREADABLE`,
 * `API_TOKEN_NOT_CREATED`
 */
export function loadApiToken(init: DataDirInit): Promise<string> {
  return loadSecretFile(tokenFile(init));
}

/**
 * As {@linkcode loadApiToken}, for clients: makes nothing, and answers `undefined` when there is no token yet. Requires
 * `--allow-read` for the data dir.
 */
export function readApiToken(init: DataDirInit): Promise<string | undefined> {
  return readSecretFile(tokenFile(init));
}
