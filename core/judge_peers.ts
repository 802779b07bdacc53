import type { BanService } from "./bans/mod.ts";
import { tryPeerIdText } from "./base/mod.ts";
import type { AskedPeer } from "./chain/mod.ts";
import type { PeerRegistry } from "./p2p/mod.ts";

export interface JudgeParts {
  readonly bans: Pick<BanService, "addScore">;
  /** `undefined` while the node starts. */
  readonly registry: () => Pick<PeerRegistry, "succeeded" | "failed" | "proves" | "contextOf"> | undefined;
}

/** What asking peers for headers shows of them goes into their reputation, and into the ban score where it broke a rule. */
export function judgePeers({ bans, registry }: JudgeParts): (asked: AskedPeer) => void {
  return ({ peerId, outcome, answerMs }) => {
    const id = tryPeerIdText(peerId);
    if (id === undefined) return;
    const known = registry();
    if (outcome === "caught_up") known?.succeeded(id, { responseMs: answerMs });
    else if (outcome === "broken" || outcome === "silent") known?.failed(id);
    if (outcome === "caught_up" || outcome === "nothing") known?.proves(id);
    if (outcome === "broken") bans.addScore(id, "protocol_violation", known?.contextOf(id));
  };
}
