import { errorText } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import type { Notification } from "./types.ts";

/** Who wants to hear notifications. A listener that throws is logged and stays. */
export class NotificationListeners {
  readonly #logger: Logger;
  readonly #listeners = new Set<(notification: Notification) => void>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get size(): number {
    return this.#listeners.size;
  }

  add(listener: (notification: Notification) => void): Disposable {
    const own = (notification: Notification) => listener(notification); // the same function may be added twice
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
  }

  notify(notification: Notification): void {
    for (const listener of this.#listeners) {
      try {
        listener(notification);
      } catch (error) {
        this.#logger.error("notification listener failed", { error: errorText(error) });
      }
    }
  }
}

/** `YYYY-MM-DDTHH:MM:SSZ` of a time in Unix milliseconds. */
export function wholeSeconds(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== lastSecond.second) {
    lastSecond = { second, text: `${new Date(time).toISOString().slice(0, 19)}Z` };
  }
  return lastSecond.text;
}

/** The text made last: many notifications share a second, and making it costs more than the rest of them. */
let lastSecond = { second: Number.NaN, text: "" };
