/**
 * Points of each offence (fact sheet of the P2P service, 4.2). The sheet names `corrupt_block_body` without a number: it
 * costs what an invalid block does.
 */
export const OFFENCE_POINTS = Object.freeze({
  unknown: 1,
  invalid_subtree: 10,
  invalid_block: 10,
  corrupt_block_body: 10,
  protocol_violation: 20,
  catchup_failure: 30,
  spam: 50,
  catchup_malicious: 50,
});

/** What a peer did wrong. */
export type Offence = keyof typeof OFFENCE_POINTS;

/** The offence of that name; `unknown` for any other text. */
export function offenceOf(name: string): Offence {
  // The cast holds: the name is one of the table's own.
  return Object.hasOwn(OFFENCE_POINTS, name) ? name as Offence : "unknown";
}
