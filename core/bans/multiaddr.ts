import { type Address, tryAddress } from "./address.ts";

const MAX_LENGTH = 1024;

/** What in a multiaddr can be banned. */
export interface MultiaddrParts {
  readonly addresses: readonly string[];
  readonly peerIds: readonly string[];
  /** Goes over another node: the address is that of the relay. */
  readonly relayed: boolean;
}

/** Addresses and peer ids in the text of a multiaddr, those of relays included. Names are not resolved. */
export function multiaddrParts(text: string): MultiaddrParts {
  const words = text.slice(0, MAX_LENGTH).split("/");
  const after = (...names: string[]) =>
    words.flatMap((word, i) => names.includes(words[i - 1] ?? "") ? [word] : []);
  return {
    addresses: after("ip4", "ip6"),
    peerIds: after("p2p", "ipfs"),
    relayed: words.includes("p2p-circuit"),
  };
}

/** The IP address that a multiaddr connects to, `undefined` for a relayed one and for names. */
export function directAddress(text: string): Address | undefined {
  const { addresses, relayed } = multiaddrParts(text);
  const [first] = addresses;
  return relayed || first === undefined ? undefined : tryAddress(first);
}
