import { expect } from "expect";
import { FakeClock } from "../base/mod.ts";
import { silentLogger, testIdentity } from "./_fixture.ts";
import { goodMessages, OPTIONAL_FIELDS, testContext } from "./_message_fixture.ts";
import {
  BROKEN_UTF8,
  type Edges,
  edgesOf,
  NO_JSON_NUMBERS,
  OTHER_TYPES,
  UNSAFE_ESCAPES,
} from "./_wire_edges.ts";
import type { TopicCodec } from "./codec.ts";
import { CODECS } from "./codecs.ts";
import { TopicDesk } from "./topic_desk.ts";

// Every field of every kind as bytes on the wire, in both forms. The fields come from the codecs themselves: a new one
// is tested from the beginning, a new rule fails until its edges are written down.

/** JSON text of each field of a message. */
type Texts = ReadonlyMap<string, string>;
type Form = "raw" | "bus";

const { peerId: AUTHOR } = await testIdentity();
const { peerId: OTHER } = await testIdentity();
const encoder = new TextEncoder();

/** Fields that may be absent, and those that may be null, by `topic.field`. */
const OPTIONAL = new Set(
  Object.entries(OPTIONAL_FIELDS).flatMap(([topic, fields]) =>
    Object.keys(fields).map((field) => `${topic}.${field}`)
  ),
);
const NULLABLE = new Set([
  "node_status.block_assembly_details",
  "node_status.min_mining_tx_fee",
  "node_status.fee_policy",
]);
/** What becomes of a message when the field's value is well-formed and not the one that was there. */
const OF_OTHER_VALUES: Readonly<Record<string, string>> = {
  "block.Hash": "HASH_MISMATCH",
  "block.Header": "HEADER_LENGTH",
  "handshake.topicPrefix": "WRONG_CHAIN",
};

function textsOf({ topic }: TopicCodec): Texts {
  const message = { ...goodMessages(AUTHOR)[topic], ...OPTIONAL_FIELDS[topic] };
  return new Map(Object.entries(message).map(([field, value]) => [field, JSON.stringify(value)]));
}

/** Bytes of an object of these fields; `\0` in a text stands for `raw` bytes. */
function frameOf(texts: Texts, form: Form, raw: readonly number[] = []): Uint8Array<ArrayBuffer> {
  const text = `{${[...texts].map(([field, value]) => `"${field}":${value}`).join(",")}}`;
  const inner = Uint8Array.from([...encoder.encode(text)].flatMap((byte) => byte === 0 ? [...raw] : [byte]));
  return form === "raw" ? inner : encoder.encode(JSON.stringify({ name: "a node", data: inner.toBase64() }));
}

/** "OK", or whether the message was ignored or rejected and the code. Each frame is the first that the node hears. */
function outcome(codec: TopicCodec, frame: Uint8Array): string {
  const clock = new FakeClock();
  const desk = new TopicDesk({ codec, path: codec.topic, clock, logger: silentLogger });
  const verdict = desk.receive(frame, testContext(AUTHOR, { clock }));
  return verdict.result === "accept" ? "OK" : `${verdict.result} ${verdict.code}`;
}

/** Feeds frames in both forms; fails with those of which something else became than was expected. */
function expectOutcomes(
  codec: TopicCodec,
  rows: Iterable<readonly [name: string, texts: Texts, expected: string, raw?: readonly number[]]>,
): void {
  const wrong: string[] = [];
  let count = 0;
  for (const [name, texts, expected, raw] of rows) {
    for (const form of ["raw", "bus"] as const) {
      count++;
      const got = outcome(codec, frameOf(texts, form, raw));
      if (got !== expected) wrong.push(`${name.slice(0, 120)} (${form}): ${got}, expected ${expected}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(0);
}

function changed(texts: Texts, field: string, value: string): Texts {
  return new Map([...texts]).set(field, value);
}

function renamed(texts: Texts, from: string, to: string): Texts {
  return new Map([...texts].map(([field, value]) => [field === from ? to : field, value]));
}

function without(texts: Texts, field: string): Texts {
  return new Map([...texts].filter(([name]) => name !== field));
}

/** What stands for a text that is no good: URLs are judged apart from the shape. */
function badCode(what: string): string {
  return what === "a text" ? "reject BAD_URL" : "reject BAD_SHAPE";
}

/** What becomes of a message with another well-formed value in a field. */
function goodCode(key: string, what: string): string {
  const code = what === "a peer id" ? "AUTHOR_MISMATCH" : OF_OTHER_VALUES[key];
  if (code === undefined) return "OK";
  return code === "WRONG_CHAIN" ? `ignore ${code}` : `reject ${code}`;
}

for (const codec of CODECS) {
  const { topic, shape, maxBytes } = codec;
  const whole = textsOf(codec);

  Deno.test(`${topic}: every field on the wire, in both forms`, async (t) => {
    for (const [field, { what }] of Object.entries(shape)) {
      const key = `${topic}.${field}`;
      const value = whole.get(field) ?? "";
      await t.step(field, () => {
        expect(value).not.toBe(""); // a new field needs a good value in the fixture
        const edges = edgesOf(what) as Edges;
        expect(edges).toBeDefined(); // a new rule needs its edges
        const row = (text: string, expected: string) =>
          [`${field} = ${text}`, changed(whole, field, text), expected] as const;
        const absent = OPTIONAL.has(key) ? "OK" : "reject BAD_SHAPE";
        expectOutcomes(codec, [
          ["nothing changed", whole, "OK"],
          [`no ${field}`, without(whole, field), absent],
          row("null", NULLABLE.has(key) ? "OK" : "reject BAD_SHAPE"),
          ...OTHER_TYPES[edges.type].map((text) => row(text, "reject BAD_SHAPE")),
          ...edges.good.map((text) => row(text, text === value ? "OK" : goodCode(key, what))),
          ...edges.bad.map((text) => row(text, badCode(what))),
          ...["undefined", "", "'a'", "[1,]", '"a'].map((text) => row(text, "reject NOT_JSON")),
        ]);
      });
    }
  });

  Deno.test(`${topic}: names of fields are exact`, () => {
    const rows = Object.keys(shape).flatMap((field) => {
      const absent = OPTIONAL.has(`${topic}.${field}`) ? "OK" : "reject BAD_SHAPE";
      const others = [field.toUpperCase(), field.toLowerCase(), `${field} `, `${field}\\u0000`, `_${field}`]
        .filter((name) => name !== field);
      const value = whole.get(field) ?? "";
      return [
        ...others.map((name) => [`${name} for ${field}`, renamed(whole, field, name), absent] as const),
        // whoever reads without regard to case would take the second
        ...others.map((name) => [`${name} beside ${field}`, changed(whole, name, "[]"), "OK"] as const),
        // of two the last counts, for every reader of JSON
        [`${field} twice`, changed(whole, field, `[],"${field}":${value}`), "OK"],
        [
          `${field} twice, the bad one last`,
          changed(whole, field, `${value},"${field}":[]`),
          "reject BAD_SHAPE",
        ],
      ] as const;
    });
    expectOutcomes(codec, rows);
  });

  Deno.test(`${topic}: texts with what logs and pages must not be shown, and bytes that are no text`, () => {
    const texts = Object.entries(shape).filter(([, { what }]) => edgesOf(what)?.type === "text");
    expectOutcomes(
      codec,
      texts.flatMap(([field, { what }]) => {
        const value = (whole.get(field) ?? '""').slice(1, -1);
        const put = (text: string) => changed(whole, field, `"${text}"`);
        return [
          ...UNSAFE_ESCAPES.flatMap((escape) => [
            [`${field} with ${escape} behind`, put(`${value}${escape}`), badCode(what)] as const,
            [`${field} with ${escape} in front`, put(`${escape}${value}`), badCode(what)] as const,
          ]),
          ...Object.entries(BROKEN_UTF8).map(([name, bytes]) =>
            [`${field} with ${name}`, put(`${value}\0`), "reject NOT_JSON", bytes] as const
          ),
          [`${field} with a NUL that is not escaped`, put(`${value}\0`), "reject NOT_JSON", [0]] as const,
        ];
      }),
    );
  });

  Deno.test(`${topic}: numbers that JSON has not are no JSON`, () => {
    const numbers = Object.entries(shape).filter(([, { what }]) => edgesOf(what)?.type === "number");
    const rows = numbers.flatMap(([field]) =>
      NO_JSON_NUMBERS.map((text) =>
        [`${field} = ${text}`, changed(whole, field, text), "reject NOT_JSON"] as const
      )
    );
    if (rows.length > 0) expectOutcomes(codec, rows);
  });

  Deno.test(`${topic}: a message of the cap is read, a byte more is not`, () => {
    for (const form of ["raw", "bus"] as const) {
      const frame = frameOf(whole, form);
      const padded = (size: number) => Uint8Array.from({ length: size }, (_, i) => frame[i] ?? 0x20);
      expect(outcome(codec, padded(maxBytes))).toBe("OK");
      expect(outcome(codec, padded(maxBytes + 1))).toBe("reject MESSAGE_TOO_LARGE");
    }
  });

  Deno.test(`${topic}: somebody else's peer id`, () => {
    const field = Object.keys(shape).find((name) => shape[name]?.what === "a peer id") ?? "";
    expectOutcomes(codec, [[field, changed(whole, field, `"${OTHER}"`), "reject AUTHOR_MISMATCH"]]);
  });
}

Deno.test("bus envelope: every field", () => {
  const [codec] = CODECS;
  if (codec === undefined) return;
  const data = frameOf(textsOf(codec), "raw").toBase64();
  const rows: readonly (readonly [string, string])[] = [
    [`{"name":"a node","data":"${data}"}`, "OK"],
    [`{"name":"","data":"${data}"}`, "OK"],
    [`{"name":"${"n".repeat(256)}","data":"${data}"}`, "OK"],
    [`{"name":"a","data":"${data}","later":{"data":1}}`, "OK"],
    [`{"name":"${"n".repeat(257)}","data":"${data}"}`, "reject BAD_SHAPE"],
    ...UNSAFE_ESCAPES.map((escape) =>
      [`{"name":"a${escape}","data":"${data}"}`, "reject BAD_SHAPE"] as const
    ),
    // without one of the two it is no envelope, and no message either
    ...["null", "1", "true", "[]", "{}"].flatMap((value) => [
      [`{"name":${value},"data":"${data}"}`, "reject BAD_SHAPE"] as const,
      [`{"name":"a","data":${value}}`, "reject BAD_SHAPE"] as const,
    ]),
    [`{"data":"${data}"}`, "reject BAD_SHAPE"],
    ['{"name":"a"}', "reject BAD_SHAPE"],
    [`{"Name":"a","data":"${data}"}`, "reject BAD_SHAPE"],
    [`{"name":"a","Data":"${data}"}`, "reject BAD_SHAPE"],
    ...[
      "",
      " ",
      "%%%%",
      "e30",
      "e30==",
      "e31=",
      data.slice(1),
      `${data}=`,
      `${data}AA`,
      data.replace("M", "-"),
    ]
      .map((bad) => [`{"name":"a","data":"${bad}"}`, "reject NOT_JSON"] as const),
    ...["[]", "null", "1", '"a"', "true"].map((inner) =>
      [`{"name":"a","data":"${btoa(inner)}"}`, "reject BAD_SHAPE"] as const
    ),
    // one envelope in another is not opened
    [`{"name":"a","data":"${btoa(`{"name":"b","data":"${data}"}`)}"}`, "reject BAD_SHAPE"],
  ];
  const wrong = rows.map((
    [text, expected],
  ) => [text.slice(0, 80), outcome(codec, encoder.encode(text)), expected])
    .filter(([, got, expected]) => got !== expected);
  expect(wrong).toEqual([]);
  for (const [name, bytes] of Object.entries(BROKEN_UTF8)) {
    const frame = [...encoder.encode('{"name":"'), ...bytes, ...encoder.encode(`","data":"${data}"}`)];
    expect([name, outcome(codec, Uint8Array.from(frame))]).toEqual([name, "reject NOT_JSON"]);
  }
});
