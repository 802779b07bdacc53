import { expect } from "expect";
import { seededRandom } from "../base/mod.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { createKeyFile, readKeyFile } from "./module_keys.ts";
import { type SignatureScheme, verifySignature } from "./signatures.ts";

const SCHEMES: readonly SignatureScheme[] = ["ed25519", "secp256k1"];
const UNIX = Deno.build.os !== "windows";

Deno.test("createKeyFile() makes a key that readKeyFile() reads", async (t) => {
  for (const scheme of SCHEMES) {
    await t.step(scheme, async () => {
      await using dir = await tempDir();
      const file = dir.file("me.key");
      const made = await createKeyFile(file, { scheme, random: seededRandom(3) });
      const read = await readKeyFile(file);
      expect([read.scheme, read.publicKey]).toEqual([scheme, made.publicKey]);
      const message = Uint8Array.of(1, 2, 3);
      expect(verifySignature({ publicKey: made.publicKey, signature: read.sign(message), message })).toBe(
        true,
      );
      if (UNIX) expect(((await Deno.stat(file)).mode ?? 0) & 0o777).toBe(0o600);
      const before = await Deno.readTextFile(file);
      await expect(createKeyFile(file, { scheme, random: seededRandom(4) })).rejects.toMatchObject({
        code: "FILE_EXISTS",
      });
      expect(await Deno.readTextFile(file)).toBe(before);
    });
  }
});

Deno.test("createKeyFile() passes over numbers that are no private key", async () => {
  await using dir = await tempDir();
  const draws = [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(5)];
  const random = { ...seededRandom(1), bytes: () => draws.shift() ?? new Uint8Array(32) };
  await createKeyFile(dir.file("a.key"), { scheme: "secp256k1", random });
  expect(await Deno.readTextFile(dir.file("a.key"))).toBe(`secp256k1:${"05".repeat(32)}\n`);
});

Deno.test("readKeyFile() refuses what is no key file, and shows nothing of it", async (t) => {
  const hex = "abcd".repeat(16);
  const rows: [name: string, text: string][] = [
    ["empty", ""],
    ["no scheme", `${hex}\n`],
    ["another scheme", `rsa:${hex}\n`],
    ["too short", `ed25519:${hex.slice(2)}\n`],
    ["upper case", `ed25519:${hex.toUpperCase()}\n`],
    ["two lines", `ed25519:${hex}\ned25519:${hex}\n`],
    ["zero", `secp256k1:${"00".repeat(32)}\n`],
    ["beyond the order", `secp256k1:${"ff".repeat(32)}\n`],
    ["huge", hex.repeat(200)],
  ];
  for (const [name, text] of rows) {
    await t.step(name, async () => {
      await using dir = await tempDir();
      const file = dir.file("me.key");
      await Deno.writeTextFile(file, text, { mode: 0o600 });
      const error = await readKeyFile(file).catch((caught) => caught);
      expect(error.code).toBe("KEY_DAMAGED");
      expect(Deno.inspect(error)).not.toContain("abcd");
    });
  }
  await t.step("missing", async () => {
    await expect(readKeyFile("/nowhere/me.key")).rejects.toMatchObject({ code: "KEY_UNREADABLE" });
  });
  await t.step("a folder", async () => {
    await using dir = await tempDir();
    await expect(readKeyFile(dir.path)).rejects.toMatchObject({ code: "KEY_UNREADABLE" });
  });
});

Deno.test({
  name: "readKeyFile() refuses a key that others can open",
  ignore: !UNIX,
  async fn() {
    await using dir = await tempDir();
    const file = dir.file("me.key");
    await createKeyFile(file, { scheme: "ed25519", random: seededRandom(3) });
    for (const mode of [0o644, 0o640, 0o602]) {
      await Deno.chmod(file, mode);
      await expect(readKeyFile(file)).rejects.toMatchObject({ code: "KEY_PERMISSIONS" });
    }
  },
});
