import type { Connection } from "@libp2p/interface";
import type { BanGate } from "../bans/mod.ts";
import type { Clock } from "../base/mod.ts";
import type { Logger } from "../telemetry/mod.ts";
import { addressesOf, hostNameOf, type ResolveName } from "./resolve_host.ts";

export interface BanWatchComponents {
  readonly bans: BanGate;
  readonly clock: Clock;
  readonly logger: Logger;
  connections(): readonly Connection[];
  /** Default the system's own look-up. */
  readonly resolve?: ResolveName | undefined;
}

/** Sees to it that no banned peer stays connected. */
export class BanWatch implements Disposable {
  readonly #components: BanWatchComponents;
  readonly #bans: Disposable;
  /** Connections that were dialled by name, to be looked at; one round of look-ups at a time. */
  readonly #named = new Set<Connection>();
  #looking = false;

  constructor(components: BanWatchComponents) {
    this.#components = components;
    this.#bans = components.bans.onBan(({ kind }) => {
      for (const connection of components.connections()) {
        if (!this.#dropBanned(connection) && kind !== "peer") this.#lookAt(connection);
      }
    });
  }

  /** For a ban that came while the connection was being opened. */
  opened(connection: Connection): void {
    if (!this.#dropBanned(connection) && this.#components.bans.hasAddresses()) this.#lookAt(connection);
  }

  [Symbol.dispose](): void {
    this.#bans[Symbol.dispose]();
    this.#named.clear();
  }

  /** Closes `connection` at once, without asking the other side, if its peer or address is banned. */
  #dropBanned(connection: Connection): boolean {
    const { bans } = this.#components;
    const banned = bans.isBannedPeer(connection.remotePeer.toString()) ||
      bans.isBannedMultiaddr(connection.remoteAddr.toString());
    if (banned) this.#drop(connection);
    return banned;
  }

  #drop(connection: Connection): void {
    this.#components.logger.info("connection closed: banned", {
      peerId: connection.remotePeer.toString(),
      address: connection.remoteAddr.toString(),
    });
    connection.abort(new Error("the peer is banned"));
  }

  /** A connection that was dialled by name shows that name instead of the address that it goes to. */
  #lookAt(connection: Connection): void {
    if (hostNameOf(connection.remoteAddr) === undefined) return;
    this.#named.add(connection);
    if (!this.#looking) void this.#lookUp();
  }

  async #lookUp(): Promise<void> {
    this.#looking = true;
    await Promise.resolve(); // those of one ban go together
    while (this.#named.size > 0) {
      const round = [...this.#named];
      this.#named.clear();
      await Promise.all(round.map((connection) => this.#dropNamed(connection)));
    }
    this.#looking = false;
  }

  async #dropNamed(connection: Connection): Promise<void> {
    const { bans, clock, resolve } = this.#components;
    const name = hostNameOf(connection.remoteAddr) ?? "";
    // A name without an answer ends nothing that is there: when names cannot be looked up, that says nothing of the peer.
    const found = await addressesOf(name, { clock, resolve }).catch(() => []);
    if (connection.status === "open" && found.some((address) => bans.isBannedIp(address))) {
      this.#drop(connection);
    }
  }
}
