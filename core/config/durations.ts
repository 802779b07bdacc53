const PARTS = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;
const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1_000, 1] as const;
/** Longest duration: a hundred years. */
const MAX_MS = 36_525 * 86_400_000;

/**
 * Milliseconds of a duration text such as "90s", "24h" or "1h30m" (days, hours, minutes, seconds, milliseconds, each at
 * most once, in this order), or `undefined` when it is none or longer than a hundred years.
 */
export function tryDuration(text: string): number | undefined {
  const match = PARTS.exec(text);
  if (match === null || text === "") return undefined;
  let total = 0;
  UNITS_MS.forEach((unit, i) => total += Number(match[i + 1] ?? 0) * unit);
  return total <= MAX_MS ? total : undefined;
}

/** The shortest duration text of whole, not negative milliseconds: "1h30m", "0s". */
export function durationText(ms: number): string {
  const names = ["d", "h", "m", "s", "ms"];
  let rest = ms;
  let text = "";
  UNITS_MS.forEach((unit, i) => {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) text += `${count}${names[i]}`;
  });
  return text === "" ? "0s" : text;
}
