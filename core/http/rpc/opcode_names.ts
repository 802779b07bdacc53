/** Names of opcodes from 0x61 on, in their order, as Bitcoin Core writes them. */
const FROM_NOP = [
  "NOP VER IF NOTIF VERIF VERNOTIF ELSE ENDIF VERIFY RETURN", // 0x61
  "TOALTSTACK FROMALTSTACK 2DROP 2DUP 3DUP 2OVER 2ROT 2SWAP IFDUP DEPTH DROP DUP NIP OVER PICK ROLL ROT SWAP TUCK", // 0x6b
  "CAT SUBSTR LEFT RIGHT SIZE INVERT AND OR XOR EQUAL EQUALVERIFY RESERVED1 RESERVED2", // 0x7e
  "1ADD 1SUB 2MUL 2DIV NEGATE ABS NOT 0NOTEQUAL ADD SUB MUL DIV MOD LSHIFT RSHIFT BOOLAND BOOLOR NUMEQUAL", // 0x8b
  "NUMEQUALVERIFY NUMNOTEQUAL LESSTHAN GREATERTHAN LESSTHANOREQUAL GREATERTHANOREQUAL MIN MAX WITHIN", // 0x9d
  "RIPEMD160 SHA1 SHA256 HASH160 HASH256 CODESEPARATOR", // 0xa6
  "CHECKSIG CHECKSIGVERIFY CHECKMULTISIG CHECKMULTISIGVERIFY NOP1 CHECKLOCKTIMEVERIFY CHECKSEQUENCEVERIFY", // 0xac
  "NOP4 NOP5 NOP6 NOP7 NOP8 NOP9 NOP10 CHECKSIGADD", // 0xb3
].join(" ").split(" ");

const OP_1NEGATE = 0x4f;
const OP_RESERVED = 0x50;
const OP_1 = 0x51;
const OP_16 = 0x60;
const OP_NOP = 0x61;
const OP_INVALID = 0xff;

/** Name of an opcode that pushes no bytes of the script: numbers are their value. */
export function opcodeName(opcode: number): string {
  if (opcode === OP_1NEGATE) return "-1";
  if (opcode === OP_RESERVED) return "OP_RESERVED";
  if (opcode >= OP_1 && opcode <= OP_16) return String(opcode - OP_1 + 1);
  if (opcode === OP_INVALID) return "OP_INVALIDOPCODE";
  const name = FROM_NOP[opcode - OP_NOP];
  return name === undefined ? "OP_UNKNOWN" : `OP_${name}`;
}
