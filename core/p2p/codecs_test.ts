import { expect } from "expect";
import { BLOCK_1, testIdentity } from "./_fixture.ts";
import { goodMessages, OPTIONAL_FIELDS, testContext, testOwn } from "./_message_fixture.ts";
import type { CheckContext, TopicCodec } from "./codec.ts";
import { CODECS } from "./codecs.ts";
import { HubUrls } from "./hub_urls.ts";
import { TOPIC_NAMES, type TopicName } from "./types.ts";
import type { Verdict } from "./verdict.ts";

type Message = Readonly<Record<string, unknown>>;

const { peerId: AUTHOR } = await testIdentity();
const { peerId: OTHER } = await testIdentity();
const GOOD = goodMessages(AUTHOR);
/** Field that names the author, and those that hold numbers or URLs, by kind. */
const AUTHOR_FIELD = { handshake: "peerID", node_status: "peer_id" } as Readonly<Record<string, string>>;
const URL_FIELDS = { handshake: "dataHubURL", node_status: "base_url" } as Readonly<Record<string, string>>;
const U32_FIELDS = new Set(["Height", "bestHeight", "best_height", "sync_peer_height"]);

function codecOf(topic: TopicName): TopicCodec {
  const codec = CODECS.find((codec) => codec.topic === topic);
  if (codec === undefined) throw new Error(`Cannot test ${topic}: it has no codec`);
  return codec;
}

function check(topic: TopicName, message: Message, context: Partial<CheckContext> = {}): Verdict {
  return codecOf(topic).check(message, testContext(AUTHOR, context));
}

function without(message: Message, field: string): Message {
  const { [field]: _gone, ...rest } = message;
  return rest;
}

/** Another spelling of the field's name that differs in case only. */
function wrongCase(field: string): string {
  return field === field.toLowerCase() ? field.toUpperCase() : field.toLowerCase();
}

Deno.test("CODECS has one codec for each topic, the block's first", () => {
  expect(CODECS.map(({ topic }) => topic).sort()).toEqual([...TOPIC_NAMES].sort());
  expect(CODECS[0]?.topic).toBe("block"); // the hot one is found first
});

for (const topic of TOPIC_NAMES) {
  const good = GOOD[topic];
  const extra = OPTIONAL_FIELDS[topic];
  const whole = { ...good, ...extra };

  Deno.test(`${topic}: good messages are accepted`, async (t) => {
    for (
      const [name, message] of [
        ["with what must be there", good],
        ["with everything", whole],
        ["with fields of later versions", { ...good, later: { deep: [1] }, __proto__x: 1 }],
        ...Object.keys(extra).map((field) => [`without ${field}`, without(whole, field)] as const),
      ] as const
    ) await t.step(name, () => expect(check(topic, message).result).toBe("accept"));
    await t.step("and every field is one that may be published", () => {
      expect(Object.keys(codecOf(topic).shape).sort()).toEqual(Object.keys(whole).sort());
    });
  });

  Deno.test(`${topic}: every field is refused`, async (t) => {
    for (const field of Object.keys(good)) {
      await t.step(`${field} absent`, () => {
        expect(check(topic, without(good, field))).toMatchObject({ result: "reject", code: "BAD_SHAPE" });
      });
      await t.step(`${field} in wrong case`, () => {
        const message = { ...without(good, field), [wrongCase(field)]: good[field] };
        expect(check(topic, message)).toMatchObject({ result: "reject", code: "BAD_SHAPE" });
      });
    }
    for (const [field, value] of Object.entries(whole)) {
      const wrongTypes: unknown[] = [true, [], [value], Number.NaN, Infinity, -1, Symbol.iterator];
      if (typeof value !== "object") wrongTypes.push({});
      if (typeof value !== "string") wrongTypes.push("1", "");
      if (typeof value !== "number") wrongTypes.push(1);
      if (field in good) wrongTypes.push(null);
      for (const wrong of wrongTypes) {
        await t.step(`${field} = ${String(wrong) || '""'} (${typeof wrong})`, () => {
          expect(check(topic, { ...whole, [field]: wrong })).toMatchObject({
            result: "reject",
            code: "BAD_SHAPE",
          });
        });
      }
    }
  });

  Deno.test(`${topic}: texts with what logs and pages must not be shown are refused`, async (t) => {
    const texts = Object.entries(whole).filter(([, value]) => typeof value === "string");
    for (const [field, value] of texts) {
      for (
        const [name, bad] of [["NUL", "\0"], ["a line feed", "\n"], ["DEL", "\x7f"], ["C1", "\x85"], [
          "an override of direction",
          "\u202e",
        ], ["a lone surrogate", "\ud800"]]
      ) {
        await t.step(`${field} with ${name}`, () => {
          const message = { ...whole, [field]: `${value}${bad}` };
          expect(check(topic, message)).toMatchObject({ result: "reject" });
        });
      }
      if (field !== "Coinbase") {
        await t.step(`${field} of 3,000 characters`, () => {
          expect(check(topic, { ...whole, [field]: "a".repeat(3_000) })).toMatchObject({ result: "reject" });
        });
      }
    }
  });

  Deno.test(`${topic}: numbers at the edges`, async (t) => {
    const numbers = Object.entries(whole).filter(([, value]) => typeof value === "number");
    for (const [field] of numbers) {
      const top = U32_FIELDS.has(field) ? 2 ** 32 - 1 : Number.MAX_SAFE_INTEGER;
      const isWhole = !["uptime", "min_mining_tx_fee"].includes(field);
      const rows: readonly (readonly [number, boolean])[] = [
        [0, true],
        [top, true],
        [-1, false],
        [-Number.MIN_VALUE, false],
        [Infinity, false],
        ...(isWhole ? [[top + 1, false], [0.5, false]] as const : [[0.5, true]] as const),
      ];
      for (const [number, isGood] of rows) {
        await t.step(`${field} = ${number}`, () => {
          const { result } = check(topic, { ...whole, [field]: number });
          expect(result).toBe(isGood ? "accept" : "reject");
        });
      }
    }
  });

  Deno.test(`${topic}: the peer id must be the author's`, () => {
    const field = AUTHOR_FIELD[topic] ?? "PeerID";
    expect(check(topic, { ...good, [field]: OTHER })).toMatchObject({
      result: "reject",
      code: "AUTHOR_MISMATCH",
    });
    expect(check(topic, { ...good, [field]: `${AUTHOR}\0` })).toMatchObject({ code: "BAD_SHAPE" });
  });

  Deno.test(`${topic}: what the node fills in is accepted, and what it was given stays`, () => {
    const own = testOwn({
      peerId: AUTHOR,
      tip: () => ({ hash: BLOCK_1.hash, height: 1, chainwork: "" }),
      status: () => GOOD.node_status,
    });
    const { complete, shape } = codecOf(topic);
    const given = without(without(good, AUTHOR_FIELD[topic] ?? "PeerID"), URL_FIELDS[topic] ?? "DataHubURL");
    expect(check(topic, complete(given, own)).result).toBe("accept");
    expect(complete(whole, own)).toEqual(whole);
    expect(Object.keys(shape)).toEqual(expect.arrayContaining(Object.keys(complete({}, own))));
  });
}

for (const topic of ["block", "subtree", "miningon"] as const) {
  Deno.test(`${topic}: URLs that nobody else can use`, async (t) => {
    const hubs = new HubUrls({ allowPrivate: false, blocked: ["http://Evil.example./x"] });
    const url = (text: string, context: Partial<CheckContext> = {}) =>
      check(topic, { ...GOOD[topic], DataHubURL: text }, { hubs, ...context });
    await t.step("the author itself is to blame for a private one, a relay is not", () => {
      const text = "http://192.168.1.1/";
      expect(url(text)).toMatchObject({ result: "reject", code: "PRIVATE_URL" });
      expect(url(text, { source: OTHER })).toMatchObject({ result: "ignore", code: "PRIVATE_URL" });
    });
    await t.step("a blocked host is the operator's own matter", () => {
      expect(url("http://EVIL.example:8080/y")).toMatchObject({ result: "ignore", code: "BLOCKED_URL" });
    });
    await t.step("a malformed one is refused", () => {
      expect(url("ftp://node.example/")).toMatchObject({ result: "reject", code: "BAD_URL" });
    });
    await t.step("none at all is fine", () => expect(url("").result).toBe("accept"));
    await t.step("the host is put into one form for whoever uses it", () => {
      const verdict = url("http://Node.Example.:80/Path");
      const shown = verdict.result === "accept" ? verdict.delivery.notification?.("") : undefined;
      expect(shown).toMatchObject({ base_url: "http://node.example:80/Path" });
    });
  });
}

for (const topic of ["handshake", "node_status"] as const) {
  Deno.test(`${topic}: is worth having without its URL`, async (t) => {
    const hubs = new HubUrls({ allowPrivate: false, blocked: ["evil.example"] });
    for (const text of ["http://localhost/", "http://10.0.0.1/", "https://evil.example/"]) {
      await t.step(text, () => {
        const verdict = check(topic, { ...GOOD[topic], [URL_FIELDS[topic] ?? ""]: text }, { hubs });
        expect(verdict).toMatchObject({ result: "accept", delivery: { claim: { baseUrl: "" } } });
      });
    }
    await t.step("but not with a malformed one", () => {
      const message = { ...GOOD[topic], [URL_FIELDS[topic] ?? ""]: "javascript:alert(1)" };
      expect(check(topic, message)).toMatchObject({ result: "reject", code: "BAD_URL" });
    });
  });
}

for (
  const [topic, field] of [["miningon", "Height"], ["node_status", "best_height"], [
    "handshake",
    "bestHeight",
  ]] as const
) {
  Deno.test(`${topic}: a height is believed as far as the node's own lets it`, () => {
    const believable = (height: number) => Math.min(height, 10_100);
    const verdict = check(topic, { ...GOOD[topic], [field]: 4_000_000_000 }, { believable });
    expect(verdict).toMatchObject({ result: "accept", delivery: { claim: { height: 10_100 } } });
    if (verdict.result !== "accept" || topic === "handshake") return;
    const shown = verdict.delivery.notification?.("");
    expect(shown).toMatchObject({ [topic === "miningon" ? "height" : "best_height"]: 10_100 });
  });
}

Deno.test("handshake: another network's greeting is ignored, not punished", () => {
  for (const topicPrefix of ["commons/bitcoin/1.0.0/testnet", "teranode/bitcoin/1.0.0/mainnet", ""]) {
    expect(check("handshake", { ...GOOD.handshake, topicPrefix })).toMatchObject({
      result: "ignore",
      code: "WRONG_CHAIN",
    });
  }
});

Deno.test("handshake: type is version or verack", () => {
  for (const type of ["version", "verack"]) {
    expect(check("handshake", { ...GOOD.handshake, type })).toMatchObject({ delivery: { talk: type } });
  }
  expect(check("handshake", { ...GOOD.handshake, type: "Version" })).toMatchObject({ code: "BAD_SHAPE" });
});

Deno.test("a text that is only shown is a slip, anything else is not, also beside one", () => {
  const rows: readonly (readonly [TopicName, Message, boolean])[] = [
    ["block", { ClientName: "a\u0007" }, true],
    ["rejected_tx", { Reason: "a\nb" }, true],
    ["rejected_tx", { Reason: "a".repeat(1_025) }, true],
    ["miningon", { Miner: "\u202e" }, true],
    ["node_status", { miner_name: "\0", version: "v".repeat(129) }, true],
    ["handshake", { userAgent: "\n" }, true],
    ["handshake", { topicPrefix: "\n" }, false],
    ["block", { ClientName: 1 }, false],
    ["block", { ClientName: "a\u0007", Hash: "" }, false],
    ["rejected_tx", { Reason: "\n", TxID: undefined }, false],
  ];
  for (const [topic, change, isSlip] of rows) {
    const verdict = check(topic, { ...GOOD[topic], ...change });
    expect(verdict).toMatchObject({ result: "reject", code: "BAD_SHAPE" });
    expect([topic, change, "isSlip" in verdict && verdict.isSlip === true]).toEqual([topic, change, isSlip]);
  }
});

Deno.test("notifications hold the fields that clients know, cleaned for display", async (t) => {
  const at = "2026-01-01T00:00:00Z";
  const rows: readonly (readonly [TopicName, Message, Message])[] = [
    ["subtree", {}, {
      type: "subtree",
      timestamp: at,
      hash: BLOCK_1.hash,
      base_url: "https://node.example/api/v1",
      peer_id: AUTHOR,
    }],
    ["miningon", { Miner: '<b>"Łukasz"</b>' }, {
      type: "mining_on",
      timestamp: at,
      hash: BLOCK_1.hash,
      previousblockhash: "0".repeat(64),
      base_url: "https://node.example/api/v1",
      peer_id: AUTHOR,
      height: 1,
      miner: "?b???ukasz??/b?",
      size_in_bytes: 215,
      tx_count: 1,
    }],
    ["rejected_tx", { Reason: "bad <script>", ClientName: "it's a node" }, {
      type: "rejected_tx",
      timestamp: at,
      hash: BLOCK_1.hash,
      reason: "bad ?script?",
      peer_id: AUTHOR,
      client_name: "it?s a node",
    }],
    ["node_status", { ...OPTIONAL_FIELDS.node_status, client_name: "n".repeat(200), miner_name: "a'b" }, {
      type: "node_status",
      timestamp: at,
      ...without(without(GOOD.node_status, "type"), "client_name"),
      ...OPTIONAL_FIELDS.node_status,
      client_name: "n".repeat(64),
      miner_name: "a?b",
      block_assembly_details: { blockAssemblyState: "running", txCount: 3 },
    }],
    ["node_status", {}, {
      type: "node_status",
      timestamp: at,
      block_assembly_details: null,
      ...GOOD.node_status,
    }],
  ];
  for (const [topic, change, shown] of rows) {
    await t.step(topic, () => {
      const verdict = check(topic, { ...GOOD[topic], ...change });
      const notification = verdict.result === "accept" ? verdict.delivery.notification?.(at) : undefined;
      expect(notification).toEqual(shown);
    });
  }
  await t.step("greetings and questions have none", () => {
    for (const topic of ["handshake", "bestblock"] as const) {
      const verdict = check(topic, GOOD[topic]);
      expect(verdict.result === "accept" && verdict.delivery.notification).toBe(undefined);
    }
  });
});
