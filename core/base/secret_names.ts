/** Fragments that make a name secret wherever they occur in it, compared without case and separators. */
const FRAGMENTS = [
  "token",
  "secret",
  "password",
  "passwd",
  "passphrase",
  "cookie",
  "macaroon",
  "preimage",
  "authorization",
  "credential",
  "mnemonic",
  "apikey",
  "privatekey",
  "privkey",
  "sharedkey",
  "signingkey",
];
/** Words that make a name secret when they stand alone in it: `node_key` is, `monkey` and `public_key` are not. */
const WORDS: ReadonlySet<string> = new Set(["key", "keys", "seed", "pass", "pwd", "psk", "auth", "bearer"]);
const PUBLIC_WORDS: ReadonlySet<string> = new Set(["public", "pub", "pubkey"]);

function wordsOf(name: string): string[] {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z0-9]+/);
}

/** True when a field or key of this name usually holds a secret, so that its value must not be shown. */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name.slice(0, 256));
  const joined = words.join("");
  if (FRAGMENTS.some((fragment) => joined.includes(fragment))) return true;
  return words.some((word) => WORDS.has(word)) && !words.some((word) => PUBLIC_WORDS.has(word));
}
