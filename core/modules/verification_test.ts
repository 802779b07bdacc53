import { expect } from "expect";
import { isCommonsError, toHex } from "../base/mod.ts";
import { signedBytes } from "./canonical_manifest.ts";
import { parseManifest } from "./manifest.ts";
import type { Manifest } from "./manifest_types.ts";
import { SECP256K1_ORDER } from "./signatures.ts";
import { ADA, binaryOf, BOB, entry, EVE, signaturesOf } from "./test_signed.ts";
import { trustedKeys } from "./trust.ts";
import { judgeSignatures } from "./verification.ts";

const HEAD = `name = "hello"
version = "1.0.0"
entry_point = "mod.js"
capabilities = ["publish_events"]
${binaryOf("code")}`;
const TRUST = trustedKeys({ ada: ADA.publicKey, bob: BOB.publicKey });

const read = (toml: string) => parseManifest(new TextEncoder().encode(toml), { file: "module.toml" });
const judge = (manifest: Manifest, trusted = TRUST, minSignatures = 1) =>
  judgeSignatures(manifest, { trusted, minSignatures });
const judged = (toml: string, minSignatures = 1) => {
  const { state, signers } = judge(read(toml), TRUST, minSignatures);
  return [state, ...signers];
};

Deno.test("judgeSignatures() counts distinct trusted keys", async (t) => {
  const both = { x: ADA, y: BOB };
  const rows: [name: string, signatures: string, verdict: string[], min?: number][] = [
    ["none", "", ["unsigned"]],
    ["an empty table", "[signatures]\n", ["unsigned"]],
    ["one of one", signaturesOf(HEAD, { x: ADA }), ["valid", "ada"]],
    ["one of two that signed", signaturesOf(HEAD, both), ["valid", "ada", "bob"]],
    ["two of two", signaturesOf(HEAD, both, "2-of-2"), ["valid", "ada", "bob"]],
    ["two of three, one did not sign", signaturesOf(HEAD, both, "2-of-3"), ["valid", "ada", "bob"]],
    ["three of three, one did not sign", signaturesOf(HEAD, both, "3-of-3"), ["unverified", "ada", "bob"]],
    ["two of two, one not trusted", signaturesOf(HEAD, { x: ADA, y: EVE }, "2-of-2"), ["unverified", "ada"]],
    ["one of two, one not trusted", signaturesOf(HEAD, { x: ADA, y: EVE }), ["valid", "ada"]],
    ["nobody trusted", signaturesOf(HEAD, { ada: EVE }), ["unverified"]],
    ["fewer than the operator wants", signaturesOf(HEAD, { x: ADA }), ["unverified", "ada"], 2],
    ["as many as the operator wants", signaturesOf(HEAD, both), ["valid", "ada", "bob"], 2],
  ];
  for (const [name, signatures, verdict, min] of rows) {
    await t.step(name, () => expect(judged(HEAD + signatures, min)).toEqual(verdict));
  }
});

Deno.test("judgeSignatures() takes a manifest however it is written", async (t) => {
  const signatures = signaturesOf(HEAD, { x: ADA });
  const rows: [name: string, toml: string][] = [
    ["other order", `version = "1.0.0"\nname = "hello"\n${HEAD.replace(/name.*\nversion.*\n/, "")}`],
    ["comments", HEAD.replaceAll("\n", " # a comment\n")],
    ["other line ends", HEAD.replaceAll("\n", "\r\n")],
    ["other quotes", HEAD.replace('"hello"', "'hello'")],
  ];
  for (const [name, toml] of rows) {
    await t.step(name, () => expect(judged(toml + signatures)).toEqual(["valid", "ada"]));
  }
  await t.step("upper-case hex", () => {
    const upper = signatures.replaceAll(/"[0-9a-f]{64,}"/g, (hex) => hex.toUpperCase());
    expect(judged(HEAD + upper)).toEqual(["valid", "ada"]);
  });
});

Deno.test("judgeSignatures() finds what does not hold", async (t) => {
  const signatures = signaturesOf(HEAD, { x: ADA });
  const digest = /hash = "sha256:([0-9a-f])/;
  const changes: [name: string, toml: string][] = [
    ["one capability more", HEAD.replace('"publish_events"', '"publish_events", "net"')],
    ["one capability less", HEAD.replace('"publish_events"', "")],
    ["another version", HEAD.replace("1.0.0", "1.0.1")],
    ["the same version in other words", HEAD.replace("1.0.0", "1.0")],
    ["another name", HEAD.replace("hello", "other")],
    ["another entry", HEAD.replace("mod.js", "evil.js")],
    ["another hash", HEAD.replace(digest, (_, digit) => `hash = "sha256:${digit === "0" ? 1 : 0}`)],
    ["another size", HEAD.replace(/size = (\d)/, "size = 9$1")],
    ["a description", `description = "x"\n${HEAD}`],
    ["a section", `${HEAD}[limits]\nmemory_mb = 32\n`],
  ];
  for (const [name, toml] of changes) {
    await t.step(name, () => expect(judged(toml + signatures)).toEqual(["invalid"]));
  }
  const message = new TextEncoder().encode("x");
  const good = signaturesOf(HEAD, { x: BOB }).match(/signature = "([^"]+)"/)?.[1] ?? "";
  const s = SECP256K1_ORDER - BigInt(`0x${good.slice(64)}`);
  const high = good.slice(0, 64) + s.toString(16).padStart(64, "0");
  const entries: [name: string, entry: string][] = [
    ["over something else", entry("x", ADA.publicKey, ADA.sign(message))],
    ["of another maintainer", entry("x", BOB.publicKey, ADA.sign(message))],
    ["high s", entry("x", BOB.publicKey, high)],
    ["not trusted and broken", entry("x", EVE.publicKey, "00".repeat(64))],
  ];
  for (const [name, one] of entries) {
    await t.step(name, () => {
      const toml = `${HEAD}[signatures]\nthreshold = "1-of-2"\n`;
      expect(judged(toml + one)).toEqual(["invalid"]);
      // A good one beside it makes it no better.
      const beside = signaturesOf(HEAD, { y: one.includes(ADA.publicKey) ? BOB : ADA }, "1-of-2");
      expect(judged(HEAD + beside + one)).toEqual(["invalid"]);
    });
  }
  await t.step("signed for another domain", () => {
    const toml = (message: Uint8Array) =>
      `${HEAD}[signatures]\nthreshold = "1-of-1"\n${entry("x", ADA.publicKey, ADA.sign(message))}`;
    const own = new TextDecoder().decode(signedBytes(read(HEAD)));
    const other = new TextEncoder().encode(own.replace("commons-module/v1", "commons-governance/v1"));
    const bare = new TextEncoder().encode(own.split("\n")[1]);
    expect(judged(toml(bare))).toEqual(["invalid"]);
    expect(judged(toml(other))).toEqual(["invalid"]);
  });
});

Deno.test("parseManifest() refuses signatures of a form that cannot count", async (t) => {
  const ada = entry("a", ADA.publicKey, "00".repeat(64));
  const point = `04${"11".repeat(64)}`;
  const rows: [name: string, signatures: string][] = [
    ["m = 0", `threshold = "0-of-1"\n${ada}`],
    ["m above n", `threshold = "2-of-1"\n${ada}`],
    ["n below the listed", `threshold = "1-of-1"\n${ada}${entry("b", BOB.publicKey, "00".repeat(64))}`],
    ["no threshold", ada],
    ["a threshold in words", `threshold = "one of two"\n${ada}`],
    ["a negative one", `threshold = "-1-of-1"\n${ada}`],
    ["a huge one", `threshold = "1-of-99999999999999999999"\n${ada}`],
    ["a key under two names", `threshold = "2-of-2"\n${ada}${entry("b", ADA.publicKey, "00".repeat(64))}`],
    [
      "a key in two spellings",
      `threshold = "2-of-2"\n${ada}${entry("b", ADA.publicKey.toUpperCase(), "00".repeat(64))}`,
    ],
    ["an uncompressed key", `threshold = "1-of-1"\n${entry("a", point, "00".repeat(64))}`],
    ["an odd key", `threshold = "1-of-1"\n${entry("a", ADA.publicKey.slice(1), "00".repeat(64))}`],
    ["a truncated signature", `threshold = "1-of-1"\n${entry("a", ADA.publicKey, "00".repeat(63))}`],
    ["an odd signature", `threshold = "1-of-1"\n${entry("a", ADA.publicKey, "00".repeat(63) + "0")}`],
    ["DER", `threshold = "1-of-1"\n${entry("a", BOB.publicKey, `3044${"00".repeat(68)}`)}`],
    ["no hex", `threshold = "1-of-1"\n${entry("a", ADA.publicKey, "zz".repeat(64))}`],
    ["an unknown key", `threshold = "1-of-1"\n${ada}trusted = true\n`],
    ["a threshold twice", `threshold = "1-of-1"\nthreshold = "1-of-1"\n${ada}`],
    ["two tables", `threshold = "1-of-1"\n${ada}[signatures]\n`],
    [
      "a huge list",
      `threshold = "1-of-999"\n${
        Array.from(
          { length: 150 },
          (_, at) => entry("a", toHex(new Uint8Array(32).fill(at)), "00".repeat(64)),
        )
          .join("")
      }`,
    ],
  ];
  for (const [name, signatures] of rows) {
    await t.step(name, () => {
      try {
        read(`${HEAD}[signatures]\n${signatures}`);
      } catch (error) {
        expect(isCommonsError(error, "MANIFEST_INVALID") || isCommonsError(error, "MANIFEST_SYNTAX")).toBe(
          true,
        );
        return;
      }
      throw new Error("nothing was thrown");
    });
  }
});

Deno.test("judgeSignatures() does not rely on what the parser refuses", async (t) => {
  const manifest = read(HEAD + signaturesOf(HEAD, { x: ADA }));
  const [maintainer] = manifest.signatures?.maintainers ?? [];
  if (!maintainer) throw new Error("it is not signed");
  const signed = (maintainers: typeof maintainer[], m = 1, n = 1): Manifest => ({
    ...manifest,
    signatures: { maintainers, threshold: { m, n } },
  });
  const twice = [maintainer, { ...maintainer, name: "again" }];
  const { binary: _, ...withoutHash } = manifest;
  const rows: [name: string, manifest: Manifest, state: string][] = [
    ["as it is", signed([maintainer]), "valid"],
    ["a key under two names", signed(twice, 2, 2), "unverified"],
    ["m = 0", signed([maintainer], 0, 1), "invalid"],
    ["m above n", signed([maintainer], 2, 1), "invalid"],
    ["n below the listed", signed(twice, 1, 1), "invalid"],
    ["no threshold", { ...manifest, signatures: { maintainers: [maintainer] } }, "invalid"],
    ["no hash", withoutHash, "invalid"],
    ["no canonical form", { ...manifest, raw: { ...manifest.raw, extra: new Date() } }, "invalid"],
    ["a malformed key", signed([{ ...maintainer, publicKey: "xx" }]), "invalid"],
    ["a malformed signature", signed([{ ...maintainer, signature: "" }]), "invalid"],
    ["a key in upper case", signed([{ ...maintainer, publicKey: ADA.publicKey.toUpperCase() }]), "invalid"],
  ];
  for (const [name, one, state] of rows) {
    await t.step(name, () => expect(judge(one).state).toBe(state));
  }
});

Deno.test("trustedKeys() is a set of keys with one name each", () => {
  const keys = trustedKeys({ b: ADA.publicKey, a: ADA.publicKey.toUpperCase(), c: BOB.publicKey });
  expect([...keys]).toEqual([[ADA.publicKey, "a"], [BOB.publicKey, "c"]]);
  for (const bad of ["", "ab", `04${"00".repeat(64)}`, 7, null, [ADA.publicKey]]) {
    expect(() => trustedKeys({ x: bad })).toThrow(expect.objectContaining({ code: "INVALID_TRUSTED_KEY" }));
  }
});
