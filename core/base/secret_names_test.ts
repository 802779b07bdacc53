import { expect } from "expect";
import { isSecretName } from "./secret_names.ts";

Deno.test("isSecretName() knows secret names", () => {
  const secret = [
    "token",
    "api_token",
    "apiKey",
    "APIKEY",
    "key",
    "keys",
    "node_key",
    "privateKey",
    "secret",
  ];
  secret.push(
    "rpc_password",
    "Cookie",
    "set-cookie",
    "macaroon_hex",
    "preimage",
    "Authorization",
    "seed",
    "psk",
  );
  for (const name of secret) expect([name, isSecretName(name)]).toEqual([name, true]);
});

Deno.test("isSecretName() leaves ordinary names", () => {
  const plain = [
    "",
    "name",
    "public_key",
    "publicKey",
    "peer_pubkey",
    "monkey",
    "keyboard",
    "author",
    "seeded",
  ];
  plain.push("height", "peer_id", "passed", "bypass_count");
  for (const name of plain) expect([name, isSecretName(name)]).toEqual([name, false]);
});
