import { expect } from "expect";
import { FakeBitcoinPeer } from "../../../tests/support/bitcoin_peer.ts";
import { mineHeaders, tipOf } from "../../../tests/support/mining.ts";
import { genesisOf } from "../_fixture.ts";
import { peersRig, settled, until } from "./_fixture.ts";

const ROOT = tipOf(genesisOf("regtest"));

Deno.test("header sync takes a whole chain in batches, and what is announced after it", async () => {
  const { headers, tip } = mineHeaders(ROOT, 5_000);
  const node = new FakeBitcoinPeer({ headers: headers.slice(0, 4_500 * 80) });
  await using rig = await peersRig({ "a:1": node });
  rig.peers.start();
  await until("synced", () => rig.height() === 4_500);
  await settled();
  const asked = node.session.received.filter(({ command }) => command === "getheaders");
  expect(asked.length).toBe(3);
  expect(rig.told.syncs).toEqual(["begin bitcoin-p2p a:1 4500", "end bitcoin-p2p a:1"]);
  node.announce(headers.slice(0, 4_501 * 80));
  await until("announced by header", () => rig.height() === 4_501);
  node.replace(headers);
  node.announceHash();
  await until("announced by hash", () => rig.height() === 5_000);
  expect(rig.t.chain.tip().hash).toBe(tip.hash.toReversed().toHex());
  expect(rig.told.tips.at(-1)).toMatch(/^bitcoin-p2p a:1 5000 /);
});
