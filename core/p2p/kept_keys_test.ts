import { generateKeyPair, publicKeyFromRaw } from "@libp2p/crypto/keys";
import { expect } from "expect";
import { keepVerifyingKeys } from "./kept_keys.ts";

Deno.test("keepVerifyingKeys() leaves every answer of a libp2p key as it was", async (t) => {
  const key = await generateKeyPair("Ed25519");
  const other = await generateKeyPair("Ed25519");
  const message = new TextEncoder().encode("hello");
  const signature = await key.sign(message);
  const forged = new Uint8Array(signature); // a Buffer's `slice` would not copy
  forged[3] = (forged[3] ?? 0) ^ 1;
  const rows = [
    { name: "a good one", key, message, signature },
    { name: "once more, by the kept key", key, message, signature },
    { name: "somebody else's", key: other, message, signature },
    { name: "a flipped bit", key, message, signature: forged },
    { name: "another message", key, message: message.subarray(1), signature },
    { name: "too short", key, message, signature: signature.subarray(1) },
    {
      name: "a key that is no point",
      key: { publicKey: publicKeyFromRaw(new Uint8Array(32).fill(0xff)) },
      message,
      signature,
    },
  ];
  const verdict = async (row: typeof rows[number]) => {
    try {
      return await row.key.publicKey.verify(row.message, row.signature);
    } catch {
      return "throws";
    }
  };
  const before = await Promise.all(rows.map(verdict));
  expect(before).toEqual([true, true, false, false, false, "throws", false]);
  keepVerifyingKeys();
  for (const [i, row] of rows.entries()) {
    await t.step(row.name, async () => expect(await verdict(row)).toBe(before[i]));
  }
});
