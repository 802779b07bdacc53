import { closest } from "fastest-levenshtein";
import { isRule, KEYS, type KeyTree } from "./schema.ts";

function keysBelow(tree: KeyTree, prefix: string): string[] {
  return Object.entries(tree).flatMap(([name, node]) =>
    isRule(node) ? [prefix + name] : keysBelow(node, `${prefix}${name}.`)
  );
}

/** Every known key with its section, `http.port` and so on. */
export function knownKeys(): string[] {
  return keysBelow(KEYS, "");
}

const lastPart = (key: string) => key.slice(key.lastIndexOf(".") + 1);

/** The known key that somebody who wrote the unknown `key` most likely meant. */
export function nearestKey(key: string): string {
  const known = knownKeys();
  const wanted = lastPart(key).slice(0, 64);
  // The right key in the wrong section comes first, then a name that carries its section (`p2p_static_peers`).
  const sameName = known.filter((other) => lastPart(other) === wanted);
  if (sameName.length > 0) return closest(key.slice(0, 128), sameName);
  const prefixed = known.filter((other) => other.includes(".") && other.replaceAll(".", "_") === wanted);
  const suffixed = prefixed.length > 0
    ? prefixed
    : known.filter((other) => wanted.endsWith(`_${lastPart(other)}`));
  return closest(key.slice(0, 128), suffixed.length > 0 ? suffixed : known);
}

/** The section nearest to an unknown one. */
export function nearestSection(name: string): string {
  return closest(name.slice(0, 64), Object.keys(KEYS));
}
