/** Values at and beyond the edges of what fields may hold, as they stand in JSON text. */
export interface Edges {
  readonly type: "text" | "number" | "object";
  /** As far as they go. */
  readonly good: readonly string[];
  /** One step further, and what only looks right. */
  readonly bad: readonly string[];
}

const NUL = "\\u0000";
/** Escapes of what neither logs nor pages may be shown. */
export const UNSAFE_ESCAPES: readonly string[] = [
  NUL,
  "\\u0001",
  "\\t",
  "\\n",
  "\\r",
  "\\u001b",
  "\\u007f",
  "\\u0085",
  "\\u200e",
  "\\u2028",
  "\\u202e",
  "\\u2066",
  "\\ud800",
  "\\udc00",
];

/** Byte sequences that are no UTF-8, wherever in a text they stand. */
export const BROKEN_UTF8: Readonly<Record<string, readonly number[]>> = {
  "a lone continuation byte": [0x80],
  "a cut sequence": [0xe2, 0x82],
  "an overlong slash": [0xc0, 0xaf],
  "an overlong NUL": [0xc0, 0x80],
  "a surrogate": [0xed, 0xa0, 0x80],
  "beyond Unicode": [0xf5, 0x80, 0x80, 0x80],
  "0xff": [0xff],
};

/** What JSON has no such numbers for, though other languages write them. */
export const NO_JSON_NUMBERS: readonly string[] = [
  "NaN",
  "Infinity",
  "-Infinity",
  "+1",
  "01",
  ".5",
  "1.",
  "0x1",
  "1n",
  "1_000",
  "--1",
  "1e",
];

/** Values of every other type; `null` apart, for some fields take it. */
export const OTHER_TYPES: Readonly<Record<Edges["type"], readonly string[]>> = {
  text: ["true", "false", "0", "1", "1e400", "[]", "{}", '["a"]', '{"toString":"a"}'],
  number: ["true", "false", '""', '"0"', '"1"', '"NaN"', "[]", "[1]", "{}", '{"valueOf":1}'],
  object: ["true", "false", "0", "1", '""', '"{}"', "[]", "[{}]"],
};

const HASH = "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048";
const HASHES = {
  good: [quoted(HASH), quoted("0".repeat(64)), quoted("f".repeat(64))],
  bad: [HASH.slice(1), `${HASH}0`, HASH.toUpperCase(), `0x${HASH.slice(2)}`, `g${HASH.slice(1)}`, ` ${HASH}`]
    .map(quoted),
};
const WHOLE_BAD = ["-1", "-1e0", "-1e400", "1e400", "0.5", "1e-7", "1.0000001", "9007199254740992", "1e308"];

/** By {@linkcode FieldRule.what}: a rule that is not here has no test, which is a failure. */
export function edgesOf(what: string): Edges | undefined {
  const [, length] = /^a text of up to (\d+) characters without control characters$/.exec(what) ?? [];
  if (length !== undefined) return textEdges(Number(length));
  if (what.startsWith("one of ")) {
    const texts = what.slice("one of ".length).split(", ");
    const bad = texts.flatMap((text) => [text.replace(/"$/, ' "'), text.replace(/"$/, 's"')]);
    const upper = texts.map((text) => text.toUpperCase()).filter((text) => !texts.includes(text));
    return { type: "text", good: texts, bad: [...bad, ...upper, '"toString"'] };
  }
  return EDGES[what];
}

function textEdges(max: number): Edges {
  return {
    type: "text",
    good: [quoted("a".repeat(max)), quoted("é".repeat(max)), quoted("😀".repeat(max / 2)), quoted("<b>'&")],
    bad: [quoted("a".repeat(max + 1)), quoted(`${"😀".repeat(max / 2)}a`)],
  };
}

const EDGES: Readonly<Record<string, Edges>> = {
  "a peer id": { // by its form: base58 of 46 to 64 characters
    type: "text",
    good: [46, 64].map((length) => quoted("1".repeat(length))),
    bad: ["", "12D3", "1".repeat(45), "1".repeat(65), "0".repeat(52), "l".repeat(52), `${"1".repeat(51)}/`]
      .map(quoted),
  },
  "up to 64 plain printable characters": {
    type: "text",
    good: ['""', quoted("a".repeat(64)), '"~ !#%*()"'],
    bad: [quoted("a".repeat(65)), '"é"', '"<b>"', '"a&b"', '"it\'s"', '"`"', '"\\""'],
  },
  "64 lower-case hex digits": { type: "text", good: HASHES.good, bad: ['""', ...HASHES.bad] },
  "empty or 64 lower-case hex digits": { type: "text", good: ['""', ...HASHES.good], bad: HASHES.bad },
  "up to 64 lower-case hex digits": {
    type: "text",
    good: ['""', '"0"', quoted("f".repeat(64))],
    bad: [quoted("f".repeat(65)), '"F"', '"0x1"', '"-1"'],
  },
  "a 32-bit unsigned integer": {
    type: "number",
    good: ["0", "-0", "1", "1e0", "1.0", "2147483648", "4294967295"],
    bad: [...WHOLE_BAD, "4294967296", "4294967295.5", "9007199254740991"],
  },
  "a whole number from 0 to 2^53 - 1": {
    type: "number",
    good: ["0", "-0", "4294967296", "9007199254740991"],
    bad: [...WHOLE_BAD, "18446744073709551615"],
  },
  "a number that is not negative": {
    type: "number",
    good: ["0", "-0", "0.5", "5e-324", "4294967296", "9007199254740992", "1.7976931348623157e308"],
    bad: ["-1", "-0.5", "-5e-324", "1e400", "-1e400", "1e309"],
  },
  "an object": { type: "object", good: ["{}", '{"a":{"b":[1]}}', '{"__proto__":{"x":1}}'], bad: [] },
  "up to 32 upper-case letters and _": {
    type: "text",
    good: ['""', quoted("A".repeat(32)), '"A_B"'],
    bad: [quoted("A".repeat(33)), '"a"', '"A B"', '"A1"'],
  },
  "lower-case hex of whole bytes": {
    type: "text",
    good: ['""', '"00"', quoted("00ff".repeat(1_000))],
    bad: ['"0"', '"0g"', '"FF"', '"0x00"', '"00 00"'],
  },
  "a text": { // a URL
    type: "text",
    good: ['""', '"http://a"', quoted(`http://a/${"x".repeat(2_039)}`), '"HTTPS://A.example:1/?q#f"'],
    bad: [
      ...[`http://a/${"x".repeat(2_040)}`, "ftp://a/", "http://", "http:a", "//a/", "a", "http://u:p@a/"],
      ...[
        "http://a:65536/",
        "http://a b/",
        "http://é/",
        "http://a/é",
        "http://a/<",
        "javascript:alert(1)",
      ],
    ].map(quoted),
  },
};

function quoted(text: string): string {
  return JSON.stringify(text);
}
