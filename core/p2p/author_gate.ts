import type { CheckContext } from "./codec.ts";
import { REPUTATION } from "./peer_registry_reputation.ts";
import type { TopicName } from "./types.ts";
import { ignore, type Refused } from "./verdict.ts";

/** Kinds that cost nothing to make and that this node would spend work on: not taken from who has proven useless. */
const NEEDS_REPUTATION: ReadonlySet<TopicName> = new Set(["subtree", "rejected_tx"]);

const BANNED = ignore("BANNED", "the author or the peer is banned");
const OWN = ignore("OWN", "the node's own message came back");
const UNLISTED = ignore(
  "UNLISTED_PUBLISHER",
  "the operator does not list the author in p2p.allowed_publishers",
);
const LOW_REPUTATION = ignore("LOW_REPUTATION", "the author's reputation is too low for this kind");

export interface AuthorGateComponents {
  isBanned(peerId: string): boolean;
  /** True for peers that the operator chose. */
  isStatic(peerId: string): boolean;
  /** From 0 to 100; absent: everybody is a newcomer. */
  readonly reputationOf?: ((peerId: string) => number) | undefined;
}

export interface AuthorGateInit {
  /** This node's own id. */
  readonly self: string;
  /** Peer ids whose messages are taken besides those of static peers; empty or absent: everybody's. */
  readonly allowedPublishers?: readonly string[] | undefined;
}

/** Whose messages are looked at. Asked for each message before anything else, so it only looks things up. */
export class AuthorGate {
  readonly #components: AuthorGateComponents;
  readonly #self: string;
  /** Absent: everybody. */
  readonly #allowed: ReadonlySet<string> | undefined;

  constructor(components: AuthorGateComponents, { self, allowedPublishers = [] }: AuthorGateInit) {
    this.#components = components;
    this.#self = self;
    this.#allowed = allowedPublishers.length === 0 ? undefined : new Set(allowedPublishers);
  }

  /** Why a message of the context's author is not looked at, `undefined` when it is. */
  refusal(
    topic: TopicName,
    { author, source }: Pick<CheckContext, "author" | "source">,
  ): Refused | undefined {
    const { isBanned, isStatic, reputationOf } = this.#components;
    if (author === this.#self) return OWN;
    if (isBanned(source) || author !== source && isBanned(author)) return BANNED;
    if (this.#allowed !== undefined && !this.#allowed.has(author) && !isStatic(author)) return UNLISTED;
    if (reputationOf === undefined || !NEEDS_REPUTATION.has(topic)) return undefined;
    return reputationOf(author) < REPUTATION.usable ? LOW_REPUTATION : undefined;
  }
}
