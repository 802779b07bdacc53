import { CommonsError, displayDoubleSha256, errorText } from "./base/mod.ts";
import { type Anchor, assertAnchor, type HeaderChain } from "./chain/mod.ts";
import type { Config } from "./config/mod.ts";
import type { Logger } from "./telemetry/mod.ts";

/**
 * The anchor that the configuration names, if it names one.
 * @throws {CommonsError} `INVALID_ANCHOR` naming the key
 */
export function configuredAnchor({ chain, node }: Pick<Config, "chain" | "node">): Anchor | undefined {
  const { height, header, chainwork } = chain.anchor;
  if (header === "") return undefined;
  const anchor = { height, header: Uint8Array.fromHex(header), chainwork: BigInt("0x" + chainwork) };
  try {
    assertAnchor(anchor, node.network);
  } catch (cause) {
    const state = errorText(cause).replace(/^.*?: /, "");
    throw new CommonsError("INVALID_ANCHOR", `Cannot use chain.anchor of the configuration: ${state}`, {
      cause,
    });
  }
  return anchor;
}

/** A stored chain goes on where it began, whatever the configuration says; that is worth a line. */
export function warnOfUnusedAnchor(
  anchor: Anchor | undefined,
  { chain, logger }: { readonly chain: Pick<HeaderChain, "base">; readonly logger: Logger },
): void {
  const { height, hash } = chain.base();
  if (anchor === undefined || displayDoubleSha256(anchor.header) === hash) return;
  logger.warn("chain.anchor is not used: the stored chain begins elsewhere", {
    anchor: anchor.height,
    height,
  });
}
