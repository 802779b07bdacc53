import { CommonsError, errorText, fromHex, HEADER_BYTES } from "../../base/mod.ts";
import { type BodyOptions, readJson } from "../body.ts";
import { json } from "../json.ts";
import { problemOf } from "../problem.ts";
import type { Route } from "../route.ts";
import * as schemas from "../schemas.ts";
import type { HttpComponents } from "../types.ts";

const TOPIC = /^[a-z0-9_-]{1,64}$/;

/** `/peers` and `/gossip`. */
export function networkRoutes(
  { p2p, chain, logger }: Pick<HttpComponents, "p2p" | "chain" | "logger">,
  body: BodyOptions,
): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/v1/peers",
      tag: "network",
      summary: "Connected peers.",
      answer: { schema: schemas.peersView },
      handler: () => json({ peers: p2p.peers() }),
    },
    {
      method: "POST",
      path: "/api/v1/peers",
      tag: "network",
      summary: "Dial a peer and keep it.",
      request: schemas.addPeerBody,
      answer: { status: 201, schema: schemas.peerAdded },
      codes: ["INVALID_MULTIADDR", "PEER_BANNED", "DIAL_FAILED", "TOO_MANY_PEERS"],
      async handler(c) {
        const { multiaddr } = parse(schemas.addPeerBody, await readJson(c.req.raw, body));
        return json({ peerId: await p2p.addPeer(multiaddr, { signal: c.req.raw.signal }) }, 201);
      },
    },
    {
      method: "DELETE",
      path: "/api/v1/peers/{peerId}",
      tag: "network",
      summary: "Disconnect a peer and stop keeping it.",
      answer: { status: 204 },
      codes: ["PEER_NOT_FOUND"],
      async handler(c) {
        if (await p2p.removePeer(c.req.param("peerId") ?? "")) return new Response(null, { status: 204 });
        throw new CommonsError("PEER_NOT_FOUND", "Cannot remove the peer: it is not known");
      },
    },
    {
      method: "POST",
      path: "/api/v1/gossip/{topic}",
      tag: "network",
      summary:
        "Publish one of the node's own messages, after the checks that a received one gets. A block's header is offered to the own chain.",
      request: schemas.gossipBody,
      answer: { schema: schemas.published },
      codes: ["UNKNOWN_TOPIC", "AUTHOR_MISMATCH", "UNAVAILABLE"],
      async handler(c) {
        const topic = c.req.param("topic") ?? "";
        if (!TOPIC.test(topic)) throw new CommonsError("UNKNOWN_TOPIC", "Cannot publish: no such topic");
        const message = messageOf(await readJson(c.req.raw, body));
        try {
          const published = await p2p.publish(topic, message);
          if (topic === "block") await takeOwnHeader(published.message["Header"], { chain, logger });
          return json(published);
        } catch (error) {
          return problemOf(error, { logger, refusal: 422 }); // whatever the validator says against it
        }
      },
    },
    {
      method: "GET",
      path: "/api/v1/gossip/stats",
      tag: "network",
      summary: "Messages by topic.",
      answer: { schema: schemas.gossipStats },
      handler: () => json(p2p.stats()),
    },
  ];
}

/** Who publishes a block believes in it: its header is judged as if it had been posted to `/chain/headers`. */
async function takeOwnHeader(
  header: unknown,
  { chain, logger }: Pick<HttpComponents, "chain" | "logger">,
): Promise<void> {
  if (typeof header !== "string") return;
  try {
    const bytes = fromHex(header, { length: HEADER_BYTES, title: "the header" });
    await chain.accept(bytes, { lowWork: "store", keepOrphans: true });
  } catch (error) {
    // it is published, that cannot be taken back
    logger.warn("a published header was not offered to the chain", { error: errorText(error).slice(0, 300) });
  }
}

const parse = schemas.parseBody;

/** The message of `{message: {…}}`, or the body itself. */
function messageOf(body: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(body)) throw new CommonsError("INVALID_PARAMS", "Cannot publish: the body must be an object");
  const { message } = body;
  return isObject(message) && Object.keys(body).length === 1 ? message : body;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
