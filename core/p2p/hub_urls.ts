import type { CheckContext } from "./codec.ts";
import { MAX_URL_LENGTH } from "./fields.ts";
import { hostReach, withoutEndDots } from "./private_hosts.ts";
import { ignore, type Refused, reject } from "./verdict.ts";

/** What a URL in a message is good for. */
export type HubUrlVerdict =
  | { readonly state: "good"; /** Host in lower case and without dots at its end. */ readonly url: string }
  | { readonly state: "malformed" | "private" | "blocked" };

export interface HubUrlsInit {
  /** Whether hosts of private networks may be named: on networks that are private themselves. */
  readonly allowPrivate: boolean;
  /** URLs or host names whose hosts are not asked, in any spelling of the host. */
  readonly blocked?: readonly string[];
}

const PLAIN_URL = /^(https?:\/\/)([^/?#]+)([\x21-\x7e]*)$/i; // schemes have no case: RFC 3986, 3.1
const HOST_AND_PORT = /^([^:]*|\[[^\]]*\]\.*)(:\d*)$/;
const URL_MARKUP = /[<>"`\\]/;
const MAX_KNOWN = 256;

const NONE: HubUrlVerdict = { state: "good", url: "" };
const MALFORMED: HubUrlVerdict = { state: "malformed" };
const PRIVATE: HubUrlVerdict = { state: "private" };
const BLOCKED: HubUrlVerdict = { state: "blocked" };

const BAD_URL = reject("BAD_URL", "a URL is neither empty nor plain http or https of up to 2048 characters");
const PRIVATE_BY_AUTHOR = reject("PRIVATE_URL", "a URL points into a private network");
const PRIVATE_RELAYED = ignore("PRIVATE_URL", "a URL points into a private network");
const BLOCKED_URL = ignore("BLOCKED_URL", "the operator does not want this URL's host");

/**
 * Judges the URLs under which others offer blocks. Only their text: a name may resolve to anything, see `hubAddresses`
 * for the moment when one is called.
 */
export class HubUrls {
  readonly #allowPrivate: boolean;
  readonly #blocked: ReadonlySet<string>;
  /** The same few nodes announce again and again, and parsing is dear. */
  readonly #known = new Map<string, HubUrlVerdict>();

  constructor(init: HubUrlsInit) {
    this.#allowPrivate = init.allowPrivate;
    this.#blocked = new Set((init.blocked ?? []).map(blockedHost));
  }

  /** "" is good: its sender offers nothing. */
  judge(text: string): HubUrlVerdict {
    if (text === "") return NONE;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const verdict = this.#parse(text);
    if (verdict === MALFORMED) return verdict; // nobody repeats these in good faith
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(text, verdict);
    return verdict;
  }

  /** The URL when it is good, else "": for messages that are worth having without it. */
  usable(text: string): string {
    const verdict = this.judge(text);
    return verdict.state === "good" ? verdict.url : "";
  }

  #parse(text: string): HubUrlVerdict {
    if (text.length > MAX_URL_LENGTH || URL_MARKUP.test(text)) return MALFORMED;
    const [, scheme = "", authority = "", rest = ""] = PLAIN_URL.exec(text) ?? [];
    const url = URL.parse(text);
    if (url === null || scheme === "" || url.username !== "" || url.password !== "") return MALFORMED;
    if (authority.includes("@") || !/^[\x21-\x7e]+$/.test(authority)) return MALFORMED;
    const reach = hostReach(url.hostname);
    if (reach === "none") return MALFORMED;
    if (reach === "private" && !this.#allowPrivate) return PRIVATE;
    if (this.#blocked.has(plainHost(url.hostname))) return BLOCKED;
    return { state: "good", url: `${scheme.toLowerCase()}${plainAuthority(authority)}${rest}` };
  }
}

/**
 * The URL of a message as it may be used, or why the message must not be taken. Whether private networks may be named is
 * each node's own setting, so who only relayed such a message is not blamed for it.
 */
export function checkUrl(text: string, context: CheckContext): string | Refused {
  const verdict = context.hubs.judge(text);
  switch (verdict.state) {
    case "good":
      return verdict.url;
    case "malformed":
      return BAD_URL;
    case "blocked":
      return BLOCKED_URL;
    case "private":
      return context.author === context.source ? PRIVATE_BY_AUTHOR : PRIVATE_RELAYED;
  }
}

function plainHost(hostname: string): string {
  return withoutEndDots(hostname.toLowerCase());
}

/** Host and port as they stand, the host in lower case and without dots at its end. */
function plainAuthority(authority: string): string {
  const [, host = authority, port = ""] = HOST_AND_PORT.exec(authority) ?? [];
  return `${withoutEndDots(host.toLowerCase())}${port}`;
}

/** Host of a URL, or the text itself where it is only a host. */
function blockedHost(text: string): string {
  const url = URL.parse(text);
  return plainHost(url === null || url.hostname === "" ? text.trim() : url.hostname);
}
