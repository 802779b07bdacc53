/** Version of the protocol that is spoken here. */
export const PROTOCOL_VERSION = 70_016;
/** Most headers of one `headers` message. */
export const MAX_HEADERS = 2_000;
/** Most hashes of a locator; a longer one is nobody's. */
export const MAX_LOCATOR = 101;
/** Most addresses of one `addr` or `addrv2` message. */
export const MAX_ADDRESSES = 1_000;
/** Most entries of an `inv`: whoever does not ask for transactions hears of blocks only, and of few at a time. */
export const MAX_INVENTORY = 2_000;
/** Most bytes of the text in which a node names its program. */
export const MAX_USER_AGENT_BYTES = 256;

/** Bytes of a header in a `headers` message: 80, and a count of transactions that is always 0. */
export const HEADER_ENTRY_BYTES = 81;
const COUNT_BYTES = 9;
const BLOCK_BYTES = 4_000_000;
const INVENTORY_BYTES = MAX_INVENTORY * 36 + COUNT_BYTES;
/** What is not known is skipped; nobody needs much room to be skipped. */
const UNKNOWN_BYTES = 65_536;

const LIMITS: ReadonlyMap<string, number> = new Map([
  ["version", 1_024],
  ["verack", 0],
  ["sendheaders", 0],
  ["sendaddrv2", 0],
  ["wtxidrelay", 0],
  ["getaddr", 0],
  ["mempool", 0],
  ["filterclear", 0],
  ["ping", 8],
  ["pong", 8],
  ["feefilter", 8],
  ["getheaders", 4 + COUNT_BYTES + (MAX_LOCATOR + 1) * 32],
  ["getblocks", 4 + COUNT_BYTES + (MAX_LOCATOR + 1) * 32],
  ["headers", COUNT_BYTES + MAX_HEADERS * HEADER_ENTRY_BYTES],
  ["inv", INVENTORY_BYTES],
  ["getdata", INVENTORY_BYTES],
  ["notfound", INVENTORY_BYTES],
  ["addr", COUNT_BYTES + MAX_ADDRESSES * 30],
  ["addrv2", COUNT_BYTES + MAX_ADDRESSES * (4 + 9 + 1 + 3 + 512 + 2)],
  ["block", BLOCK_BYTES],
  ["tx", BLOCK_BYTES],
]);

/** Most bytes that the payload of a command may have; asked before any of them is kept. */
export function payloadLimit(command: string): number {
  return LIMITS.get(command) ?? UNKNOWN_BYTES;
}

/** True for commands that have a limit of their own; others are counted together. */
export function isKnownCommand(command: string): boolean {
  return LIMITS.has(command);
}
