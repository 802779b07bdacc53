import { expect } from "expect";
import { hasUnsafeCharacters, readEnvelope, writeEnvelope } from "./envelope.ts";

const text = (value: string) => new TextEncoder().encode(value);

/** Objects with one field each, all of them with other names: what costs a parser most. */
function named(count: number): unknown[] {
  return Array.from({ length: count }, (_, i) => ({ [i.toString(36)]: 0 }));
}

Deno.test("readEnvelope() reads what writeEnvelope() wrote, in both forms", () => {
  const message = { PeerID: "x", Height: 7 };
  for (const form of ["raw", "bus"] as const) {
    const bytes = writeEnvelope(message, { form, name: "teranode/eu-1" });
    expect(readEnvelope(bytes)).toEqual({ ok: true, message });
  }
});

Deno.test("writeEnvelope() makes the bus form of name and base64 data", () => {
  const bytes = writeEnvelope({ a: 1 }, { form: "bus", name: "n" });
  expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual({ name: "n", data: btoa('{"a":1}') });
});

Deno.test("readEnvelope() refuses", async (t) => {
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ["nothing", text(""), "NOT_JSON"],
    ["text", text("hello"), "NOT_JSON"],
    ["a cut object", text('{"a":1'), "NOT_JSON"],
    ["a byte order mark", Uint8Array.from([0xef, 0xbb, 0xbf, ...text("{}")]), "NOT_JSON"],
    ["a lone continuation byte", Uint8Array.from([...text('{"a":"'), 0x80, ...text('"}')]), "NOT_JSON"],
    ["an overlong encoding", Uint8Array.from([...text('{"a":"'), 0xc0, 0xaf, ...text('"}')]), "NOT_JSON"],
    [
      "a surrogate in UTF-8",
      Uint8Array.from([...text('{"a":"'), 0xed, 0xa0, 0x80, ...text('"}')]),
      "NOT_JSON",
    ],
    ["a raw control character", text('{"a":"\u0001"}'), "NOT_JSON"],
    ["ten thousand open brackets", text("[".repeat(10_000)), "BAD_SHAPE"],
    ["brackets that begin and end", text(`{"a":${"[".repeat(2_500)}${"]".repeat(2_500)}}`), "BAD_SHAPE"],
    ["brackets behind a text", text(`{"\\"":"[\\\\","a":${'{"b":'.repeat(1_000)}`), "BAD_SHAPE"],
    ["bus data of brackets", text(`{"name":"n","data":"${btoa("[".repeat(6_000))}"}`), "BAD_SHAPE"],
    ["more fields than any version has", text(JSON.stringify({ a: named(4_096) })), "BAD_SHAPE"],
    [
      "bus data of too many fields",
      text(`{"name":"n","data":"${btoa(JSON.stringify({ a: named(4_096) }))}"}`),
      "BAD_SHAPE",
    ],
    ["a list", text("[]"), "BAD_SHAPE"],
    ["null", text("null"), "BAD_SHAPE"],
    ["a number", text("1"), "BAD_SHAPE"],
    ["bus data that is no base64", text('{"name":"n","data":"?"}'), "NOT_JSON"],
    ["bus data without padding", text('{"name":"n","data":"e30"}'), "NOT_JSON"],
    ["bus data that is no JSON", text(`{"name":"n","data":"${btoa("x")}"}`), "NOT_JSON"],
    ["bus data that is a list", text(`{"name":"n","data":"${btoa("[]")}"}`), "BAD_SHAPE"],
    [
      "an escaped control character in the name",
      text(`{"name":"\\u0000","data":"${btoa("{}")}"}`),
      "BAD_SHAPE",
    ],
    ["a name one too long", text(`{"name":"${"n".repeat(257)}","data":"${btoa("{}")}"}`), "BAD_SHAPE"],
  ];
  for (const [name, bytes, code] of cases) {
    await t.step(name, () => {
      expect(readEnvelope(bytes)).toMatchObject({ ok: false, refused: { result: "reject", code } });
    });
  }
});

Deno.test("readEnvelope() reads large messages as deep as any version's", () => {
  const rows: unknown[] = [
    { a: "[".repeat(5_000), b: "{".repeat(5_000) },
    { a: '\\"['.repeat(2_000), b: '"]\\'.repeat(1_000) },
    { list: Array.from({ length: 2_000 }, (_, i) => ({ hash: i, in: [{}] })) },
    { a: named(4_094), b: ":".repeat(10_000) },
    { a: "x".repeat(5_000), deep: JSON.parse(`${"[".repeat(62)}${"]".repeat(62)}`) },
  ];
  for (const message of rows) {
    const bytes = text(JSON.stringify(message));
    expect(bytes.length).toBeGreaterThan(4_096);
    expect(readEnvelope(bytes)).toEqual({ ok: true, message });
  }
});

Deno.test("readEnvelope() reads an envelope once: one inside another stays as it is", () => {
  const inner = `{"name":"n","data":"${btoa("{}")}"}`;
  const bytes = text(`{"name":"n","data":"${btoa(inner)}"}`);
  expect(readEnvelope(bytes)).toEqual({ ok: true, message: { name: "n", data: btoa("{}") } });
});

Deno.test("hasUnsafeCharacters() finds what must not be shown", async (t) => {
  for (const bad of ["\u0000", "\n", "\u001b[31m", "\u007f", "\u0085", "\u2028", "\u202e", "\ud800"]) {
    await t.step(JSON.stringify(bad), () => expect(hasUnsafeCharacters(`a${bad}b`)).toBe(true));
  }
  for (const good of ["", "plain", "Käse", "節点", "😀"]) {
    await t.step(JSON.stringify(good), () => expect(hasUnsafeCharacters(good)).toBe(false));
  }
});
