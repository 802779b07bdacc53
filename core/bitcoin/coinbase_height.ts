/** Bytes that the script of the coinbase at `height` begins with (BIP 34): the height as a script number, pushed. */
export function heightScript(height: number): Uint8Array<ArrayBuffer> {
  if (height === 0) return Uint8Array.of(0x00);
  if (height <= 16) return Uint8Array.of(0x50 + height); // OP_1 to OP_16
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  if ((bytes.at(-1) ?? 0) >= 0x80) bytes.push(0); // the highest bit is the sign
  return Uint8Array.of(bytes.length, ...bytes);
}

/** True when a coinbase's script begins with that height. */
export function startsWithHeight(script: Uint8Array, height: number): boolean {
  return heightScript(height).every((byte, i) => script[i] === byte);
}
