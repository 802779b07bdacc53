import type { Clock } from "../base/mod.ts";
import type { CheckScope, OwnFields } from "./codec.ts";
import { HubUrls } from "./hub_urls.ts";
import type { Notification, OwnTip, P2pInit } from "./types.ts";

/** How far above the node's own height a claimed one is believed. */
const MAX_LEAD = 10_000;
/** The own height is asked for this often at most: every announcement is measured by it. */
const HEIGHT_AGE_MS = 1_000;

/** What the checks of messages look at, from the settings. */
export function checkScope(init: P2pInit, clock: Clock): CheckScope {
  const { network, tip } = init;
  return {
    network,
    chain: chainOf(init),
    clock,
    hubs: new HubUrls({
      allowPrivate: init.sharePrivateAddresses === true,
      ...(init.blacklistedBaseUrls === undefined ? {} : { blocked: init.blacklistedBaseUrls }),
    }),
    believable: tip === undefined ? (height) => height : believer(tip, clock),
  };
}

/** The own height costs more to ask for than the rest of a check. */
function believer(tip: () => OwnTip, clock: Clock): (height: number) => number {
  let most = 0;
  let asked = Number.NEGATIVE_INFINITY;
  return (height) => {
    const now = clock.monotonic();
    if (now - asked >= HEIGHT_AGE_MS) {
      most = tip().height + MAX_LEAD;
      asked = now;
    }
    return Math.min(height, most);
  };
}

/** What the node says about itself, from the settings; `status` makes the notification of its own state. */
export function ownFields(
  init: P2pInit,
  { peerId, scope, status }: {
    readonly peerId: string;
    readonly scope: CheckScope;
    readonly status: () => Notification;
  },
): OwnFields {
  return {
    peerId,
    clientName: init.name,
    // Others would refuse the whole message for a URL that they can't use; a node that only listens invites nobody.
    dataHubUrl: init.listenMode === "full" ? scope.hubs.usable(init.dataHubUrl) : "",
    userAgent: `commons-node/${init.version}`,
    services: init.services ?? 0,
    chain: scope.chain,
    tip: () => init.tip?.(),
    status: () => {
      const { timestamp: _timestamp, block_assembly_details: _details, ...fields } = status();
      return fields;
    },
  };
}

/** `<topic prefix>/<network>`, the "topic prefix" that greetings carry. */
function chainOf({ topicPrefix, network }: Pick<P2pInit, "topicPrefix" | "network">): string {
  return `${topicPrefix}/${network}`;
}
