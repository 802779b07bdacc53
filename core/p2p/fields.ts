const MAX_URL_LENGTH = 2048;
/** Printable ASCII without what could end an HTML attribute or tag, in case a display forgets to escape. */
const DISPLAY_NAME = /^[\x20-\x7e]{0,64}$/;
const MARKUP = /[<>&"'`]/;
const PLAIN_URL = /^https?:\/\/[\x21-\x7e]+$/;
const URL_MARKUP = /[<>"`\\]/;

/** True for a name that may be shown to people: up to 64 printable ASCII characters, none of `<>&"'` and back-tick. */
export function isDisplayName(value: unknown): value is string {
  return typeof value === "string" && DISPLAY_NAME.test(value) && !MARKUP.test(value);
}

/**
 * True for "" and for an http or https URL without credentials. Only the syntax is looked at: whether the host may be
 * called (private ranges, rebinding) is decided by whoever calls it, at that moment.
 */
export function isDataHubUrl(text: string): boolean {
  if (text === "" || goodUrls.has(text)) return true;
  if (!isPlainUrl(text)) return false;
  if (goodUrls.size >= MAX_GOOD_URLS) goodUrls.clear();
  goodUrls.add(text);
  return true;
}

/** URLs that were good: the same few nodes announce again and again, and parsing is dear. */
const goodUrls = new Set<string>();
const MAX_GOOD_URLS = 256;

function isPlainUrl(text: string): boolean {
  if (text.length > MAX_URL_LENGTH || !PLAIN_URL.test(text) || URL_MARKUP.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && url.username === "" && url.password === "" && url.hostname !== "";
}
