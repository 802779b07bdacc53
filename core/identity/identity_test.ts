import { createPublicKey, verify } from "node:crypto";
import { Buffer } from "node:buffer";
import { privateKeyFromRaw, privateKeyToProtobuf } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { expect } from "expect";
import { toHex } from "../base/mod.ts";
import { loadApiToken, loadIdentity, readApiToken } from "./mod.ts";
import { identityFromSeed } from "./ed25519_identity.ts";

/** RFC 8032, section 7.1, test 1. */
const RFC_SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const RFC_PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

const UNIX = Deno.build.os !== "windows";

async function withDir(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function modeOf(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}

Deno.test("loadIdentity() makes a key once and keeps it", () =>
  withDir(async (dir) => {
    const dataDir = `${dir}/new/data`;
    const first = await loadIdentity({ dataDir });
    expect(first.peerId).toMatch(/^12D3KooW/);
    expect(first.nodeId).toMatch(/^[0-9a-f]{64}$/);
    expect(toHex(first.publicKey)).toBe(first.nodeId);
    const text = await Deno.readTextFile(`${dataDir}/identity.key`);
    expect(text).toMatch(/^ed25519:[0-9a-f]{64}\n$/);
    if (UNIX) {
      expect(await modeOf(`${dataDir}/identity.key`)).toBe(0o600);
      expect(await modeOf(dataDir)).toBe(0o700);
    }
    const second = await loadIdentity({ dataDir });
    expect(second.peerId).toBe(first.peerId);
    expect(await Deno.readTextFile(`${dataDir}/identity.key`)).toBe(text);
    expect([...Deno.readDirSync(dataDir)].map(({ name }) => name)).toEqual(["identity.key"]);
  }));

Deno.test("loadIdentity() gives one identity to callers at the same time", () =>
  withDir(async (dir) => {
    const all = await Promise.all(Array.from({ length: 8 }, () => loadIdentity({ dataDir: dir })));
    expect(new Set(all.map(({ peerId }) => peerId)).size).toBe(1);
    expect([...Deno.readDirSync(dir)].length).toBe(1);
  }));

Deno.test("identityFromSeed() follows RFC 8032 and libp2p", async () => {
  const identity = await identityFromSeed(Uint8Array.fromHex(RFC_SEED));
  expect(identity.nodeId).toBe(RFC_PUBLIC);
  // The hash of a peer id's key is the identity: its last 32 bytes are the public key.
  expect(toHex(identity.privateKey.publicKey.raw)).toBe(identity.nodeId);
});

Deno.test("sign() signs the domain, a line break and the bytes", async () => {
  const identity = await identityFromSeed(new Uint8Array(32).fill(7));
  const bytes = Uint8Array.of(1, 2, 3);
  const signature = identity.sign("commons-test/v1", bytes);
  expect(signature.length).toBe(64);
  const message = Buffer.concat([Buffer.from("commons-test/v1\n"), bytes]);
  expect(await identity.privateKey.publicKey.verify(message, signature)).toBe(true);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), identity.publicKey]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  expect(verify(null, message, key, signature)).toBe(true);
  expect(verify(null, bytes, key, signature)).toBe(false);
  expect(identity.sign("commons-test/v2", bytes)).not.toEqual(signature);
  for (const domain of ["", "a\nb"]) {
    expect(() => identity.sign(domain, bytes)).toThrow(expect.objectContaining({ code: "SIGN_DOMAIN" }));
  }
});

Deno.test("an identity shows no private key as JSON", async () => {
  const identity = await identityFromSeed(new Uint8Array(32).fill(7));
  expect(Object.keys(identity)).not.toContain("privateKey");
  expect(JSON.stringify(identity)).not.toContain("0707070707");
});

Deno.test("loadIdentity() never replaces a file that it cannot use", async (t) => {
  const hex = "ab".repeat(32);
  const rows: [string, string | Uint8Array, string][] = [
    ["empty", "", "IDENTITY_DAMAGED"],
    ["a line break", "\n", "IDENTITY_DAMAGED"],
    ["too short", `ed25519:${hex.slice(2)}\n`, "IDENTITY_DAMAGED"],
    ["too long", `ed25519:${hex}00\n`, "IDENTITY_DAMAGED"],
    ["another kind", `secp256k1:${hex}\n`, "IDENTITY_DAMAGED"],
    ["no kind", `${hex}\n`, "IDENTITY_DAMAGED"],
    ["upper case", `ed25519:${hex.toUpperCase()}\n`, "IDENTITY_DAMAGED"],
    ["two lines", `ed25519:${hex}\ned25519:${hex}\n`, "IDENTITY_DAMAGED"],
    ["binary", new Uint8Array(72), "IDENTITY_DAMAGED"],
    ["a public half of another key", `${hex}${hex}\n`, "IDENTITY_DAMAGED"],
    ["a protobuf of another type", `08021220${hex}\n`, "IDENTITY_DAMAGED"],
    ["a protobuf of another length", `08011240${hex}\n`, "IDENTITY_DAMAGED"],
    ["huge", "x".repeat(5_000), "IDENTITY_DAMAGED"],
  ];
  for (const [name, content, code] of rows) {
    await t.step(name, () =>
      withDir(async (dir) => {
        const path = `${dir}/identity.key`;
        const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
        await Deno.writeFile(path, bytes, { mode: 0o600 });
        const error = await loadIdentity({ dataDir: dir }).catch((error) => error);
        expect(error.code).toBe(code);
        expect(error.message).toContain(path);
        expect(error.message).not.toContain("abab");
        expect(await Deno.readFile(path)).toEqual(bytes);
      }));
  }
});

Deno.test("loadIdentity() reads the key files of other nodes, and leaves them as they are", async (t) => {
  const key = privateKeyFromRaw(Uint8Array.fromHex(RFC_SEED + RFC_PUBLIC));
  const protobuf = privateKeyToProtobuf(key).toHex();
  const rows: readonly (readonly [string, string])[] = [
    ["seed and public key", RFC_SEED + RFC_PUBLIC],
    ["seed and public key, twice", RFC_SEED + RFC_PUBLIC + RFC_PUBLIC],
    ["upper case", (RFC_SEED + RFC_PUBLIC).toUpperCase()],
    ["protobuf", protobuf],
    ["protobuf of the longest form", `08011260${RFC_SEED}${RFC_PUBLIC}${RFC_PUBLIC}`],
    ["protobuf of the seed", `08011220${RFC_SEED}`],
  ];
  expect(protobuf).toBe(`08011240${RFC_SEED}${RFC_PUBLIC}`);
  for (const [name, text] of rows) {
    await t.step(name, () =>
      withDir(async (dir) => {
        await Deno.writeTextFile(`${dir}/identity.key`, text, { mode: 0o600 });
        const { nodeId, peerId } = await loadIdentity({ dataDir: dir });
        expect([nodeId, peerId]).toEqual([RFC_PUBLIC, peerIdFromPrivateKey(key).toString()]);
        expect(await Deno.readTextFile(`${dir}/identity.key`)).toBe(text);
      }));
  }
});

Deno.test("loadIdentity() takes a last line without its end", () =>
  withDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/identity.key`, `ed25519:${"07".repeat(32)}`, { mode: 0o600 });
    const identity = await loadIdentity({ dataDir: dir });
    expect(identity.peerId).toBe("12D3KooWRawPbxPtP1eZaJpumGnyWX2DcUyd3RQnydr3eAto4Az7");
  }));

Deno.test({
  name: "loadIdentity() refuses a key that others can open, and says what to do",
  ignore: !UNIX,
  fn: (t) =>
    withDir(async (dir) => {
      const path = `${dir}/identity.key`;
      await Deno.writeTextFile(path, `ed25519:${"07".repeat(32)}\n`);
      for (const mode of [0o644, 0o640, 0o604, 0o660, 0o622]) {
        await t.step(mode.toString(8), async () => {
          await Deno.chmod(path, mode);
          await expect(loadIdentity({ dataDir: dir })).rejects.toMatchObject({
            code: "IDENTITY_PERMISSIONS",
            message: expect.stringContaining(`chmod 600 ${path}`),
          });
          expect(await modeOf(path)).toBe(mode);
        });
      }
      await Deno.chmod(path, 0o400);
      expect((await loadIdentity({ dataDir: dir })).peerId).toMatch(/^12D3KooW/);
    }),
});

Deno.test("loadIdentity() refuses what is not a file, and a folder that it cannot make", async (t) => {
  await t.step("a folder in its place", () =>
    withDir(async (dir) => {
      await Deno.mkdir(`${dir}/identity.key`);
      await expect(loadIdentity({ dataDir: dir })).rejects.toMatchObject({ code: "IDENTITY_NOT_A_FILE" });
    }));
  await t.step("a link to nowhere", () =>
    withDir(async (dir) => {
      await Deno.symlink(`${dir}/nowhere`, `${dir}/identity.key`);
      await expect(loadIdentity({ dataDir: dir })).rejects.toMatchObject({ code: "IDENTITY_UNREADABLE" });
    }));
  await t.step("a file in place of the data dir", () =>
    withDir(async (dir) => {
      await Deno.writeTextFile(`${dir}/data`, "");
      await expect(loadIdentity({ dataDir: `${dir}/data` })).rejects.toMatchObject({
        code: expect.stringMatching(/^IDENTITY_/),
      });
    }));
});

Deno.test({
  name: "loadIdentity() says so when the data dir cannot be written or read",
  permissions: { read: true, write: false, env: true, sys: true },
  fn: async () => {
    await expect(loadIdentity({ dataDir: "/nonexistent-commons" })).rejects.toMatchObject({
      code: "IDENTITY_NOT_CREATED",
    });
  },
});

Deno.test("loadApiToken() makes a token once, and readApiToken() makes none", () =>
  withDir(async (dir) => {
    expect(await readApiToken({ dataDir: dir })).toBeUndefined();
    const token = await loadApiToken({ dataDir: dir });
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(await loadApiToken({ dataDir: dir })).toBe(token);
    expect(await readApiToken({ dataDir: dir })).toBe(token);
    if (UNIX) expect(await modeOf(`${dir}/api.token`)).toBe(0o600);
  }));

Deno.test("loadApiToken() never replaces a damaged token", () =>
  withDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/api.token`, "short\n", { mode: 0o600 });
    await expect(loadApiToken({ dataDir: dir })).rejects.toMatchObject({ code: "API_TOKEN_DAMAGED" });
    expect(await Deno.readTextFile(`${dir}/api.token`)).toBe("short\n");
  }));
