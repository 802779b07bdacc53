import { CommonsError } from "../../base/mod.ts";
import { unavailable } from "./rpc_errors.ts";

/** How the node is told who asks. */
export interface LoginInit {
  /** Path of the file that the full node writes anew at each start. */
  readonly cookieFile?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Reads the text of a cookie file; bounded. */
export type ReadCookie = (path: string) => Promise<string>;

/** A cookie of Bitcoin Core has 75 bytes. */
const MAX_COOKIE_BYTES = 4_096;

/** Reads a cookie file of at most 4,096 bytes. Permission: `read` for it. */
export async function readCookieFile(path: string): Promise<string> {
  using file = await Deno.open(path, { read: true });
  const bytes = new Uint8Array(MAX_COOKIE_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  if (length > MAX_COOKIE_BYTES) {
    throw new CommonsError("COOKIE_TOO_LARGE", `Cannot read the cookie file: over ${MAX_COOKIE_BYTES} bytes`);
  }
  return new TextDecoder().decode(bytes.subarray(0, length));
}

/** HTTP's basic authentication (RFC 7617) with a fixed login, or with a cookie that is read when it is needed. */
export class Login {
  readonly #cookieFile: string | undefined;
  readonly #readCookie: ReadCookie;
  #header: string | undefined;

  constructor({ cookieFile, user, password }: LoginInit, readCookie: ReadCookie) {
    this.#cookieFile = cookieFile === "" ? undefined : cookieFile;
    this.#readCookie = readCookie;
    if (this.#cookieFile === undefined && user !== undefined && user !== "") {
      this.#header = basic(`${user}:${password ?? ""}`);
    }
  }

  /** True when another try may have another login. */
  get renewable(): boolean {
    return this.#cookieFile !== undefined;
  }

  /** Forgets the cookie; the next call reads it again. */
  renew(): void {
    if (this.renewable) this.#header = undefined;
  }

  /**
   * Value of the `Authorization` header; `undefined` without a login.
   * @throws {CommonsError} `UNAVAILABLE` when there is no cookie that can be read: the node is not running
   */
  async header(): Promise<string | undefined> {
    if (this.#cookieFile === undefined) return this.#header;
    return this.#header ??= basic(await this.#cookie(this.#cookieFile));
  }

  async #cookie(path: string): Promise<string> {
    let text: string;
    try {
      text = (await this.#readCookie(path)).trim();
    } catch (cause) {
      const missing = cause instanceof Deno.errors.NotFound;
      throw unavailable(missing ? "its cookie file is not there" : "its cookie file cannot be read", {
        cause,
      });
    }
    // A colon between two texts of printable characters; the text itself goes into no message.
    if (!/^[\x21-\x39\x3b-\x7e]+:[\x21-\x7e]+$/.test(text)) {
      throw unavailable("its cookie file does not hold a login");
    }
    return text;
  }
}

function basic(login: string): string {
  return `Basic ${new TextEncoder().encode(login).toBase64()}`;
}
