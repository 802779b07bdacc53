import type { Clock } from "./base/mod.ts";
import type { HeadersSyncView, OpenSourceDesk } from "./chain/mod.ts";
import type { EventBus } from "./events/mod.ts";

const REDRAW_MS = 500;
const MIN_BAR = 10;
const MAX_BAR = 40;
/** Of a terminal that does not know its own. */
const UNKNOWN_WIDTH = 80;
const LOCALE = "en-US";

/** A row of a terminal that changes. */
export interface StatusDisplay {
  show(line: string | undefined): void;
  /** Its width, 0 when unknown; may throw when the terminal is gone. */
  columns(): number;
}

export interface SyncProgressComponents {
  readonly desk: Pick<OpenSourceDesk, "sources">;
  readonly events: Pick<EventBus, "listen">;
  readonly clock: Clock;
}

/**
 * Hands out a line that says how far the headers sync is, twice a second while there is one that is worth events, and
 * `undefined` when it is over. Disposing ends it.
 */
export function followSync(
  { desk, events, clock }: SyncProgressComponents,
  { show, columns }: StatusDisplay,
): Disposable {
  let timer: Disposable | undefined;
  const draw = () => {
    const { sync } = desk.sources();
    show(sync === undefined ? undefined : renderSync(sync, { columns: widthOf(columns) }));
  };
  const end = () => {
    timer?.[Symbol.dispose]();
    timer = undefined;
    show(undefined);
  };
  const types = ["HeadersSyncStarted", "HeadersSyncCompleted"] as const;
  const listening = events.listen({ name: "sync progress", types }, ({ type }) => {
    if (type !== "HeadersSyncStarted") return end();
    timer ??= clock.every(REDRAW_MS, draw);
    draw();
  });
  return {
    [Symbol.dispose]() {
      listening[Symbol.dispose]();
      end();
    },
  };
}

/**
 * One line, shorter than `columns`: `headers 412,000 of 921,345 [######----] 44.7 % 7,900/s 1:04 left`. What does not fit
 * is left out, the least important first.
 */
export function renderSync(sync: HeadersSyncView, { columns }: { readonly columns: number }): string {
  const { startHeight, height, targetHeight, percent, seconds } = sync;
  const rate = seconds > 0 ? (height - startHeight) / seconds : 0;
  const left = rate > 0 ? (targetHeight - height) / rate : Infinity;
  const shown = `${percent.toFixed(1)} %`;
  const place = `headers ${whole(height)} of ${whole(targetHeight)}`;
  const speed = rate > 0 ? ` ${whole(rate)}/s` : "";
  const time = Number.isFinite(left) && left < 360_000 ? ` ${minutes(left)} left` : "";
  const room = columns - 1; // a full row would move the cursor to the next
  for (const rest of [`${shown}${speed}${time}`, shown]) {
    const width = Math.min(MAX_BAR, room - place.length - rest.length - 2);
    if (width >= MIN_BAR) return `${place} ${barOf(percent, width)} ${rest}`;
  }
  return [`${place} ${shown}`, shown].find((text) => text.length <= room) ?? "";
}

/** `width` includes the brackets. */
function barOf(percent: number, width: number): string {
  const room = width - 2;
  const full = Math.round(Math.min(100, Math.max(0, percent)) / 100 * room);
  return `[${"#".repeat(full)}${"-".repeat(room - full)}]`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString(LOCALE);
}

function minutes(seconds: number): string {
  const all = Math.ceil(seconds);
  const [hours, rest] = [Math.floor(all / 3600), all % 3600];
  const parts = [Math.floor(rest / 60), rest % 60].map((part) => String(part).padStart(2, "0"));
  return hours > 0 ? `${hours}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
}

function widthOf(columns: () => number): number {
  try {
    return columns() || UNKNOWN_WIDTH;
  } catch {
    return 0; // the terminal is gone, and nobody is left to see the line
  }
}
