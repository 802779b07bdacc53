/** What `<data dir>/run.json` says while the node runs. */
export interface RunFile {
  readonly pid: number;
  readonly version: string;
  readonly network: string;
  readonly peerId: string;
  readonly nodeId: string;
  readonly http: string;
  readonly p2p: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
}

/**
 * Writes `run.json` (whole or not at all) and removes it when disposed. Requires `--allow-write` for the data dir.
 */
export function publishRunFile(dataDir: string, content: RunFile): AsyncDisposable {
  const path = `${dataDir}/run.json`;
  const temporary = `${path}.${content.pid}.tmp`;
  // A few hundred bytes; waiting for them behind everything else that starts takes longer than writing them.
  Deno.writeTextFileSync(temporary, JSON.stringify(content, null, 2) + "\n", { mode: 0o600 });
  Deno.renameSync(temporary, path);
  return {
    async [Symbol.asyncDispose]() {
      await Deno.remove(path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    },
  };
}
