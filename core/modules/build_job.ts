/** What a build process is asked: everything that it needs, as it has no access to anything. One line of JSON. */
export interface BuildJob {
  readonly entry: string;
  /** Pairs of path and text. */
  readonly files: readonly (readonly [path: string, text: string])[];
  /** Self-contained ES module text of the SDK. */
  readonly sdkText: string;
}

/** What it answers. One line of JSON. */
export type BuildAnswer =
  | { readonly ok: true; readonly text: string }
  | {
    readonly ok: false;
    readonly code: string;
    readonly message: string;
    readonly detail?: Readonly<Record<string, unknown>>;
  };

/** Longest answer in bytes: a built text with every character escaped a little. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
