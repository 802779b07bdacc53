import { stepAt } from "./script_push.ts";

/** Kinds of output scripts by their form, in the words of Bitcoin Core; the form is that of the hex. */
const FORMS: readonly (readonly [type: string, form: RegExp])[] = [
  ["pubkeyhash", /^76a914[0-9a-f]{40}88ac$/],
  ["scripthash", /^a914[0-9a-f]{40}87$/],
  ["witness_v0_keyhash", /^0014[0-9a-f]{40}$/],
  ["witness_v0_scripthash", /^0020[0-9a-f]{64}$/],
  ["witness_v1_taproot", /^5120[0-9a-f]{64}$/],
  ["anchor", /^51024e73$/],
  ["pubkey", /^(?:21(?:02|03)[0-9a-f]{64}|41(?:04|06|07)[0-9a-f]{128})ac$/],
];
/** A version and a push of 2 to 40 bytes (BIP141). */
const MIN_PROGRAM = 4;
const MAX_PROGRAM = 42;
const OP_RETURN = 0x6a;
const OP_16 = 0x60;
const OP_1 = 0x51;
const OP_CHECKMULTISIG = 0xae;
/** Longest script of a known form but for `nulldata` and `multisig`. */
const MAX_FORM = 67;

/** What kind of output a script makes. */
export function scriptType(script: Uint8Array): string {
  if (script[0] === OP_RETURN && isPushOnly(script.subarray(1))) return "nulldata";
  if (script.length <= MAX_FORM) {
    const hex = script.toHex();
    const found = FORMS.find(([, form]) => form.test(hex));
    if (found !== undefined) return found[0];
    if (isWitnessProgram(script)) return "witness_unknown";
  }
  return isMultisig(script) ? "multisig" : "nonstandard";
}

function isWitnessProgram(script: Uint8Array): boolean {
  const [version = 0xff, length] = script;
  const right = script.length >= MIN_PROGRAM && script.length <= MAX_PROGRAM && length === script.length - 2;
  return right && version >= OP_1 && version <= OP_16; // version 0 has the two forms above only
}

function isPushOnly(script: Uint8Array): boolean {
  for (let at = 0; at < script.length;) {
    const step = stepAt(script, at);
    if (step === undefined || step.opcode > OP_16) return false;
    at = step.next;
  }
  return true;
}

/** m of n keys, each with 33 or 65 bytes; more than 16 need another form, which is not standard. */
function isMultisig(script: Uint8Array): boolean {
  const needed = (script[0] ?? 0) - 0x50;
  const keys = (script.at(-2) ?? 0) - 0x50;
  if (script.at(-1) !== OP_CHECKMULTISIG || needed < 1 || keys < needed || keys > 16) return false;
  let at = 1;
  for (let key = 0; key < keys; key++) {
    const length = script[at];
    if (length !== 33 && length !== 65) return false;
    at += 1 + length;
  }
  return at === script.length - 2;
}
