import { multiaddr } from "@multiformats/multiaddr";
import { CommonsError } from "../../core/base/mod.ts";
import { tryBanTarget } from "../../core/bans/mod.ts";
import { cleanReason, readRecord as readBan } from "../../core/bans/record.ts";
import { parseBanTarget } from "../../core/bans/target.ts";
import { banEnd, parseBanTerms } from "../../core/bans/terms.ts";
import { SocketClient } from "../../core/http/socket_client.ts";
import { goodMessages } from "../../core/p2p/_message_fixture.ts";
import { parseAnnounceAddress, parseBootstrapAddress } from "../../core/p2p/addresses.ts";
import { candidateOf } from "../../core/p2p/discovery_candidate.ts";
import { readEnvelope } from "../../core/p2p/envelope.ts";
import { MAX_CACHED_PEERS, readCache, writeCache } from "../../core/p2p/peer_cache.ts";
import { NEW_RECORD, readRecord as readPeer } from "../../core/p2p/peer_registry_record.ts";
import type { FramedTarget } from "./fuzz.ts";
import { runningClock } from "./running_clock.ts";

const AUTHOR = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
const NOW = 1_700_000_000_000;
const ADDRESSES = [
  "/ip4/8.8.4.4/tcp/9905",
  "/ip6/2001:db8::1/tcp/9905/ws",
  "/dns4/node.example/tcp/443/tls/ws",
  `/dns/relay.example/tcp/443/wss/p2p/${AUTHOR}/p2p-circuit`,
  "/dnsaddr/bootstrap.example",
];
const decoder = new TextDecoder();

/** Fields of a frame that is a message in either form, else its text under every name. */
function fieldsOf(frame: Uint8Array): (name: string) => unknown {
  const read = readEnvelope(frame);
  if (read.ok) return (name) => read.message[name];
  const text = decoder.decode(frame);
  return () => text;
}

function assert(holds: boolean, fault: string): asserts holds {
  if (!holds) throw new Error(fault);
}

/** One of our own errors is an answer; any other is a failure. Answers its code, "OK" when nothing was thrown. */
function codeOf(work: () => void, names: readonly string[] = []): string {
  try {
    work();
    return "OK";
  } catch (error) {
    if (error instanceof CommonsError) return error.code;
    if (error instanceof Error && names.includes(error.name)) return error.name;
    throw error;
  }
}

function envelopeTarget(): FramedTarget {
  const [block] = Object.values(goodMessages(AUTHOR));
  const data = new TextEncoder().encode(JSON.stringify(block)).toBase64();
  return {
    name: "envelope",
    seeds: [{ ...block }, { name: "a node", data }],
    maxBytes: 64 * 1024,
    run(frame) {
      const read = readEnvelope(frame);
      if (!read.ok) {
        assert(read.refused.result === "reject", "what is no message was not rejected");
        return read.refused.code;
      }
      assert(Object.getPrototypeOf(read.message) === Object.prototype, "a message has a foreign prototype");
      const wrapped = new TextEncoder().encode(JSON.stringify({ name: "n", data: frame.toBase64() }));
      const inner = readEnvelope(wrapped);
      assert(inner.ok, "an envelope around a message is none");
      return "OK";
    },
  };
}

function peerCacheTarget(): FramedTarget {
  const peer = {
    id: AUTHOR,
    addresses: ADDRESSES,
    last_seen: new Date(NOW).toISOString(),
    last_connected: "2023-01-01T00:00:00Z",
    connection_count: 3,
    failure_count: 0,
  };
  return {
    name: "peer cache",
    seeds: [peer, { version: 1, peers: [peer] }],
    maxBytes: 16 * 1024,
    run(frame) {
      const text = decoder.decode(frame);
      let outcome = "";
      for (const file of [text, `{"version":1,"peers":[${text}]}`]) {
        const result = codeOf(() => {
          const peers = readCache(file, NOW);
          assert(peers.length <= MAX_CACHED_PEERS, "too many peers");
          for (const { addresses, lastSeen, lastConnected, connections, failures } of peers) {
            assert(
              addresses.length <= 8 && addresses.every((one) => one.length <= 512),
              "too many addresses",
            );
            assert(lastSeen <= NOW && lastConnected <= NOW, "a time to come");
            assert(
              Number.isSafeInteger(connections) && Number.isSafeInteger(failures),
              "a count that is none",
            );
          }
          assert(readCache(writeCache(peers), NOW).length === peers.length, "what was read can't be kept");
          outcome = peers.length > 0 ? "OK" : "nothing";
        }, ["SyntaxError"]);
        if (outcome === "") outcome = result;
      }
      return outcome;
    },
  };
}

function banTarget(): FramedTarget {
  const targets = [
    "192.0.2.1:9905",
    "192.0.2.0/255.255.255.0",
    "[2001:db8::1]:1",
    "::ffff:1.2.3.4/120",
    AUTHOR,
    "bafzaajaiaejcaohlygrcprbexz5zrosvxprhokbl25sivr4us3josmzz2xilcvrs",
  ];
  return {
    name: "ban text",
    seeds: targets.map((target, i) => ({
      target,
      ...(i % 2 === 0 ? { duration: "24h" } : { until: "2030-01-31T12:00:00Z" }),
      reason: "because",
    })),
    maxBytes: 4 * 1024,
    run(frame) {
      const field = fieldsOf(frame);
      const reason = field("reason");
      if (typeof reason === "string") {
        const clean = cleanReason(reason);
        assert(clean.length <= 256 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(clean), "a reason that is not clean");
      }
      const [duration, until] = [field("duration"), field("until")];
      const terms = codeOf(() => {
        const end = banEnd(parseBanTerms({ duration, until }), { now: NOW, defaultMs: 86_400_000 });
        assert(end === null || (Number.isSafeInteger(end) && end > NOW), "a ban without a sensible end");
      });
      const text = field("target");
      const target = tryBanTarget(text);
      if (typeof text === "string" && target === undefined) {
        assert(codeOf(() => void parseBanTarget(text)) === "INVALID_BAN_TARGET", "no error of ours");
      }
      if (target === undefined) return "INVALID_BAN_TARGET";
      assert(tryBanTarget(target.text)?.text === target.text, "a canonical text that is read as another");
      return terms;
    },
  };
}

/** Rows of the store: nobody but the node writes them, yet they outlive versions and disks. */
function storedTarget(): FramedTarget {
  const ban = {
    created: NOW,
    until: NOW + 1,
    hits: 3,
    reason: "x",
    source: "auto",
    address: "/ip4/1.2.3.4/tcp/1",
  };
  return {
    name: "stored records",
    seeds: [ban, { ...ban, until: null }, { ...NEW_RECORD, seen: NOW, coolDownUntil: NOW + 5 }],
    maxBytes: 64 * 1024,
    run(frame) {
      const read = readEnvelope(frame);
      const value = read.ok ? read.message : decoder.decode(frame);
      const entry = readBan("192.0.2.1", value);
      const peer = readPeer(value, NOW);
      if (peer !== undefined) {
        assert(peer.seen <= NOW && peer.lastSuccess <= NOW && peer.deliveredAt <= NOW, "a time to come");
      }
      return entry !== undefined || peer !== undefined ? "OK" : "left out";
    },
  };
}

/** Addresses as records of the DHT, identify and multicast DNS hold them: bytes, which the library takes apart. */
function discoveryTarget(): FramedTarget {
  const texts = [...ADDRESSES, ...ADDRESSES.map((one) => `${one}/p2p/${AUTHOR}`)];
  return {
    name: "discovery",
    seeds: [],
    frames: texts.map((text) => multiaddr(text).bytes),
    maxBytes: 1024,
    run(frame) {
      const addresses = [frame, decoder.decode(frame)].flatMap((input) => {
        try {
          return [multiaddr(input)];
        } catch {
          return []; // the library refuses it, and the record with it
        }
      });
      let found = 0;
      for (const relay of [true, false]) {
        for (const sharePrivateAddresses of [true, false]) {
          const candidate = candidateOf({ id: { toString: () => AUTHOR }, multiaddrs: addresses }, {
            relay,
            sharePrivateAddresses,
          });
          assert(candidate !== undefined, "a peer without an id");
          assert(candidate.addresses.every((one) => one.length <= 512), "an address over the cap");
          found += candidate.addresses.length;
        }
      }
      const text = decoder.decode(frame);
      const other = [parseBootstrapAddress, parseAnnounceAddress].map((parse) =>
        codeOf(() => void parse(text))
      );
      return found > 0 ? "OK" : other.includes("OK") ? "address" : "none";
    },
  };
}

/** What clients of the notification socket send: nothing is expected, it is only counted. */
function socketTarget(): FramedTarget {
  const clock = runningClock();
  const closed: unknown[] = [];
  const connect = () => {
    const socket = Object.assign(new EventTarget(), {
      readyState: WebSocket.OPEN,
      bufferedAmount: 0,
      send: () => {},
      close: (code: number) => void closed.push(code),
    });
    new SocketClient({ socket: socket as unknown as WebSocket, clock, maxBytes: 1024, onEnd: () => {} });
    return socket;
  };
  let socket = connect();
  let turn = 0;
  return {
    name: "socket",
    seeds: [{ type: "subscribe", types: ["block"] }, {}],
    maxBytes: 1024,
    run(frame) {
      const text = decoder.decode(frame);
      const forms = [text, frame.slice().buffer, new Blob([frame.slice()])] as const;
      const data = forms[turn++ % forms.length] ?? text;
      const size = typeof data === "string" ? new TextEncoder().encode(data).length : frame.length;
      socket.dispatchEvent(new MessageEvent("message", { data }));
      const [code] = closed.splice(0);
      assert((code === 1008) === (size > 1024), `${size} bytes: closed with ${code}`);
      if (code === undefined) return "OK";
      socket = connect();
      return "1008";
    },
  };
}

/** Readers of what is kept, told about peers, or said by clients; as `fuzzTargets`. */
export function recordTargets(): readonly FramedTarget[] {
  return [
    envelopeTarget(),
    peerCacheTarget(),
    banTarget(),
    storedTarget(),
    discoveryTarget(),
    socketTarget(),
  ];
}
