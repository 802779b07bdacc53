import type { Clock } from "../base/mod.ts";
import type { CheckScope, OwnFields } from "./codec.ts";
import { HubUrls } from "./hub_urls.ts";
import { OwnView } from "./own_view.ts";
import type { Notification, P2pInit } from "./types.ts";

/** What the checks of messages look at, from the settings. */
export function checkScope(init: P2pInit, clock: Clock): CheckScope {
  const { network } = init;
  const view = new OwnView(clock, init);
  return {
    network,
    chain: chainOf(init),
    clock,
    hubs: new HubUrls({
      allowPrivate: init.sharePrivateAddresses === true,
      ...(init.blacklistedBaseUrls === undefined ? {} : { blocked: init.blacklistedBaseUrls }),
    }),
    believable: (height) => view.believable(height),
    noNews: (header) => view.noNews(header),
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

/** What the operator should know about the URL that others are told, when something is wrong with it. */
export function hubWarning(
  { topicPrefix, listenMode, dataHubUrl }: Pick<P2pInit, "topicPrefix" | "listenMode" | "dataHubUrl">,
  told: string,
): string | undefined {
  if (listenMode !== "full" || told !== "") return undefined;
  if (dataHubUrl !== "") return "the data hub URL is not told to others: they could not use it";
  return topicPrefix.startsWith("teranode/")
    ? "without p2p.data_hub_url do not announce blocks: Teranode nodes ban for announcements that offer none"
    : undefined;
}

/** `<topic prefix>/<network>`, the "topic prefix" that greetings carry. */
function chainOf({ topicPrefix, network }: Pick<P2pInit, "topicPrefix" | "network">): string {
  return `${topicPrefix}/${network}`;
}
