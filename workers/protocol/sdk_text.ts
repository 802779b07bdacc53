/**
 * `@commons/sdk` as a self-contained ES module text: what a build puts into a module in place of the import. It is
 * written out, not derived, because the hash of a built module covers it: it changes only with the SDK's version.
 * `sdk_text_test.ts` holds it against `workers/sdk/mod.ts`.
 */
export const SDK_TEXT = `export const defineModule = (definition) => definition;
export class NodeApiError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "NodeApiError";
    this.code = code;
  }
  static [Symbol.hasInstance](value) {
    return typeof value === "object" && value !== null && value.name === "NodeApiError" &&
      typeof value.code === "string";
  }
}
`;

/** Version of the SDK; a manifest's `[compatibility] sdk` names it. */
export const SDK_VERSION = 1;
