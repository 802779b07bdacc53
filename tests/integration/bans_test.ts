import { expect } from "expect";
import { eventually } from "../support/eventually.ts";
import { startTestNode, type TestNode } from "../support/node_process.ts";
import { tempDir } from "../support/temp_dir.ts";

const NOWHERE = 'p2p.listen=["/ip4/127.0.0.1/tcp/0"]';

async function peers(node: TestNode): Promise<number> {
  const { body } = await node.api("/api/v1/peers");
  return (body as { peers: unknown[] }).peers.length;
}

async function rpc(node: TestNode, method: string, ...params: unknown[]): Promise<unknown> {
  const { body } = await node.api("/rpc", { body: { jsonrpc: "2.0", id: 1, method, params } });
  return (body as { result: unknown }).result;
}

Deno.test("a ban keeps a peer out, over restart and kill -9, until it is lifted", async (t) => {
  await using dir = await tempDir();
  await using peer = await startTestNode({ set: [NOWHERE] });
  const staticPeers = `p2p.static_peers=${JSON.stringify(peer.run.p2p)}`;
  const start = () => startTestNode({ dataDir: dir.path, set: [NOWHERE, staticPeers] });

  await t.step("the command ends the connection", async () => {
    await using node = await start();
    await eventually("the connection", async () => await peers(node) === 1);
    const { code, stdout, stderr } = await node.commons(
      "peer",
      "ban",
      peer.run.peerId,
      "--duration",
      "1h",
      "--reason",
      "a test",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Banned ${peer.run.peerId} until 2`));
    await eventually("the end of the connection", async () => await peers(node) === 0);
    await eventually("the other side's, too", async () => await peers(peer) === 0);
    const { status, body } = await node.api("/api/v1/peers", { body: { multiaddr: peer.run.p2p[0] } });
    expect({ status, body }).toMatchObject({ status: 409, body: { code: "PEER_BANNED" } });
    expect(await rpc(node, "setban", "203.0.113.0/24", "add")).toBe(null);
    expect(await node.stop()).toBe(0);
  });
  await t.step("it holds after a clean stop, and after a kill", async () => {
    {
      await using node = await start();
      expect(await rpc(node, "listbanned")).toEqual(["203.0.113.0/24", peer.run.peerId]);
      expect(await rpc(node, "setban", "2001:db8::/32", "add", 60)).toBe(null);
      node.expectKill();
      node.process.kill("SIGKILL");
      await node.process.exited;
    }
    await using node = await start();
    expect(await rpc(node, "listbanned")).toEqual(["2001:db8::/32", "203.0.113.0/24", peer.run.peerId]);
    expect(await rpc(node, "isbanned", "203.0.113.9")).toBe(true);
    expect(await peers(node)).toBe(0);
    expect((await node.commons("peer", "unban", peer.run.peerId)).code).toBe(0);
    await eventually("the static peer again", async () => await peers(node) === 1);
    const table = await node.commons("peer", "bans");
    expect(table.stdout).toMatch(/^TARGET +SOURCE[^]*\n203\.0\.113\.0\/24 +operator/);
  });
});
