/** A connection as this folder needs it; a TCP connection of Deno is one. */
export interface Duplex {
  /** Fills some of `into` and answers how much, `null` at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes` and answers how much. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** Where a node listens. */
export interface PeerEndpoint {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Opens a connection; rejects when it can't, or with the signal's reason. */
export type Connect = (endpoint: PeerEndpoint, options: { readonly signal: AbortSignal }) => Promise<Duplex>;

/** Connects by TCP and resolves names. Permission: `net`. */
export const tcpConnect: Connect = async ({ host, port }, { signal }) => {
  signal.throwIfAborted();
  const connection = await Deno.connect({ hostname: host, port, signal });
  connection.setNoDelay(true); // requests are small, and an answer waits for each
  return connection;
};

/** `host:port` of a text that the configuration has checked; IPv6 stands in brackets. */
export function parseEndpoint(text: string): PeerEndpoint {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(text.slice(colon + 1)) };
}

/** The text of an endpoint, as it is configured and shown. */
export function endpointText({ host, port }: PeerEndpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
