/** Data of Bitcoin that nobody here wrote; see the README beside it. */
const FOLDER = new URL("../../../shared/vectors/bitcoin/", import.meta.url);

/** Height of the first header of `headers-mainnet-822528-826560.bin`. */
export const VECTOR_HEIGHT = 822_528;
export const VECTOR_FILE = "headers-mainnet-822528-826560.bin";

/** Bytes of a file, or `undefined` where the folder is not there. */
export async function bitcoinVector(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(new URL(name, FOLDER));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** One row of `retarget-boundaries-mainnet.json`. */
export interface Boundary {
  readonly height: number;
  readonly header: string;
  readonly chainwork: string;
}

/** JSON of a file, or `undefined` where the folder is not there. Its shape is the caller's to know. */
export async function bitcoinJson<T>(name: string): Promise<T | undefined> {
  const bytes = await bitcoinVector(name);
  return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes)) as T;
}
