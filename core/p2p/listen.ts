import { CommonsError, type ErrorCode, errorText } from "../base/mod.ts";
import type { Host } from "./host.ts";

interface Listener {
  getAddrs(): readonly { toString(): string }[];
}

/** Follows what the host listens on; addresses appear when their listener is open. */
export class Listening {
  readonly #listeners = new Set<Listener>();

  constructor(host: Host) {
    host.addEventListener("transport:listening", ({ detail }) => void this.#listeners.add(detail));
    host.addEventListener("transport:close", ({ detail }) => void this.#listeners.delete(detail));
  }

  /** Addresses without the peer id. */
  addresses(): readonly string[] {
    return [...this.#listeners].flatMap((listener) => listener.getAddrs().map(String));
  }
}

/** What a failed start of the host means: an address that can't be listened on, or anything else. */
export function startFault(error: unknown): CommonsError {
  const text = errorText(error);
  const isListenFault = error instanceof Error && error.name === "UnsupportedListenAddressesError";
  const code: ErrorCode = isListenFault ? "P2P_LISTEN_FAILED" : "P2P_START_FAILED";
  return isListenFault
    ? new CommonsError(code, `Cannot listen for peers: ${listenFaults(text).join("; ")}`, { cause: error })
    : new CommonsError(code, `Cannot start the P2P host: ${text}`, { cause: error });
}

/** The `address: reason` lines of the library's message. */
function listenFaults(text: string): readonly string[] {
  const faults = [...text.matchAll(/^\s+(\/\S+): (.+)$/gm)].map(([, address, reason]) =>
    `${address}: ${reason}`
  );
  return faults.length > 0 ? faults : [text];
}
