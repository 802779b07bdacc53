import { type BanEntry, type BanOptions, type BanTarget, tryBanTarget } from "../../bans/mod.ts";
import { CommonsError, type ErrorCode, isCommonsError } from "../../base/mod.ts";
import type { HttpBans } from "../types.ts";
import type { RpcMethod } from "./rpc_method.ts";

type Bans = Pick<HttpBans, "ban" | "unban" | "clear" | "list" | "find">;

const TARGET = {
  name: "subnet",
  about: "IP address, CIDR network or peer id; names are not resolved",
  optional: true,
};

/**
 * `setban`, `isbanned`, `listbanned`, `clearbanned` with the words of the node that users come from. Every parameter is
 * optional for the dispatcher, because what is missing has a message of its own.
 */
export function banMethods(bans: Bans): readonly RpcMethod[] {
  return [
    {
      name: "setban",
      params: [
        TARGET,
        { name: "command", about: '"add" or "remove"', optional: true },
        { name: "bantime", about: "seconds; 0 or absent = bans.default_duration", optional: true },
        { name: "absolute", about: "whether bantime is a Unix time", optional: true },
      ],
      help: "Ban an address, a network or a peer, or lift the ban of exactly that.",
      admin: true,
      handler: ([subnet, command, bantime, absolute]) => {
        const target = targetOf(subnet);
        if (command === "add") return add(bans, target, banTime(bantime, absolute));
        if (command === "remove") return remove(bans, target);
        throw invalid("Invalid command. Must be 'add' or 'remove'.");
      },
    },
    {
      name: "isbanned",
      params: [TARGET],
      help: "Whether an address, a network or a peer is banned, by itself or as part of a network.",
      admin: false,
      handler: ([subnet]) => bans.find(targetOf(subnet).text) !== undefined,
    },
    {
      name: "listbanned",
      params: [{ name: "verbose", about: "objects instead of texts", optional: true }],
      help: "What is banned. Verbose: {address, banned_until, ban_created, ban_reason} with Unix times, " +
        "banned_until null for a ban without end.",
      admin: false,
      handler: ([verbose]) =>
        flag(verbose, "verbose") ? bans.list().map(banInfo) : bans.list().map(({ target }) => target),
    },
    {
      name: "clearbanned",
      params: [],
      help: "Lift every ban.",
      admin: true,
      handler: async () => {
        await bans.clear();
        return true;
      },
    },
  ];
}

async function add(bans: Bans, target: BanTarget, options: BanOptions): Promise<null> {
  try {
    await bans.ban(target.text, options);
    return null;
  } catch (error) {
    if (isCommonsError(error, "INVALID_BAN_TIME")) throw error;
    throw failed("Failed to add ban", error);
  }
}

async function remove(bans: Bans, target: BanTarget): Promise<null> {
  let found: boolean;
  try {
    found = await bans.unban(target.text);
  } catch (error) {
    throw failed("Error while trying to unban peer", error);
  }
  if (found) return null;
  throw new CommonsError("BAN_NOT_FOUND", "Failed to unban peer");
}

/** An error with the words of the API and the code of what happened. */
function failed(message: string, cause: unknown): unknown {
  return isCommonsError(cause) ? new CommonsError(cause.code, message, { cause }) : cause;
}

function targetOf(value: unknown): BanTarget {
  if (value === undefined || value === null || value === "") throw invalid("IPOrSubnet is required");
  const target = tryBanTarget(value);
  if (target === undefined) throw invalid("Invalid IP or subnet", "INVALID_BAN_TARGET");
  return target;
}

/** Terms of `bantime` and `absolute`. A Unix time of 0 is none, unlike a duration of 0. */
function banTime(bantime: unknown, absolute: unknown): BanOptions {
  const given = bantime ?? 0;
  if (typeof given !== "number" || !Number.isFinite(given) || given < 0) {
    throw invalid("Invalid bantime", "INVALID_BAN_TIME");
  }
  if (flag(absolute, "absolute")) return { until: given * 1000 };
  return given === 0 ? {} : { durationMs: given * 1000 };
}

function flag(value: unknown, name: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  throw invalid(`Invalid ${name}: must be true or false`);
}

function invalid(message: string, code: ErrorCode = "INVALID_PARAMETER"): CommonsError {
  return new CommonsError(code, message);
}

function banInfo({ target, created, until, reason }: BanEntry) {
  return {
    address: target,
    banned_until: until === null ? null : Math.floor(until / 1000),
    ban_created: Math.floor(created / 1000),
    ban_reason: reason,
  };
}
