/**
 * Why a header is refused. In this order a header is looked at:
 * - `UNKNOWN_PARENT`: the header before it is not known
 * - `BAD_DIFFBITS`: its bits are not those that the rules ask for at its place
 * - `HIGH_HASH`: its hash is above its target
 * - `TIME_TOO_OLD`: its time is not after the median of the eleven before it
 * - `TIME_WARP`: it starts a period more than 600 s before the end of the last one (BIP 94)
 * - `TIME_TOO_NEW`: its time is more than two hours ahead; it may be fine later
 * - `BAD_VERSION`: its version was given up at a lower height (BIP 34, 65, 66)
 * - `LOW_WORK`: right in itself, but its chain has too little work to be stored for a stranger
 * - `TOO_MANY_STALE`: right in itself, but too many headers off the best chain are stored already
 */
export type HeaderFault = RuleFault | "UNKNOWN_PARENT" | "LOW_WORK" | "TOO_MANY_STALE";

/** What the rules alone can find wrong. */
export type RuleFault =
  | "BAD_DIFFBITS"
  | "HIGH_HASH"
  | "TIME_TOO_OLD"
  | "TIME_WARP"
  | "TIME_TOO_NEW"
  | "BAD_VERSION";
