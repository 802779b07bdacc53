import { residentMiB } from "./children.ts";
import { eventually } from "./eventually.ts";
import { type OwnedProcess, spawnDeno } from "./process.ts";

const PROGRAM = new URL("./programs/network_group.ts", import.meta.url);
const START_MS = 120_000;
/**
 * Twice what a group holds on to (measured: 10 to 20 MiB for each node). Without a limit V8 lets garbage pile up, which looks
 * like growth; with it, what really grows ends the process.
 */
const HEAP_MIB = 400;

/** What a group is told at its start. */
export interface GroupOptions {
  readonly size: number;
  readonly maxConnections: number;
  /** Entry points of the network; the group with none starts one. */
  readonly bootstrap: readonly string[];
}

export interface GroupNode {
  readonly peerId: string;
  readonly address: string;
}

/** What a group says when its nodes run. */
export interface GroupReady {
  readonly control: string;
  readonly entry: readonly string[];
  readonly nodes: readonly GroupNode[];
}

/** How a node sees the others. */
export interface GroupView {
  readonly peerId: string;
  /** Peers that are on the topics. */
  readonly neighbours: readonly string[];
  readonly peers: readonly { readonly peerId: string; readonly score: number }[];
  /** Targets of its bans. */
  readonly bans: readonly string[];
  readonly handshakes: GroupHandshakes;
}

/** What a node counts of connections that others open, from its metrics. */
export interface GroupHandshakes {
  readonly pending: number;
  /** Ended without being finished. */
  readonly failed: number;
  /** Refused because their address has too many under way. */
  readonly refused: number;
}

/** A node somewhere in the groups. */
export interface RemoteNode extends GroupNode {
  /** Publishes a new block; answers its hash. */
  publish(): Promise<string>;
  ban(peerIds: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** A network in a few processes. */
export interface GroupedNetwork {
  readonly nodes: readonly RemoteNode[];
  views(): Promise<readonly GroupView[]>;
  /** Waits until these nodes know a block. */
  reaches(nodes: readonly RemoteNode[], hash: string, options?: { readonly ms?: number }): Promise<void>;
  /** Ids of the nodes that do not know a block. */
  lacking(hash: string): Promise<readonly string[]>;
  /** Hashes of every block that any node took for one. */
  announced(): Promise<readonly string[]>;
  /** Lifts every ban. */
  heal(): Promise<void>;
  /** Resident memory of each process, seen from outside; empty where the system does not tell. */
  memoryMiB(): Promise<readonly number[]>;
}

interface Group {
  readonly process: OwnedProcess;
  readonly ready: GroupReady;
  ask(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/**
 * Starts nodes that find each other through one entry point, some in each process, and waits until every two of them are
 * connected, be it over others. All end with the stack.
 */
export async function startGroups(
  stack: AsyncDisposableStack,
  options: { readonly groups: number; readonly size: number; readonly maxConnections: number },
): Promise<GroupedNetwork> {
  const { size, maxConnections } = options;
  const first = await startGroup(stack, { size, maxConnections, bootstrap: [] });
  const rest = await Promise.all(
    Array.from(
      { length: options.groups - 1 },
      () => startGroup(stack, { size, maxConnections, bootstrap: first.ready.entry }),
    ),
  );
  const network = networkOf([first, ...rest]);
  await eventually("a network of one piece", async () => isWhole(await network.views()), { ms: START_MS });
  return network;
}

/** True when everybody can be reached from anybody over connections that both sides know of, two at least for each. */
export function isWhole(views: readonly GroupView[]): boolean {
  const known = new Map(views.map((view) => [view.peerId, new Set(view.neighbours)]));
  const mutual = (peerId: string) => [...known.get(peerId) ?? []].filter((id) => known.get(id)?.has(peerId));
  const seen = new Set(views.slice(0, 1).map(({ peerId }) => peerId));
  for (const peerId of seen) for (const next of mutual(peerId)) seen.add(next);
  return seen.size === views.length && views.every(({ peerId }) => mutual(peerId).length >= 2);
}

async function startGroup(stack: AsyncDisposableStack, options: GroupOptions): Promise<Group> {
  const process = stack.use(spawnDeno(PROGRAM, {
    args: [JSON.stringify(options)],
    flags: ["-A", `--v8-flags=--max-old-space-size=${HEAP_MIB}`],
  }));
  const ready: GroupReady = JSON.parse(await process.stdout.waitFor(/^\{/, { ms: START_MS }));
  return {
    process,
    ready,
    async ask(command, args = {}) {
      const answer = await fetch(`${ready.control}/${command}`, {
        method: "POST",
        body: JSON.stringify(args),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`Cannot ${command}: ${text}\n${process.output()}`);
      return JSON.parse(text);
    },
  };
}

function networkOf(groups: readonly Group[]): GroupedNetwork {
  let blocks = 0;
  const nodes = groups.flatMap(({ ready, ask }) =>
    ready.nodes.map((node): RemoteNode => ({
      ...node,
      publish: async () => String(await ask("publish", { node: node.peerId, number: ++blocks })),
      ban: async (targets) => void await ask("ban", { node: node.peerId, targets }),
      stop: async () => void await ask("stop", { node: node.peerId }),
    }))
  );
  const fromAll = async <T>(command: string, args?: Readonly<Record<string, unknown>>) =>
    (await Promise.all(groups.map(({ ask }) => ask(command, args)))).flat() as T[]; // from our own program
  const lacking = (hash: string) => fromAll<string>("lacking", { hash });
  return {
    nodes,
    views: () => fromAll<GroupView>("views"),
    lacking,
    async reaches(wanted, hash, { ms = 30_000 } = {}) {
      const ids = new Set(wanted.map(({ peerId }) => peerId));
      let missing: readonly string[] = [];
      await eventually("a block everywhere", async () => {
        missing = (await lacking(hash)).filter((peerId) => ids.has(peerId));
        return missing.length === 0;
      }, { ms }).catch((cause) => {
        throw new Error(`Block ${hash} did not reach ${missing.join(", ")}`, { cause });
      });
    },
    announced: () => fromAll<string>("announced"),
    heal: async () => void await fromAll("heal"),
    async memoryMiB() {
      const each = await Promise.all(groups.map(({ process }) => residentMiB(process.pid)));
      return each.filter((one) => one !== undefined);
    },
  };
}
