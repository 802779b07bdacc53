import { expect } from "expect";
import { type BitcoinNetwork, displayDoubleSha256, displayHash, parseHeader } from "../base/mod.ts";
import { chainParams } from "./params.ts";

const GENESIS: readonly [network: BitcoinNetwork, hash: string, merkleRoot: string][] = [
  [
    "mainnet",
    "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
  ],
  [
    "testnet",
    "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
    "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
  ],
  [
    "testnet4",
    "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
    "7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e",
  ],
  [
    "signet",
    "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
    "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
  ],
  [
    "regtest",
    "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
    "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
  ],
];

Deno.test("chainParams() has the genesis header that everybody knows", async (t) => {
  for (const [network, hash, merkleRoot] of GENESIS) {
    await t.step(network, () => {
      const params = chainParams(network);
      const header = Uint8Array.fromHex(params.genesis);
      expect(displayDoubleSha256(header)).toBe(hash);
      expect(displayHash(parseHeader(header).merkleRoot)).toBe(merkleRoot);
      expect(params.network).toBe(network);
    });
  }
});
