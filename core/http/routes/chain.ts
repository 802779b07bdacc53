import { CommonsError, fromHex, type HashHex, tryHashHex } from "../../base/mod.ts";
import { type AcceptResult, type ChainTip, type HeaderView, syncStateOf } from "../../chain/mod.ts";
import { type BodyOptions, readJson } from "../body.ts";
import { json } from "../json.ts";
import type { Route } from "../route.ts";
import * as schemas from "../schemas.ts";
import type { HttpChain, HttpComponents } from "../types.ts";

const HEIGHT = /^\d{1,10}$/;

/** `/chain`. */
export function chainRoutes(
  { chain, sources, bitcoin, clock }: Pick<HttpComponents, "chain" | "sources" | "bitcoin" | "clock">,
  body: BodyOptions,
): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/api/v1/chain/sources",
      tag: "chain",
      summary: "How far the chain has come, and what each source says of it.",
      answer: { schema: schemas.chainSources },
      handler: () =>
        json({
          ...syncStateOf(chain, clock.now()),
          ...sources?.sources() ?? { sources: [] },
          ...(bitcoin?.peers && { bitcoinPeers: bitcoin.peers.peers() }),
          ...(bitcoin?.fullNode && { fullNode: bitcoin.fullNode.status() }),
        }),
    },
    {
      method: "GET",
      path: "/api/v1/chain/tip",
      tag: "chain",
      summary: "Last header of the best chain.",
      answer: { schema: schemas.chainTip },
      handler: () => json(tipView(chain.tip())),
    },
    {
      method: "GET",
      path: "/api/v1/chain/tips",
      tag: "chain",
      summary: "The tip, and the last headers of branches that are not the best chain.",
      answer: { schema: schemas.chainTips },
      handler: () => json({ tip: tipView(chain.tip()), stale: chain.staleTips() }),
    },
    {
      method: "GET",
      path: "/api/v1/chain/headers/{id}",
      tag: "chain",
      summary: "A header by hash (any that is known) or height (of the best chain).",
      answer: { schema: schemas.headerView },
      codes: ["HEADER_NOT_FOUND"],
      handler: (c) => json(headerView(findHeader(chain, c.req.param("id") ?? ""))),
    },
    {
      method: "POST",
      path: "/api/v1/chain/headers",
      tag: "chain",
      summary:
        "Judge headers, 80 bytes each, one after the other; what is right is stored before the answer.",
      request: schemas.headersBody,
      answer: { schema: schemas.headersAccepted },
      codes: ["INVALID_HEX", "HEADER_LENGTH", "BATCH_TOO_LARGE", "CHAIN_BUSY"],
      async handler(c) {
        const { headers } = schemas.parseBody(schemas.headersBody, await readJson(c.req.raw, body));
        const bytes = fromHex(headers.toLowerCase(), { title: "the headers" });
        return json(acceptView(await chain.accept(bytes, { lowWork: "store" })));
      },
    },
    {
      method: "POST",
      path: "/api/v1/chain/anchor",
      tag: "chain",
      summary: "Begin the chain at a header that you trust, before any header.",
      request: schemas.anchorBody,
      answer: { schema: schemas.chainTip },
      codes: ["INVALID_HEX", "INVALID_ANCHOR", "CHAIN_NOT_EMPTY"],
      async handler(c) {
        const anchor = schemas.parseBody(schemas.anchorBody, await readJson(c.req.raw, body));
        const header = fromHex(anchor.header.toLowerCase(), { length: 80, title: "the header" });
        const chainwork = BigInt("0x" + anchor.chainwork);
        return json(tipView(await chain.setAnchor({ height: anchor.height, header, chainwork })));
      },
    },
  ];
}

/** @throws {CommonsError} `INVALID_PARAMS`, `HEADER_NOT_FOUND` */
function findHeader(chain: HttpChain, id: string): HeaderView {
  const hash: HashHex | undefined = tryHashHex(id.toLowerCase());
  if (hash === undefined && !HEIGHT.test(id)) {
    throw new CommonsError(
      "INVALID_PARAMS",
      "Cannot find the header: need a hash of 64 hex digits or a height",
    );
  }
  const view = hash === undefined ? chain.headerAt(Number(id)) : chain.header(hash);
  if (view !== undefined) return view;
  throw new CommonsError("HEADER_NOT_FOUND", "Cannot find the header: it is not known");
}

function tipView({ hash, height, chainwork, time, bits }: ChainTip) {
  return { hash, height, chainwork, time, bits: bitsText(bits) };
}

function headerView({ raw, bits, ...view }: HeaderView) {
  return { ...view, bits: bitsText(bits), header: raw.toHex() };
}

function acceptView({ tip, ...result }: AcceptResult) {
  return { ...result, tip: tipView(tip) };
}

/** Compact bits as Bitcoin Core writes them. */
export function bitsText(bits: number): string {
  return bits.toString(16).padStart(8, "0");
}
