import type { Random } from "../../core/base/mod.ts";

type Message = Readonly<Record<string, unknown>>;

const encoder = new TextEncoder();
/** Random bytes fetched at once. */
const POOL_BYTES = 4096;

/** Cheap numbers out of a seeded source. */
export class Dice {
  readonly #random: Random;
  #pool = new Uint8Array();
  #at = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  byte(): number {
    if (this.#at >= this.#pool.length) {
      this.#pool = this.#random.bytes(POOL_BYTES);
      this.#at = 0;
    }
    return this.#pool[this.#at++] ?? 0;
  }

  /** From 0 up to, but not including, `limit`. */
  below(limit: number): number {
    return limit <= 1 ? 0 : (this.byte() * 0x10000 + this.byte() * 0x100 + this.byte()) % limit;
  }

  pick<T>(items: readonly T[], otherwise: T): T {
    return items[this.below(items.length)] ?? otherwise;
  }
}

/** JSON texts of values at the edges of what fields may hold. */
const ODD_VALUES: readonly string[] = [
  "null",
  "true",
  "[]",
  "{}",
  '""',
  '"1"',
  "0",
  "-0",
  "-1",
  "0.5",
  "4294967295",
  "4294967296",
  "9007199254740991",
  "9007199254740992",
  "18446744073709551615",
  "1e308",
  "1e400",
  "-1e400",
  '"\\u0000"',
  '"\\ud800"',
  '"\\u202e"',
  '"<script>"',
  '"\\n"',
  '"__proto__"',
  '"javascript:alert(1)"',
  '"http://[::ffff:127.0.0.1]/"',
  '"http://2130706433/"',
  '"http://a.example./"',
  `"${"a".repeat(65)}"`,
  `"${"0".repeat(64)}"`,
  `"${"0".repeat(160)}"`,
  `"http://${"a".repeat(2048)}/"`,
  `"${"é".repeat(1024)}"`,
  `${"[".repeat(2000)}${"]".repeat(2000)}`,
  '{"__proto__":{"x":1},"constructor":1,"toString":null}',
  // what costs a reader most, as far as it is known
  `"http://a${".".repeat(2000)}x/"`,
  `"http://xn--${"ka".repeat(1000)}/"`,
  `[${Array.from({ length: 3000 }, (_, i) => `{"${i.toString(36)}":0}`).join(",")}]`,
  `[${"[],".repeat(5000)}[]]`,
];

/** Texts of a message with one or a few fields changed, in either form. */
function mutatedMessage(message: Message, dice: Dice): Uint8Array<ArrayBuffer> {
  const fields = new Map(Object.entries(message).map(([name, value]) => [name, JSON.stringify(value)]));
  for (let changes = dice.below(3); changes >= 0; changes--) {
    const name = dice.pick([...fields.keys()], "x");
    switch (dice.below(5)) {
      case 0:
        fields.delete(name);
        break;
      case 1:
        fields.set(
          dice.pick([name.toUpperCase(), name.toLowerCase(), "__proto__", "type", "data", "name"], name),
          "1",
        );
        break;
      case 2:
        fields.set(name, damagedText(fields.get(name) ?? '""', dice));
        break;
      default:
        fields.set(name, dice.pick(ODD_VALUES, "null"));
    }
  }
  const text = `{${[...fields].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
  return encoder.encode(dice.below(4) === 0 ? enveloped(text, dice) : text);
}

/** A JSON text with one character in another place or of another kind. */
function damagedText(text: string, dice: Dice): string {
  const at = dice.below(text.length);
  const character = String.fromCharCode(dice.below(4) === 0 ? dice.below(0x10000) : dice.below(0x80));
  return text.slice(0, at) + character + text.slice(at + dice.below(2));
}

function enveloped(text: string, dice: Dice): string {
  const data = encoder.encode(text).toBase64();
  const broken = dice.below(8) === 0 ? damagedText(data, dice) : data;
  return JSON.stringify({ name: dice.pick(["node", "", "\0", "n".repeat(300)], ""), data: broken });
}

/** Bytes with some of them changed, removed, repeated or added. */
function mutatedBytes(bytes: Uint8Array, dice: Dice): Uint8Array<ArrayBuffer> {
  const out = [...bytes];
  for (let changes = dice.below(6); changes >= 0; changes--) {
    const at = dice.below(out.length);
    switch (dice.below(5)) {
      case 0:
        out[at] = dice.byte();
        break;
      case 1:
        out[at] = (out[at] ?? 0) ^ (1 << dice.below(8));
        break;
      case 2:
        out.splice(at, dice.below(16));
        break;
      case 3:
        out.splice(at, 0, ...out.slice(at, at + dice.below(64)));
        break;
      default:
        out.length = at;
    }
  }
  return Uint8Array.from(out);
}

/** A frame made of good bytes, or of nothing; now and then one beyond `maxBytes`. */
export function damagedBytes(
  bytes: Uint8Array,
  { dice, maxBytes }: { readonly dice: Dice; readonly maxBytes: number },
): Uint8Array<ArrayBuffer> {
  const kind = dice.below(100);
  if (kind < 85) return mutatedBytes(bytes, dice);
  if (kind < 95) return Uint8Array.from({ length: dice.below(256) }, () => dice.byte());
  if (kind < 97) return Uint8Array.from({ length: maxBytes - 1 + dice.below(3) }, () => dice.byte());
  return Uint8Array.from(bytes);
}

/** A frame made of a good message, or of nothing; now and then one beyond `maxBytes`. */
export function makeFrame(
  message: Message,
  { dice, maxBytes }: { readonly dice: Dice; readonly maxBytes: number },
): Uint8Array<ArrayBuffer> {
  const kind = dice.below(100);
  if (kind < 60) return mutatedMessage(message, dice);
  if (kind < 90) return mutatedBytes(encoder.encode(JSON.stringify(message)), dice);
  if (kind < 97) return Uint8Array.from({ length: dice.below(256) }, () => dice.byte());
  if (kind < 98) return encoder.encode("[".repeat(dice.below(maxBytes + 100)));
  if (kind < 99) return encoder.encode(JSON.stringify(message).padEnd(maxBytes - 1 + dice.below(3)));
  return encoder.encode(JSON.stringify(message));
}
