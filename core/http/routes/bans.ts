import { type BanEntry, parseBanTerms } from "../../bans/mod.ts";
import { CommonsError } from "../../base/mod.ts";
import { type BodyOptions, readJson } from "../body.ts";
import { json } from "../json.ts";
import type { Route } from "../route.ts";
import * as schemas from "../schemas.ts";
import type { HttpComponents } from "../types.ts";

const MAX_TARGET = 128;

/** `/bans`. */
export function banRoutes({ bans }: Pick<HttpComponents, "bans">, body: BodyOptions): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/v1/bans",
      tag: "network",
      summary: "Bans in force: peers, addresses, networks.",
      answer: { schema: schemas.bansView },
      handler: () => json({ bans: bans.list().map(banView) }),
    },
    {
      method: "POST",
      path: "/api/v1/bans",
      tag: "network",
      summary:
        "Ban an IP address, a CIDR network or a peer id; replaces its ban. duration: 24h, seconds or " +
        "permanent; until: Unix seconds, ISO 8601 or null for good.",
      request: schemas.banBody,
      answer: { status: 201, schema: schemas.banView },
      codes: ["INVALID_PARAMS", "INVALID_BAN_TARGET", "INVALID_BAN_TIME", "BANS_FULL"],
      async handler(c) {
        const { target, duration, until, reason } = schemas.parseBody(
          schemas.banBody,
          await readJson(c.req.raw, body),
        );
        const options = {
          ...parseBanTerms({ duration, until }),
          ...(reason === undefined ? {} : { reason }),
        };
        return json(banView(await bans.ban(target, options)), 201);
      },
    },
    {
      method: "DELETE",
      path: "/api/v1/bans",
      tag: "network",
      summary: "Lift every ban and forget every score.",
      answer: { schema: schemas.bansCleared },
      handler: async () => json({ removed: await bans.clear() }),
    },
    {
      method: "DELETE",
      path: "/api/v1/bans/{target}",
      tag: "network",
      summary: "Lift the ban of exactly this target (the slash of a network as %2F).",
      answer: { status: 204 },
      codes: ["INVALID_BAN_TARGET", "BAN_NOT_FOUND"],
      async handler(c) {
        const target = (c.req.param("target") ?? "").slice(0, MAX_TARGET + 1);
        if (await bans.unban(target)) return new Response(null, { status: 204 });
        const around = bans.find(target);
        throw new CommonsError(
          "BAN_NOT_FOUND",
          `Cannot lift the ban: ${
            around === undefined ? "there is none" : `it is part of the ban of ${around.target}`
          }`,
        );
      },
    },
  ];
}

/** An entry with its times in ISO 8601. */
function banView({ created, until, ...rest }: BanEntry) {
  return {
    ...rest,
    created: new Date(created).toISOString(),
    until: until === null ? null : new Date(until).toISOString(),
  };
}
