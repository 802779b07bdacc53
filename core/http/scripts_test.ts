import { expect } from "expect";
import { scriptAddress } from "./rpc/script_address.ts";
import { scriptAsm } from "./rpc/script_asm.ts";
import { scriptType } from "./rpc/script_type.ts";

Deno.test("scriptType() knows the forms of outputs", async (t) => {
  const key = `02${"11".repeat(32)}`;
  const rows: [type: string, hex: string][] = [
    ["pubkeyhash", `76a914${"11".repeat(20)}88ac`],
    ["scripthash", `a914${"11".repeat(20)}87`],
    ["witness_v0_keyhash", `0014${"11".repeat(20)}`],
    ["witness_v0_scripthash", `0020${"11".repeat(32)}`],
    ["witness_v1_taproot", `5120${"11".repeat(32)}`],
    ["anchor", "51024e73"],
    ["witness_unknown", "51020000"],
    ["witness_unknown", `6028${"11".repeat(40)}`],
    ["nonstandard", `6029${"11".repeat(41)}`],
    ["nonstandard", `0015${"11".repeat(21)}`],
    ["pubkey", `21${key}ac`],
    ["pubkey", `4104${"11".repeat(64)}ac`],
    ["nonstandard", `2105${"11".repeat(32)}ac`],
    ["nulldata", "6a"],
    ["nulldata", "6a0411223344"],
    ["nulldata", `6a4c02${"11".repeat(2)}`],
    ["nulldata", "6a4d010011"],
    ["nulldata", "6a4e0100000011"],
    ["nulldata", "6a0060"],
    ["nonstandard", "6a0511223344"],
    ["nonstandard", "6a4d01"],
    ["nonstandard", "6a61"],
    ["multisig", `5121${key}21${key}52ae`],
    ["nonstandard", `5321${key}21${key}52ae`],
    ["nonstandard", `5121${key}52ae`],
    ["nonstandard", ""],
    ["nonstandard", "51"],
  ];
  for (const [type, hex] of rows) {
    await t.step(`${type} ${hex.slice(0, 12)}`, () => expect(scriptType(Uint8Array.fromHex(hex))).toBe(type));
  }
});

Deno.test("scriptAddress() writes addresses of every network", async (t) => {
  const rows: [network: Parameters<typeof scriptAddress>[1]["network"], hex: string, address?: string][] = [
    ["mainnet", "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"],
    ["testnet", "76a91453c0307d6851aa0ce7825ba883c6bd9ad242b48688ac", "mo9ncXisMeAoXwqcV5EWuyncbmCcQN4rVs"],
    ["mainnet", "a9148f55563b9a19f321c211e9b9f38cdf686ea0784587", "3EktnHQD7RiAE6uzMj2ZifT9YgRrkSgzQX"],
    ["mainnet", "0014751e76e8199196d454941c45d1b3a323f1433bd6", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"],
    ["signet", "0014751e76e8199196d454941c45d1b3a323f1433bd6", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"],
    [
      "testnet4",
      "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
      "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
    ],
    [
      "mainnet",
      "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
      "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ],
    ["mainnet", "6002751e", "bc1sw50qgdz25j"],
    ["mainnet", "5210751e76e8199196d454941c45d1b3a323", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs"],
    ["mainnet", "51024e73", "bc1pfeessrawgf"],
    ["mainnet", "6a"],
    ["mainnet", `2102${"11".repeat(32)}ac`],
  ];
  for (const [network, hex, address] of rows) {
    await t.step(`${network} ${address}`, () => {
      const script = Uint8Array.fromHex(hex);
      expect(scriptAddress(script, { type: scriptType(script), network })).toBe(address);
    });
  }
});

/** DER of two numbers, and a byte for the type. */
const SIGNATURE = `3044${`0220${"11".repeat(32)}`.repeat(2)}`;

Deno.test("scriptAsm() writes scripts as Bitcoin Core does", async (t) => {
  const rows: [hex: string, asm: string, signatures?: boolean][] = [
    ["", ""],
    ["00", "0"],
    ["04ffff001d0104", "486604799 4"], // of Bitcoin's first coinbase
    ["0181", "-1"],
    ["0180", "0"],
    ["02ff80", "-255"],
    ["04ffffffff", "-2147483647"],
    ["04ffffff7f", "2147483647"],
    ["050102030405", "0102030405"],
    ["4c0105", "5"],
    ["4d0100054e0100000006", "5 6"],
    [`76a914${"11".repeat(20)}88ac`, `OP_DUP OP_HASH160 ${"11".repeat(20)} OP_EQUALVERIFY OP_CHECKSIG`],
    ["4f505160", "-1 OP_RESERVED 1 16"],
    [
      "616263 6a 6b 75 7e 8a 8b 9c 9d a5 a6 ab ac af b0 b1 b2 b3 b9 ba bb fe ff".replaceAll(" ", ""),
      [
        "OP_NOP OP_VER OP_IF OP_RETURN OP_TOALTSTACK OP_DROP OP_CAT OP_RESERVED2 OP_1ADD OP_NUMEQUAL",
        "OP_NUMEQUALVERIFY OP_WITHIN OP_RIPEMD160 OP_CODESEPARATOR OP_CHECKSIG OP_CHECKMULTISIGVERIFY OP_NOP1",
        "OP_CHECKLOCKTIMEVERIFY OP_CHECKSEQUENCEVERIFY OP_NOP4 OP_NOP10 OP_CHECKSIGADD OP_UNKNOWN OP_UNKNOWN",
        "OP_INVALIDOPCODE",
      ].join(" "),
    ],
    ["5102ff", "1 [error]"],
    ["4d01", "[error]"],
    [`47${SIGNATURE}01`, `${SIGNATURE}01`],
    [`47${SIGNATURE}01`, `${SIGNATURE}[ALL]`, true],
    [`47${SIGNATURE}83`, `${SIGNATURE}[SINGLE|ANYONECANPAY]`, true],
    [`47${SIGNATURE}04`, `${SIGNATURE}04`, true],
    [`47${SIGNATURE.replace("0220", "0320")}01`, `${SIGNATURE.replace("0220", "0320")}01`, true],
    [`47${SIGNATURE.replace("022011", "022081")}01`, `${SIGNATURE.replace("022011", "022081")}01`, true],
    [`47${SIGNATURE.replace("022011", "022000")}01`, `${SIGNATURE.replace("022011", "022000")}01`, true],
  ];
  for (const [hex, asm, signatures = false] of rows) {
    await t.step(hex.slice(0, 40) || "nothing", () => {
      expect(scriptAsm(Uint8Array.fromHex(hex), { signatures })).toBe(asm);
    });
  }
});
