import type { HeaderChain } from "./chain/mod.ts";

/** The best block as the P2P service tells others. */
export function ownTip(chain: Pick<HeaderChain, "tip" | "headerAt">) {
  const { hash, height, chainwork } = chain.tip();
  return { hash, height, chainwork, header: chain.headerAt(height)?.raw.toHex() };
}
