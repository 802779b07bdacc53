const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA2 = 0x4d;
const OP_PUSHDATA4 = 0x4e;

/** One step of a script. */
export interface ScriptStep {
  readonly opcode: number;
  /** What it pushes, when its bytes are in the script. */
  readonly pushed?: Uint8Array;
  /** Where the next one begins. */
  readonly next: number;
}

/** The step at `at`, `undefined` when a push goes past the end. */
export function stepAt(script: Uint8Array, at: number): ScriptStep | undefined {
  const opcode = script[at];
  if (opcode === undefined) return undefined;
  if (opcode > OP_PUSHDATA4) return { opcode, next: at + 1 };
  const start = at + 1 + lengthBytes(opcode);
  if (start > script.length) return undefined;
  const next = start + lengthOf(script.subarray(at + 1, start), opcode);
  return next <= script.length ? { opcode, pushed: script.subarray(start, next), next } : undefined;
}

function lengthBytes(opcode: number): number {
  if (opcode < OP_PUSHDATA1) return 0;
  return opcode === OP_PUSHDATA1 ? 1 : opcode === OP_PUSHDATA2 ? 2 : 4;
}

function lengthOf(bytes: Uint8Array, opcode: number): number {
  return bytes.length === 0 ? opcode : bytes.reduceRight((length, byte) => length * 256 + byte, 0);
}
