import { expect } from "expect";
import { seededRandom } from "../base/mod.ts";
import { maskWords, tryAddress, type Words } from "./address.ts";
import { PrefixTable } from "./prefix_table.ts";

const always = () => true;

function words(text: string): Words {
  return tryAddress(text)?.words ?? [0, 0, 0, 0];
}

Deno.test("PrefixTable finds the longest network that holds", () => {
  const table = new PrefixTable<string>();
  expect(table.empty).toBe(true);
  table.set(words("10.0.0.0"), 96 + 8, "eight");
  table.set(words("10.1.0.0"), 96 + 16, "sixteen");
  table.set(words("10.1.2.3"), 128, "one");
  const find = (text: string, longest = 128) => table.find(words(text), longest, always);
  expect([find("10.1.2.3"), find("10.1.2.4"), find("10.2.0.0"), find("11.0.0.0")])
    .toEqual(["one", "sixteen", "eight", undefined]);
  expect(find("10.1.2.3", 127)).toBe("sixteen");
  expect(table.find(words("10.1.2.3"), 128, (value) => value !== "one")).toBe("sixteen");
  table.set(words("10.1.2.3"), 128, "other");
  expect(find("10.1.2.3")).toBe("other");
  table.delete(words("10.1.2.3"), 128);
  table.delete(words("10.1.2.3"), 128);
  expect(find("10.1.2.3")).toBe("sixteen");
  table.delete(words("10.1.0.0"), 96 + 16);
  table.delete(words("10.0.0.0"), 96 + 8);
  expect(table.empty).toBe(true);
});

Deno.test("PrefixTable agrees with a linear search", () => {
  const random = seededRandom(11);
  const number = (below: number) => {
    const bytes = random.bytes(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % below;
  };
  // few distinct words, so that networks nest and share prefixes
  const anyWords = (): Words => [number(3), number(3) << 30 >>> 0, number(3), number(4)];
  const table = new PrefixTable<string>();
  const kept = new Map<string, { words: Words; length: number }>();
  for (let i = 0; i < 3000; i++) {
    const length = number(129);
    const network = maskWords(anyWords(), length);
    const name = `${network}/${length}`;
    if (number(3) === 0) {
      table.delete(network, length);
      kept.delete(name);
    } else {
      table.set(network, length, name);
      kept.set(name, { words: network, length });
    }
    const address = anyWords();
    const around = [...kept].filter(([, one]) => `${maskWords(address, one.length)}` === `${one.words}`)
      .sort(([, a], [, b]) => b.length - a.length)[0]?.[0];
    expect(table.find(address, 128, always)).toBe(around);
  }
});
