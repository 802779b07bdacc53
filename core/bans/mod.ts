/**
 * Who is kept out: bans of peers, addresses and networks, and the scores that lead to them. One service for the
 * connection gater, gossip validators, direct streams and HTTP.
 * @module
 */
export { type Offence, OFFENCE_POINTS } from "./offences.ts";
export { createBanService } from "./service.ts";
export { type BanKind, type BanTarget, parseBanTarget, tryBanTarget } from "./target.ts";
export { parseBanTerms } from "./terms.ts";
export type {
  BanComponents,
  BanEntry,
  BanGate,
  BanInit,
  BanOptions,
  BanService,
  BanSource,
  ModuleBanOptions,
  OffenceContext,
  OffenceRecord,
  PeerScore,
} from "./types.ts";
