import { Buffer } from "node:buffer";
import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { expect } from "expect";
import { fromHex, seededRandom, toHex } from "../base/mod.ts";
import { signingKey } from "./module_keys.ts";
import { schemeOf, SECP256K1_ORDER, type SignatureScheme, verifySignature } from "./signatures.ts";
import { SignatureCache } from "./signatures_cache.ts";

const SCHEMES: readonly SignatureScheme[] = ["ed25519", "secp256k1"];
const ZERO = "00".repeat(32);
const ORDER = SECP256K1_ORDER.toString(16);
const message = new TextEncoder().encode("commons-module/v1\n{}");
const ed = signingKey("ed25519", new Uint8Array(32).fill(1));
const ec = signingKey("secp256k1", new Uint8Array(32).fill(2));

function hex32(number: bigint): string {
  return number.toString(16).padStart(64, "0");
}

Deno.test("verifySignature() follows RFC 8032", () => {
  // Section 7.1, tests 1 and 3.
  const rows: [key: string, message: string, signature: string][] = [
    [
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
  ];
  for (const [publicKey, text, signature] of rows) {
    expect(verifySignature({ publicKey, signature, message: fromHex(text) })).toBe(true);
    expect(verifySignature({ publicKey, signature, message })).toBe(false);
  }
});

Deno.test("signingKey() and verifySignature() agree with another implementation", () => {
  const random = seededRandom(7);
  for (let round = 0; round < 12; round++) {
    const [secret, text] = [random.bytes(32), random.bytes(round * 40)];
    const own = { ed: signingKey("ed25519", secret), ec: signingKey("secp256k1", secret) };
    expect(own.ed.publicKey).toBe(toHex(ed25519.getPublicKey(secret)));
    expect(own.ec.publicKey).toBe(toHex(secp256k1.getPublicKey(secret, true)));
    expect(own.ed.sign(text)).toBe(toHex(ed25519.sign(text, secret)));
    expect(secp256k1.verify(fromHex(own.ec.sign(text)), text, fromHex(own.ec.publicKey), { lowS: true }))
      .toBe(true);
    const foreign = toHex(secp256k1.sign(text, secret));
    expect(verifySignature({ publicKey: own.ec.publicKey, signature: foreign, message: text })).toBe(true);
  }
});

Deno.test("verifySignature() says no to everything else, and never throws", async (t) => {
  const [edSignature, ecSignature] = [ed.sign(message), ec.sign(message)];
  const [r, s] = [ecSignature.slice(0, 64), BigInt(`0x${ecSignature.slice(64)}`)];
  const uncompressed = toHex(secp256k1.Point.fromHex(ec.publicKey).toBytes(false));
  const der = toHex(secp256k1.Signature.fromHex(ecSignature, "compact").toBytes("der"));
  // Ed25519's order (RFC 8032, section 5.1): s + L fits into the same bytes, and a lax check takes it.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const edS = BigInt(`0x${toHex(fromHex(edSignature.slice(64)).reverse())}`);
  const malleated = edSignature.slice(0, 64) + toHex(fromHex(hex32(edS + order)).reverse());
  const rows: [name: string, publicKey: string, signature: string][] = [
    ["the key of somebody else", signingKey("ed25519", new Uint8Array(32).fill(9)).publicKey, edSignature],
    ["high s", ec.publicKey, r + hex32(SECP256K1_ORDER - s)],
    ["s beyond the order", ec.publicKey, r + hex32((s + SECP256K1_ORDER) % 2n ** 256n)],
    ["r = 0", ec.publicKey, ZERO + ecSignature.slice(64)],
    ["s = 0", ec.publicKey, r + ZERO],
    ["r = order", ec.publicKey, ORDER + ecSignature.slice(64)],
    ["all zero", ec.publicKey, ZERO + ZERO],
    ["all zero, Ed25519", ed.publicKey, ZERO + ZERO],
    ["Ed25519 with s + L", ed.publicKey, malleated],
    ["DER instead of compact", ec.publicKey, der],
    ["an uncompressed key", uncompressed, ecSignature],
    ["an uncompressed key without its first byte", uncompressed.slice(2), ecSignature],
    ["a key that is no point", `02${"ff".repeat(32)}`, ecSignature],
    ["the other parity", (ec.publicKey.startsWith("02") ? "03" : "02") + ec.publicKey.slice(2), ecSignature],
    ["a key of the other scheme", ec.publicKey.slice(2), ecSignature],
    ["the signature of the other scheme", ed.publicKey, ecSignature],
    ["one digit short", ed.publicKey, edSignature.slice(1)],
    ["two digits short", ed.publicKey, edSignature.slice(2)],
    ["two digits more", ed.publicKey, `${edSignature}00`],
    ["no hex", ed.publicKey, "zz".repeat(64)],
    ["upper case", ed.publicKey.toUpperCase(), edSignature.toUpperCase()],
    ["a 0x in front", ed.publicKey, `0x${edSignature.slice(2)}`],
    ["a line break behind", ed.publicKey, `${edSignature}\n`],
    ["nothing", "", ""],
  ];
  for (const [name, publicKey, signature] of rows) {
    await t.step(name, () => expect(verifySignature({ publicKey, signature, message })).toBe(false));
  }
  await t.step("each bit of the signature counts", () => {
    for (const { publicKey, sign } of [ed, ec]) {
      const bytes = fromHex(sign(message));
      for (let at = 0; at < 64; at += 7) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ 1;
        expect(verifySignature({ publicKey, signature: flipped.toString("hex"), message })).toBe(false);
      }
    }
  });
});

Deno.test("sign() of secp256k1 takes the lower s", () => {
  for (let round = 0; round < 40; round++) {
    const text = Uint8Array.of(round);
    const signature = ec.sign(text);
    expect(BigInt(`0x${signature.slice(64)}`) <= SECP256K1_ORDER / 2n).toBe(true);
    expect(verifySignature({ publicKey: ec.publicKey, signature, message: text })).toBe(true);
  }
});

Deno.test("schemeOf() goes by the length of a key", () => {
  expect(schemeOf(ed.publicKey)).toBe("ed25519");
  expect(schemeOf(ec.publicKey)).toBe("secp256k1");
  for (const text of ["", "ab", `04${ZERO}`, `${ZERO}0`, ZERO.replace("0", "g"), "AB".repeat(32)]) {
    expect(schemeOf(text)).toBe(undefined);
  }
});

Deno.test("SignatureCache answers by content, for each of key, signature and message, and stays bounded", () => {
  const cache = new SignatureCache({ capacity: 4 });
  const claim = { publicKey: ed.publicKey, signature: ed.sign(message), message };
  for (let round = 0; round < 3; round++) {
    expect(cache.verify(claim)).toBe(true);
    expect(cache.verify({ ...claim, message: new Uint8Array(1) })).toBe(false);
    expect(cache.verify({ ...claim, publicKey: ec.publicKey })).toBe(false);
    expect(cache.verify({ ...claim, signature: ec.sign(message) })).toBe(false);
  }
  expect(cache.size).toBe(4);
  for (let at = 0; at < 10; at++) cache.verify({ ...claim, message: Uint8Array.of(at) });
  expect([cache.size, cache.verify(claim)]).toEqual([4, true]);
});

Deno.test("a signing key shows no secret as JSON", () => {
  for (const scheme of SCHEMES) {
    const key = signingKey(scheme, new Uint8Array(32).fill(0xab));
    expect(JSON.stringify(key)).not.toContain("abab");
    expect(Deno.inspect(key)).not.toContain("abab");
  }
});
