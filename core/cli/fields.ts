import { cleanLine } from "./terminal.ts";

/** Own property at a dotted path of something that came from outside; `undefined` when there is none. */
export function field(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split(".")) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
}

/** The array at `path`, or an empty one. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  const found = field(value, path);
  return Array.isArray(found) ? found : [];
}

/** Any value as one clean line; "-" for nothing. */
export function show(value: unknown): string {
  if (value === undefined || value === null || value === "") return "-";
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map(show).join(", ");
  return cleanLine(typeof value === "object" ? JSON.stringify(value) : String(value));
}

/** Milliseconds as `3d 4h`, `2h 5m`, `7m 1s` or `12s`. */
export function showDuration(ms: unknown): string {
  if (typeof ms !== "number" || !Number.isFinite(ms)) return "-";
  const seconds = Math.floor(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first === -1) return "0s";
  return parts.slice(first, first + 2).map(([amount, unit]) => `${amount}${unit}`).join(" ");
}

/** Bytes as `12.3 MiB`. */
export function showBytes(bytes: unknown): string {
  if (typeof bytes !== "number" || !Number.isFinite(bytes)) return "-";
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1] ?? "B"}`;
}

/** Unix seconds of 32 bits with their date. */
export function showUnixTime(seconds: unknown): unknown {
  if (typeof seconds !== "number" || !(seconds >= 0 && seconds <= 0xffff_ffff)) return seconds;
  return `${seconds} (${new Date(seconds * 1000).toISOString().replace(".000Z", "Z")})`;
}
