import { chainParams } from "../../core/chain/mod.ts";
import { displayDoubleSha256 } from "../../core/base/mod.ts";
import { mineHeaders, tipOf } from "./mining.ts";
import { type OwnedProcess, spawnDeno } from "./process.ts";
import { tempDir } from "./temp_dir.ts";

const PROGRAM = new URL("./programs/header_server.ts", import.meta.url);

/** A peer of Bitcoin's network in a process of its own, with a chain of regtest that was mined for it. */
export interface HeaderServer extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
  /** Height of its tip. */
  readonly height: number;
  readonly process: OwnedProcess;
  hashAt(height: number): string;
  /** Height of the first header and number of headers of each answer so far. */
  served(): readonly { readonly from: number; readonly count: number }[];
}

/** Mines a chain (of its own for each `tag`) up to a minute ago and serves it; each answer takes `delayMs`. */
export async function startHeaderServer(
  options: { readonly headers: number; readonly delayMs?: number; readonly tag?: number },
): Promise<HeaderServer> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const path = dir.file("headers.bin");
  const genesis = Uint8Array.fromHex(chainParams("regtest").genesis);
  const root = tipOf(genesis);
  const spacing = Math.floor((Date.now() / 1000 - root.time - 60) / options.headers);
  const { headers } = mineHeaders(root, options.headers, { spacing, tag: options.tag ?? 0 });
  await Deno.writeFile(path, headers);
  const process = stack.use(spawnDeno(PROGRAM, { args: [path, String(options.delayMs ?? 0)] }));
  const line = await process.stdout.waitFor("listening", { ms: 60_000 });
  const owned = stack.move();
  return {
    address: `127.0.0.1:${line.split(" ")[1]}`,
    height: options.headers,
    process,
    hashAt: (height) =>
      displayDoubleSha256(height === 0 ? genesis : headers.subarray((height - 1) * 80, height * 80)),
    served: () =>
      process.stdout.lines.filter((line) => line.startsWith("served")).map((line) => {
        const [, from = "", count = ""] = line.split(" ");
        return { from: Number(from), count: Number(count) };
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
