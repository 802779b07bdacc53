import { expect } from "expect";
import { fakeP2p, fakeService, NODE, PEER } from "./test_fakes.ts";

async function ask(method: string, components: Parameters<typeof fakeService>[1] = {}) {
  const { app } = fakeService({}, components);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method });
  return (await (await app.request("/rpc", { method: "POST", body })).json()).result;
}

const CLAIM = { height: 120, hash: "", baseUrl: "", startingHeight: 100, at: 0 };

Deno.test("getpeerinfo has every field that it can know", async () => {
  const { p2p } = fakeP2p();
  const quiet = { ...PEER, id: 9, peerId: "12D3KooWquiet", kept: false, pingMs: null, services: 2 ** 29 + 1 };
  const peers = () => [PEER, quiet];
  const claimOf = (peerId: string) => peerId === PEER.peerId ? CLAIM : undefined;
  const [known, unknown] = await ask("getpeerinfo", { p2p: { ...p2p, peers, claimOf } });
  expect(known).toEqual({
    id: 7,
    peerid: "12D3KooWpeer",
    addr: "/ip4/127.0.0.1/tcp/1",
    services: "0000000000000000",
    servicesnames: [],
    servicesStr: "",
    relaytxes: false,
    lastsend: 1_700_000_000,
    lastrecv: 0,
    bytessent: 100,
    bytesrecv: 200,
    conntime: 1_700_000_000,
    timeoffset: 0,
    pingtime: 0.0125,
    version: 0,
    subver: "other/1",
    inbound: true,
    startingheight: 100,
    currentheight: 120,
    banscore: 30,
    whitelisted: true,
    feefilter: 0,
    syncnode: false,
    transport: "tcp",
    topics: ["block"],
  });
  expect(unknown).toMatchObject({
    id: 9,
    startingheight: -1,
    currentheight: -1,
    servicesStr: "UNKNOWN[2^0]|GOVERNANCE",
    whitelisted: false,
  });
  expect(unknown).not.toHaveProperty("pingtime");
});

Deno.test("getnetworkinfo has the fields of Bitcoin Core", async () => {
  expect(await ask("getnetworkinfo", { node: { ...NODE, version: "1.22.3-rc.1" } })).toEqual({
    version: 12_203,
    subversion: NODE.userAgent,
    protocolversion: 1,
    localservices: "0000000020000000",
    localservicesnames: ["GOVERNANCE"],
    localrelay: false,
    timeoffset: 0,
    networkactive: true,
    connections: 1,
    connections_in: 1,
    connections_out: 0,
    networks: [
      { name: "ipv4", limited: false, reachable: true, proxy: "", proxy_randomize_credentials: false },
      { name: "ipv6", limited: false, reachable: false, proxy: "", proxy_randomize_credentials: false },
    ],
    relayfee: 0,
    incrementalfee: 0,
    peerid: NODE.peerId,
    localaddresses: [{
      address: "127.0.0.1",
      port: 9905,
      score: 0,
      multiaddr: "/ip4/127.0.0.1/tcp/9905/p2p/12D3KooWfake",
    }],
    warnings: [],
  });
});
