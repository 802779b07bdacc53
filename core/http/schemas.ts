import { z } from "zod";
import { CommonsError } from "../base/mod.ts";

/** A schema that is made when it is first needed: most are only for the OpenAPI document. */
export type Schema = () => z.ZodType;

/** Makes a schema once, when it is first asked for. */
export function lazy<T extends z.ZodType>(make: () => T): () => T {
  let schema: T | undefined;
  return () => schema ??= make();
}

const text = (max: number) => z.string().min(1).max(max);
const record = () => z.record(z.string(), z.unknown());

/** Body of `POST /peers`. */
export const addPeerBody = lazy(() => z.strictObject({ multiaddr: text(512) }));
/** Body of `POST /bans`. */
export const banBody = lazy(() => {
  const time = z.union([z.number(), z.string().max(64)]);
  return z.strictObject({
    target: text(128),
    duration: time.optional(),
    until: time.nullable().optional(),
    reason: z.string().max(1024).optional(),
  });
});
/** Body of `POST /chain/headers`: the body's size bounds it. */
export const headersBody = lazy(() => z.strictObject({ headers: z.string().min(1) }));
/** Body of `POST /chain/anchor`. */
export const anchorBody = lazy(() =>
  z.strictObject({
    height: z.number().int().min(0),
    header: text(160),
    chainwork: z.string().regex(/^[0-9a-fA-F]{1,64}$/, "must be up to 64 hex digits"),
  })
);
/** Body of `POST /modules/{name}/call`. */
export const moduleCallBody = lazy(() =>
  z.strictObject({ method: text(128), params: z.unknown().optional() })
);
/** Body of `POST /gossip/{topic}`: a message, by itself or in `message`. */
export const gossipBody = lazy(() => z.union([z.strictObject({ message: record() }), record()]));

/** Answers, for the document. */
export const readinessView = lazy(() =>
  z.object({
    ready: z.boolean(),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string().optional() })),
  })
);
export const nodeView = lazy(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    network: z.string(),
    peerId: z.string(),
    nodeId: z.string(),
    userAgent: z.string(),
    services: z.number().int(),
    uptimeSeconds: z.number().int(),
    listening: z.array(z.string()),
  })
);
export const peersView = lazy(() =>
  z.object({
    peers: z.array(z.object({
      id: z.number().int(),
      peerId: z.string(),
      address: z.string(),
      direction: z.enum(["inbound", "outbound"]),
      transport: z.string(),
      userAgent: z.string(),
      services: z.number().int(),
      connectedAt: z.string(),
      score: z.number(),
      banScore: z.number(),
      topics: z.array(z.string()),
      kept: z.boolean(),
      pingMs: z.number().nullable(),
      bytesSent: z.number().int(),
      bytesReceived: z.number().int(),
      lastSendAt: z.string().nullable(),
      lastReceivedAt: z.string().nullable(),
    })),
  })
);
export const banView = lazy(() =>
  z.object({
    target: z.string(),
    kind: z.enum(["ip", "cidr", "peer"]),
    created: z.string(),
    until: z.string().nullable(),
    reason: z.string(),
    source: z.enum(["operator", "module", "auto"]),
    hits: z.number().int(),
    address: z.string().optional(),
  })
);
export const chainTip = lazy(() =>
  z.object({
    hash: z.string(),
    height: z.number().int(),
    chainwork: z.string(),
    time: z.number().int(),
    bits: z.string(),
  })
);
export const chainTips = lazy(() =>
  z.object({
    tip: chainTip(),
    stale: z.array(z.object({
      hash: z.string(),
      height: z.number().int(),
      chainwork: z.string(),
      branchLength: z.number().int(),
    })),
  })
);
const bitcoinPeer = lazy(() =>
  z.object({
    address: z.string(),
    origin: z.enum(["config", "found"]),
    state: z.enum(["waiting", "connecting", "handshake", "ready"]),
    version: z.number().int().optional(),
    userAgent: z.string().optional(),
    services: z.string().optional(),
    claimedHeight: z.number().int().optional(),
    pingMs: z.number().optional(),
    connectedSeconds: z.number().int().optional(),
    bytesIn: z.number().int().optional(),
    bytesOut: z.number().int().optional(),
    syncing: z.boolean(),
    retrySeconds: z.number().int().optional(),
    lastReason: z.string().optional(),
  })
);
const fullNodeView = lazy(() =>
  z.object({
    state: z.enum(["unknown", "up", "down", "foreign"]),
    why: z.string().optional(),
    info: z.object({
      chain: z.string(),
      blocks: z.number().int(),
      headers: z.number().int(),
      pruned: z.boolean(),
      initialDownload: z.boolean(),
    }).optional(),
  })
);
export const chainSources = lazy(() =>
  z.object({
    phase: z.enum(["initial", "headers", "synced"]),
    progress: z.number(),
    sync: z.object({
      startHeight: z.number().int(),
      height: z.number().int(),
      targetHeight: z.number().int(),
      percent: z.number(),
      seconds: z.number().int(),
    }).optional(),
    sources: z.array(z.object({
      name: z.string(),
      state: z.enum(["none", "agrees", "fork", "unknown", "refused"]),
      tip: z.object({ hash: z.string(), height: z.number().int().optional() }).optional(),
      seenSecondsAgo: z.number().int().optional(),
      disagreesForSeconds: z.number().int().optional(),
      syncing: z.boolean(),
      refused: z.record(z.string(), z.number().int()),
    })),
    bitcoinPeers: z.array(bitcoinPeer()).optional(),
    fullNode: fullNodeView().optional(),
  })
);
export const headerView = lazy(() =>
  chainTip().extend({
    version: z.number().int(),
    previousHash: z.string(),
    merkleRoot: z.string(),
    nonce: z.number().int(),
    medianTime: z.number().int(),
    confirmations: z.number().int(),
    nextHash: z.string().optional(),
    header: z.string(),
  })
);
export const headersAccepted = lazy(() =>
  z.object({
    accepted: z.number().int(),
    duplicate: z.number().int(),
    rejected: z.array(z.object({ index: z.number().int(), code: z.string() })),
    adopted: z.number().int(),
    tip: chainTip(),
  })
);
export const bansView = lazy(() => z.object({ bans: z.array(banView()) }));
export const bansCleared = lazy(() => z.object({ removed: z.number().int() }));
export const peerAdded = lazy(() => z.object({ peerId: z.string() }));
export const published = lazy(() => z.object({ recipients: z.number().int(), message: record() }));
export const gossipStats = lazy(() =>
  z.object({
    bytesSent: z.number().int(),
    bytesReceived: z.number().int(),
    topics: z.array(z.object({
      topic: z.string(),
      subscribers: z.number().int(),
      meshPeers: z.number().int(),
      accepted: z.number().int(),
      ignored: z.number().int(),
      rejected: z.number().int(),
      published: z.number().int(),
    })),
  })
);
export const moduleView = lazy(() => {
  const count = z.number().int();
  const names = z.array(z.string());
  return z.object({
    name: z.string(),
    version: z.string(),
    description: z.string(),
    state: z.string(),
    reason: z.object({ code: z.string(), message: z.string() }).optional(),
    health: z.string(),
    hash: z.string(),
    signature: z.object({ state: z.string(), signers: names }),
    capabilities: z.object({ requested: names, granted: names, missing: names }),
    pid: count.nullable(),
    uptimeMs: z.number(),
    restarts: count,
    memory: z.object({ rssBytes: count, limitBytes: count }),
    cpuPercent: z.number(),
    events: z.object({ delivered: count, dropped: count }),
    calls: z.object({ total: count, denied: count, failed: count }),
    lastExit: z.object({ reason: z.string(), detail: z.string(), at: z.string() }).nullable(),
  });
});
export const modulesView = lazy(() => z.object({ modules: z.array(moduleView()) }));
export const moduleResult = lazy(() => z.object({ result: z.unknown() }));
export const moduleLines = lazy(() =>
  z.object({
    lines: z.array(z.object({
      time: z.string(),
      level: z.enum(["debug", "info", "warn", "error"]),
      message: z.string(),
      fields: record().optional(),
    })),
  })
);
export const moduleAudit = lazy(() =>
  z.object({
    calls: z.array(z.object({
      method: z.string(),
      outcome: z.enum(["ok", "denied", "limited", "failed"]),
      at: z.string(),
    })),
  })
);
export const moduleApi = lazy(() =>
  z.object({
    methods: z.array(z.object({
      name: z.string(),
      capability: z.string().nullable(),
      tier: z.enum(["open", "consent", "privileged"]).nullable(),
      available: z.boolean(),
      reason: z.string().optional(),
    })),
  })
);
export const problemView = lazy(() =>
  z.looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
  })
);
export const rpcBody = lazy(() => {
  const call = z.object({
    jsonrpc: z.enum(["1.0", "1.1", "2.0"]).optional(),
    id: z.union([z.string(), z.number(), z.null()]).optional(),
    method: z.string(),
    params: z.union([z.array(z.unknown()), record()]).optional(),
  });
  return z.union([call, z.array(call).min(1).max(100)]);
});

const MAX_ISSUES = 10;

/**
 * `value` by `schema`.
 * @throws {CommonsError} `INVALID_PARAMS` with `issues: [{path, message}]`
 */
export function parseBody<T>(schema: () => z.ZodType<T>, value: unknown): T {
  const result = schema().safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
    path: path.join(".").slice(0, 128),
    message: message.slice(0, 256),
  }));
  const first = issues[0];
  const where = first === undefined || first.path === "" ? "the body" : first.path;
  throw new CommonsError("INVALID_PARAMS", `Cannot use ${where}: ${first?.message ?? "not as described"}`, {
    detail: { issues },
  });
}
