import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { CommonsError, errorText, type Random, toHex } from "../base/mod.ts";
import { SECP256K1_ORDER, type SignatureScheme } from "./signatures.ts";

/** A maintainer's key. The private half stays inside: it is in no message, and JSON of this has only the public one. */
export interface SigningKey {
  readonly scheme: SignatureScheme;
  /** 64 hex digits (Ed25519) or 66 (compressed secp256k1). */
  readonly publicKey: string;
  /** 128 hex digits, as `verifySignature` takes them. */
  sign(message: Uint8Array): string;
}

/** DER in front of 32 raw private bytes in PKCS #8 (RFC 8410, section 7; RFC 5915 inside of RFC 5958). */
const PKCS8_PREFIX: Readonly<Record<SignatureScheme, string>> = {
  ed25519: "302e020100300506032b657004220420",
  secp256k1: "303e020100301006072a8648ce3d020106052b8104000a042730250201010420",
};

const FORMAT = /^(ed25519|secp256k1):([0-9a-f]{64})$/;
/** Far above any key file; a bigger one is not read. */
const MAX_BYTES = 1024;

/**
 * Makes a key and writes it to a new file that only its owner can read: one line, `ed25519:` or `secp256k1:` and the
 * private key as 64 hex digits. Needs `--allow-write` of the file.
 * @throws {CommonsError} `FILE_EXISTS`, `KEY_NOT_CREATED`
 */
export async function createKeyFile(
  file: string,
  options: { readonly scheme: SignatureScheme; readonly random: Random },
): Promise<SigningKey> {
  const secret = randomSecret(options);
  const key = signingKey(options.scheme, secret);
  try {
    await Deno.writeTextFile(file, `${options.scheme}:${toHex(secret)}\n`, { createNew: true, mode: 0o600 });
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) {
      throw new CommonsError("FILE_EXISTS", `Cannot write the key file ${file}: it is there already`);
    }
    throw new CommonsError("KEY_NOT_CREATED", `Cannot write the key file ${file}: ${errorText(cause)}`);
  }
  return key;
}

/**
 * Reads a key file. Needs `--allow-read` of it.
 * @throws {CommonsError} `KEY_UNREADABLE`, `KEY_PERMISSIONS` (others can open it), `KEY_DAMAGED`; none says what is in it
 */
export async function readKeyFile(file: string): Promise<SigningKey> {
  const text = (await readSmall(file)).replace(/\r?\n$/, "");
  const [, scheme, hex = ""] = FORMAT.exec(text) ?? [];
  if (scheme !== "ed25519" && scheme !== "secp256k1") {
    throw new CommonsError(
      "KEY_DAMAGED",
      `Cannot use the key file ${file}: it is none that "module keygen" made`,
    );
  }
  const secret = Uint8Array.fromHex(hex);
  if (!isSecret(scheme, secret)) {
    throw new CommonsError("KEY_DAMAGED", `Cannot use the key file ${file}: its number is no private key`);
  }
  return signingKey(scheme, secret);
}

/** The key of 32 raw private bytes, which {@linkcode isSecret} has looked at. */
export function signingKey(scheme: SignatureScheme, secret: Uint8Array): SigningKey {
  const der = Buffer.concat([Buffer.from(PKCS8_PREFIX[scheme], "hex"), secret]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = scheme === "ed25519" ? toHex(spki.subarray(-32)) : compressed(spki.subarray(-65));
  const signer = scheme === "ed25519" ? signEd25519 : signSecp256k1;
  return { scheme, publicKey, sign: (message) => signer(privateKey, message) };
}

function signEd25519(key: KeyObject, message: Uint8Array): string {
  return toHex(sign(null, message, key));
}

/** Of the two signatures that a signer can choose from, the one with `s` in the lower half. */
function signSecp256k1(key: KeyObject, message: Uint8Array): string {
  const raw = toHex(sign("sha256", message, { key, dsaEncoding: "ieee-p1363" }));
  const s = BigInt(`0x${raw.slice(64)}`);
  const low = s > SECP256K1_ORDER / 2n ? SECP256K1_ORDER - s : s;
  return raw.slice(0, 64) + low.toString(16).padStart(64, "0");
}

/** `04 ‖ x ‖ y` as `02` or `03`, after the parity of `y`, and `x` (SEC 1, section 2.3.3). */
function compressed(point: Uint8Array): string {
  const odd = (point[64] ?? 0) & 1;
  return (odd === 1 ? "03" : "02") + toHex(point.subarray(1, 33));
}

function randomSecret({ scheme, random }: { readonly scheme: SignatureScheme; readonly random: Random }) {
  for (;;) {
    const secret = random.bytes(32);
    if (isSecret(scheme, secret)) return secret; // all but one in 2^127 are
  }
}

/** Any 32 bytes are an Ed25519 seed; a secp256k1 key is a number from 1 to the order, exclusive. */
function isSecret(scheme: SignatureScheme, secret: Uint8Array): boolean {
  if (scheme === "ed25519") return secret.length === 32;
  const number = BigInt(`0x${toHex(secret)}`);
  return number > 0n && number < SECP256K1_ORDER;
}

async function readSmall(path: string): Promise<string> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound ? "there is none" : errorText(cause);
    throw new CommonsError("KEY_UNREADABLE", `Cannot read the key file ${path}: ${why}`);
  }
  using opened = file;
  const info = await opened.stat();
  if (!info.isFile) {
    throw new CommonsError("KEY_UNREADABLE", `Cannot read the key file ${path}: it is no file`);
  }
  if (Deno.build.os !== "windows" && info.mode !== null && (info.mode & 0o077) !== 0) {
    throw new CommonsError(
      "KEY_PERMISSIONS",
      `Cannot use the key file ${path}: others can open it; run "chmod 600 ${path}", and make a new key if somebody may have read it`,
    );
  }
  const buffer = new Uint8Array(MAX_BYTES);
  const length = await opened.read(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, length));
}
