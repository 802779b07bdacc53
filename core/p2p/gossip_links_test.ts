import type { PeerId } from "@libp2p/interface";
import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { silentLogger } from "./_fixture.ts";
import { GossipLinks, type LinkedHost } from "./gossip_links.ts";
import type { GossipInside } from "./gossip_streams.ts";

const GOSSIP = "/meshsub/1.2.0";
const PEER = { toString: () => "peer" } as PeerId; // only its text is used

interface FakeStream {
  readonly protocol: string;
  status: string;
  remoteWriteStatus: string;
  abort(): void;
}

function stream(): FakeStream {
  return {
    protocol: GOSSIP,
    status: "open",
    remoteWriteStatus: "writable",
    abort() {
      this.status = "aborted";
    },
  };
}

/** A host with one connection, and gossipsub's inside, as far as they are looked at. */
function setup(options: { readonly mends?: boolean; readonly error?: string } = {}) {
  const calls: string[] = [];
  const events = new EventTarget();
  const streams = { out: stream(), in: stream() };
  const connection = {
    remotePeer: PEER,
    status: "open",
    limits: undefined as unknown,
    streams: [streams.out, streams.in],
    abort: () => void calls.push("drop"),
  };
  let connections = [connection];
  const own = {
    protocols: [GOSSIP],
    peers: new Map([["peer", PEER]]),
    streamsOutbound: new Map([["peer", { rawStream: streams.out }]]),
    streamsInbound: new Map([["peer", { rawStream: streams.in }]]),
    onPeerDisconnected(peer: PeerId) {
      calls.push("forget");
      for (const map of [own.peers, own.streamsOutbound, own.streamsInbound]) map.delete(peer.toString());
    },
    onPeerConnected(peer: PeerId) {
      calls.push("open");
      own.peers.set("peer", peer);
      if (options.mends === false) return;
      own.streamsOutbound.set("peer", { rawStream: stream() });
      own.streamsInbound.set("peer", { rawStream: stream() });
    },
  };
  const host = {
    getConnections: () => connections,
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
    services: {
      identify: {
        identify() {
          calls.push("identify");
          const error = new Error("no answer");
          if (options.error !== undefined) error.name = options.error;
          return Promise.reject(error);
        },
      },
    },
  };
  const clock = new FakeClock();
  const links = new GossipLinks({
    clock,
    logger: silentLogger,
    host: host as unknown as LinkedHost, // only what is looked at
    inside: own as unknown as GossipInside,
  });
  const identified = (...protocols: string[]) =>
    events.dispatchEvent(new CustomEvent("peer:identify", { detail: { peerId: PEER, protocols } }));
  const leave = () => connections = [];
  return { calls, clock, links, connection, own, streams, identified, leave };
}

type Setup = ReturnType<typeof setup>;

Deno.test("GossipLinks leaves alone what is in order", async () => {
  const { calls, clock, identified, links } = setup();
  identified(GOSSIP);
  await clock.advance(160_000);
  expect(calls).toEqual([]);
  links[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});

Deno.test("GossipLinks opens what it lacks soon, and leaves alone what the peer has opened", async (t) => {
  const rows: readonly (readonly [string, (s: Setup) => unknown, string])[] = [
    ["no stream to send on", ({ own }) => own.streamsOutbound.clear(), "open"],
    ["a stream to send on that ended", ({ streams }) => streams.out.status = "reset", "aborted"],
    [
      "a stream to send on that the peer let go of",
      ({ streams }) => streams.out.remoteWriteStatus = "closed",
      "aborted",
    ],
    ["a peer that gossip forgot", ({ own }) => own.peers.clear(), "open"],
  ];
  for (const [name, breakIt, left] of rows) {
    await t.step(name, async () => {
      const state = setup();
      const { calls, clock, streams, identified } = state;
      identified(GOSSIP);
      breakIt(state);
      await clock.advance(2_500);
      expect(calls).toEqual([]);
      await clock.advance(2_500);
      expect([calls, streams.out.status, streams.in.status]).toEqual([["open"], left, "open"]);
      await clock.advance(160_000);
      expect(calls).toEqual(["open"]);
    });
  }
});

Deno.test("GossipLinks opens all anew when nothing was heard for ten seconds", async (t) => {
  const rows: readonly (readonly [string, (s: Setup) => unknown])[] = [
    ["no stream to hear on", ({ own }) => own.streamsInbound.clear()],
    ["a stream to hear on that the peer ended", ({ streams }) => streams.in.remoteWriteStatus = "closed"],
  ];
  for (const [name, breakIt] of rows) {
    await t.step(name, async () => {
      const state = setup();
      const { calls, clock, streams, identified } = state;
      identified(GOSSIP);
      breakIt(state);
      await clock.advance(10_000);
      expect(calls).toEqual([]);
      await clock.advance(2_500);
      expect(calls).toEqual(["forget", "open"]);
      expect([streams.in.status, streams.out.status]).not.toContain("open");
      await clock.advance(160_000);
      expect(calls).toEqual(["forget", "open"]);
    });
  }
});

Deno.test("GossipLinks drops a connection over which gossip cannot be opened, after three attempts", async () => {
  const { calls, clock, own, identified } = setup({ mends: false });
  identified(GOSSIP);
  own.streamsOutbound.clear();
  await clock.advance(2_500 + 2_500 + 5_000 + 10_000);
  expect(calls).toEqual(["open", "forget", "open", "forget", "open"]);
  await clock.advance(20_000);
  expect(calls.slice(5)).toEqual(["drop"]);
});

Deno.test("GossipLinks keeps a peer that only listens, and stops to bother it", async () => {
  const { calls, clock, own, identified } = setup({ mends: false });
  identified(GOSSIP);
  own.streamsInbound.clear();
  const onPeerConnected = own.onPeerConnected;
  own.onPeerConnected = (peer) => {
    onPeerConnected(peer);
    own.streamsOutbound.set("peer", { rawStream: stream() });
  };
  await clock.advance(160_000);
  expect(calls).toEqual(["forget", "open", "forget", "open", "forget", "open"]);
});

Deno.test("GossipLinks asks a peer who it is that did not say so, and drops it when it never does", async (t) => {
  await t.step("it never does", async () => {
    const { calls, clock, own } = setup();
    own.peers.clear();
    await clock.advance(2_500 + 10_000 + 20_000 + 40_000 + 80_000);
    expect(calls).toEqual(["identify", "identify", "identify", "drop"]);
  });
  await t.step("it does at last", async () => {
    const { calls, clock, own, identified } = setup();
    own.peers.clear();
    await clock.advance(12_500);
    identified("/something/else");
    await clock.advance(160_000);
    expect(calls).toEqual(["identify"]);
  });
  await t.step("it does not know how", async () => {
    const { calls, clock, own } = setup({ error: "UnsupportedProtocolError" });
    own.peers.clear();
    await clock.advance(160_000);
    expect(calls).toEqual(["identify"]);
  });
});

Deno.test("GossipLinks has no gossip with peers of other kinds and over relays", async () => {
  const other = setup();
  other.identified("/something/else");
  other.own.peers.clear();
  const relayed = setup();
  relayed.connection.limits = { bytes: 1n };
  relayed.own.streamsOutbound.clear();
  for (const { calls, clock } of [other, relayed]) {
    await clock.advance(160_000);
    expect(calls).toEqual([]);
  }
});

Deno.test("GossipLinks forgets who is gone, and has gossip forget it", async () => {
  const { calls, clock, links, own, identified, leave } = setup();
  identified(GOSSIP);
  await clock.advance(2_500);
  expect(links.size).toBe(1);
  leave();
  await clock.advance(2_500);
  expect([links.size, calls, own.peers.size]).toEqual([0, [], 1]);
  await clock.advance(2_500);
  expect([calls, own.peers.size]).toEqual([["forget"], 0]);
});
