import { displayDoubleSha256 } from "../../core/base/mod.ts";

/** A block header as a block announcement has it. */
export interface AnnouncedHeader {
  readonly Hash: string;
  readonly Height: number;
  /** 80 bytes in wire order as hex. */
  readonly Header: string;
}

/** Mainnet block 0, a fact that everyone can look up. */
export const BLOCK_0: AnnouncedHeader = {
  Hash: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
  Height: 0,
  Header: "01000000" + "00".repeat(32) +
    "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c",
};

/** Mainnet block 1. */
export const BLOCK_1: AnnouncedHeader = {
  Hash: "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048",
  Height: 1,
  Header:
    "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3" +
    "c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299",
};

const FILE = new URL("../../../shared/vectors/bitcoin/headers-mainnet-822528-826560.bin", import.meta.url);
const FIRST_HEIGHT = 822_528;

/** Real mainnet headers of early 2024; `undefined` where the file is not there. */
export async function mainnetHeaders(count: number): Promise<readonly AnnouncedHeader[] | undefined> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await Deno.readFile(FILE);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return Array.from({ length: count }, (_, index) => {
    const header = bytes.slice(index * 80, index * 80 + 80);
    return {
      Hash: displayDoubleSha256(header),
      Height: FIRST_HEIGHT + index,
      Header: header.toHex(),
    };
  });
}

/** The same announcement with one bit of the header flipped. */
export function flippedBit(block: AnnouncedHeader): AnnouncedHeader {
  const bytes = Uint8Array.fromHex(block.Header);
  bytes[70] = (bytes[70] ?? 0) ^ 1;
  return { ...block, Header: bytes.toHex() };
}
