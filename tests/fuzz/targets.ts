import { CommonsError } from "../../core/base/mod.ts";
import { silentLogger } from "../../core/p2p/_fixture.ts";
import { goodMessages, OPTIONAL_FIELDS, testContext, testOwn } from "../../core/p2p/_message_fixture.ts";
import { parseListenAddress, parsePeerAddress } from "../../core/p2p/addresses.ts";
import { CODECS } from "../../core/p2p/codecs.ts";
import type { CheckContext, TopicCodec } from "../../core/p2p/codec.ts";
import { MAX_DIRECT_BYTES } from "../../core/p2p/direct_streams.ts";
import { readEnvelope } from "../../core/p2p/envelope.ts";
import { GossipRouter } from "../../core/p2p/gossip_router.ts";
import { HubUrls } from "../../core/p2p/hub_urls.ts";
import { NotificationListeners } from "../../core/p2p/listeners.ts";
import { TopicDesk } from "../../core/p2p/topic_desk.ts";
import type { Notification } from "../../core/p2p/types.ts";
import type { Verdict } from "../../core/p2p/verdict.ts";
import { runningClock } from "./running_clock.ts";

type Message = Readonly<Record<string, unknown>>;

/** One reader of what strangers send. */
export interface FuzzTarget {
  readonly name: string;
  /** Good messages that frames are made of. */
  readonly seeds: readonly Message[];
  readonly maxBytes: number;
  /** Reads a frame; throws when something is not as it must be. Answers what became of it, for the statistics. */
  run(frame: Uint8Array): string;
}

const AUTHOR = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
/** Most bytes of a notification: many clients get it. */
const MAX_NOTIFICATION = 8 * 1024;
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069<>"`]|\p{Surrogate}/u;

/** Fails unless every text of what people are shown is harmless. */
function assertHarmless(value: unknown): void {
  if (typeof value === "string" && UNSAFE.test(value)) throw new Error("a notification holds an unsafe text");
  if (typeof value === "object" && value !== null) Object.values(value).forEach(assertHarmless);
}

function assertNotification(notification: Notification | undefined): void {
  if (notification === undefined) return;
  if (JSON.stringify(notification).length > MAX_NOTIFICATION) throw new Error("a notification is too large");
  assertHarmless(notification);
}

function assertVerdict(
  verdict: Verdict,
  options: { readonly frame: Uint8Array; readonly maxBytes: number },
): string {
  if (options.frame.length > options.maxBytes && verdict.result !== "reject") {
    throw new Error("a frame over the cap was not rejected");
  }
  if (verdict.result !== "accept") {
    if (verdict.code === "INTERNAL") throw new Error("a check has thrown");
    return verdict.code;
  }
  return "OK";
}

/** Looks at what everybody would be shown of each message that passes, also of those that turn out to be repeats. */
function watched(codec: TopicCodec): TopicCodec {
  return {
    ...codec,
    check(message, context) {
      const verdict = codec.check(message, context);
      if (verdict.result === "accept") {
        assertNotification(verdict.delivery.notification?.("2026-01-01T00:00:00Z"));
      }
      return verdict;
    },
  };
}

function gossipTarget(codec: TopicCodec): FuzzTarget {
  const clock = runningClock();
  const { topic, maxBytes } = codec;
  const desk = new TopicDesk({ codec: watched(codec), path: topic, clock, logger: silentLogger });
  const context: CheckContext = testContext(AUTHOR, { clock, hubs: new HubUrls({ allowPrivate: false }) });
  const good = goodMessages(AUTHOR)[topic];
  return {
    name: `gossip ${topic}`,
    seeds: [good, { ...good, ...OPTIONAL_FIELDS[topic] }],
    maxBytes,
    run: (frame) => assertVerdict(desk.receive(frame, context), { frame, maxBytes }),
  };
}

/** What the API takes: the node's own messages. Whatever is wrong with them is one of our errors. */
function publishTarget(): FuzzTarget {
  const clock = runningClock();
  const desks = CODECS.map((codec) =>
    new TopicDesk({ codec, path: codec.topic, clock, logger: silentLogger })
  );
  const own = testOwn({ peerId: AUTHOR, status: () => goodMessages(AUTHOR).node_status });
  const context = testContext(AUTHOR, { clock });
  return {
    name: "publish",
    seeds: Object.values(goodMessages(AUTHOR)),
    maxBytes: 64 * 1024,
    run(frame) {
      const read = readEnvelope(frame);
      if (!read.ok) return read.refused.code;
      for (const desk of desks) {
        try {
          desk.draft(read.message, { own, form: "bus", context });
        } catch (error) {
          if (!(error instanceof CommonsError)) throw error;
        }
      }
      return "OK";
    },
  };
}

function directTarget(): FuzzTarget {
  const clock = runningClock();
  const outcomes: string[] = [];
  const listeners = new NotificationListeners(silentLogger);
  listeners.add(assertNotification);
  const failures: unknown[] = [];
  const router = new GossipRouter({
    logger: { ...silentLogger, error: (text) => void failures.push(text) },
    events: { publish: () => {}, subscribe: never, listen: never, since: never, stats: never },
    listeners,
    addressOf: () => "",
    authors: { refusal: () => undefined },
    gate: { isOpen: () => true, admits: () => true, assertOpen: () => {} },
    blame: (_peer, code) => void outcomes.push(code),
    unhear: () => {},
    heard: () => void outcomes.push("OK"),
  }, {
    topicPrefix: "commons/bitcoin/1.0.0",
    envelope: "raw",
    own: testOwn(),
    scope: testContext(AUTHOR, { clock, hubs: new HubUrls({ allowPrivate: false }) }),
  });
  const { block, handshake } = goodMessages(AUTHOR);
  const { Header: _header, ...headless } = block;
  return {
    name: "direct",
    seeds: [block, handshake, { ...headless, PeerID: "" }],
    maxBytes: MAX_DIRECT_BYTES,
    run(frame) {
      outcomes.length = 0;
      router.receiveDirect(frame, AUTHOR);
      if (failures.length > 0) throw new Error(`logged as an error: ${failures.splice(0).join()}`);
      return outcomes[0] ?? "ignored";
    },
  };
}

function addressTarget(): FuzzTarget {
  const addresses = [
    `/ip4/127.0.0.1/tcp/9905/p2p/${AUTHOR}`,
    `/dns4/node.example/tcp/443/tls/ws/p2p/${AUTHOR}`,
    "/ip6/::1/tcp/0/ws",
  ];
  return {
    name: "addresses",
    seeds: addresses.map((address) => ({ address })),
    maxBytes: 4096,
    run(frame) {
      const read = readEnvelope(frame);
      const field = read.ok ? read.message["address"] : undefined;
      const text = typeof field === "string" ? field : new TextDecoder().decode(frame);
      let result = "";
      for (const parse of [parseListenAddress, parsePeerAddress]) {
        try {
          parse(text);
          return "OK";
        } catch (error) {
          if (!(error instanceof CommonsError)) throw error;
          result = error.code;
        }
      }
      return result;
    },
  };
}

function never(): never {
  throw new Error("nobody asks for this");
}

/** Every reader of what strangers send; each call makes them anew, so that a run depends on its seed only. */
export function fuzzTargets(): readonly FuzzTarget[] {
  return [...CODECS.map(gossipTarget), directTarget(), publishTarget(), addressTarget()];
}
