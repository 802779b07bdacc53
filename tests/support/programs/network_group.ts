/**
 * A few nodes of a network in a process of their own, told over HTTP what to do: see `../network_groups.ts`. The argument
 * is JSON of {@linkcode GroupOptions}; the first line of stdout is JSON of {@linkcode GroupReady}.
 */
import { minedHeader } from "../../../core/p2p/_fixture.ts";
import type { GroupNode, GroupOptions, GroupReady, GroupView } from "../network_groups.ts";
import { announced, knows, neighbours, type NetworkNode, startNetworkNode } from "../p2p_network.ts";

type Arguments = Readonly<Record<string, unknown>>;

const options: GroupOptions = JSON.parse(Deno.args[0] ?? "{}");
const own = new Map<string, Set<string>>();
const nodes: NetworkNode[] = [];
let bootstrap = options.bootstrap;
let entry: NetworkNode | undefined;
if (bootstrap.length === 0) {
  entry = await startNetworkNode({ bootstrapOnly: true, maxConnections: 200 });
  bootstrap = [entry.address];
}
for (let i = 0; i < options.size; i++) {
  nodes.push(await startNetworkNode({ bootstrap, maxConnections: options.maxConnections }));
}

function nodeOf(peerId: unknown): NetworkNode {
  const node = nodes.find(({ identity }) => identity.peerId === peerId);
  if (node === undefined) throw new Error("Cannot find the node: it is not in this group");
  return node;
}

function idsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function viewOf(node: NetworkNode): GroupView {
  return {
    peerId: node.identity.peerId,
    neighbours: neighbours(node),
    peers: node.service.peers().map(({ peerId, score }) => ({ peerId, score })),
    bans: node.bans.list().map(({ target }) => target),
    handshakes: {
      pending: node.metrics.value("commons_p2p_pending_handshakes"),
      failed: node.metrics.value("commons_p2p_handshakes_total", {
        direction: "inbound",
        result: "handshake_failed",
      }),
      refused: node.metrics.value("commons_p2p_connections_refused_total", { reason: "HANDSHAKES_PER_IP" }),
    },
  };
}

const COMMANDS: Readonly<Record<string, (args: Arguments) => unknown>> = {
  async publish({ node: peerId, number }) {
    const node = nodeOf(peerId);
    const { hash, header } = minedHeader(Number(number));
    await node.service.publish("block", { Hash: hash, Height: Number(number), Header: header });
    own.set(hash, new Set([node.identity.peerId]));
    return hash;
  },
  lacking: ({ hash }) =>
    nodes.filter((node) =>
      !knows(node, String(hash)) && own.get(String(hash))?.has(node.identity.peerId) !== true
    )
      .map(({ identity }) => identity.peerId),
  views: () => nodes.map(viewOf),
  announced: () => [...new Set(nodes.flatMap((node) => announced(node)))],
  async ban({ node, targets }) {
    await Promise.all(idsOf(targets).map((target) => nodeOf(node).bans.ban(target)));
  },
  async heal() {
    await Promise.all(nodes.map(({ bans }) => bans.clear()));
  },
  async stop({ node }) {
    await nodeOf(node).service.stop();
  },
};

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => {
    const ready: GroupReady = {
      control: `http://127.0.0.1:${port}`,
      entry: bootstrap,
      nodes: nodes.map(({ identity, address }): GroupNode => ({ peerId: identity.peerId, address })),
    };
    console.log(JSON.stringify(ready));
  },
}, async (request) => {
  const command = COMMANDS[new URL(request.url).pathname.slice(1)];
  if (command === undefined) return new Response("no such command", { status: 404 });
  try {
    return Response.json(await command(await request.json()) ?? null);
  } catch (error) {
    return new Response(String(error), { status: 500 });
  }
});
