import { expect } from "expect";
import { type BitcoinNetwork, FakeClock, parseHeader, serializeHeader } from "../base/mod.ts";
import { BLOCK_1, minedHeader, testIdentity } from "./_fixture.ts";
import { testContext } from "./_message_fixture.ts";
import { blockCodec } from "./block_codec.ts";
import { OwnView } from "./own_view.ts";

const NOW_S = 1_700_000_000;
const DAY_S = 86_400;
const BITS = 0x1703ba5a; // of mainnet's blocks in 2024

/** A header of the given time and work as hex; that it does not carry the work is not looked at here. */
function headerOf(time: number, bits = BITS): string {
  return serializeHeader({ ...parseHeader(Uint8Array.fromHex(BLOCK_1.header)), time, bits }).toHex();
}

function view(header: string | undefined, network: BitcoinNetwork = "mainnet") {
  const tip = { hash: BLOCK_1.hash, height: 800_000, chainwork: "", header };
  return new OwnView(new FakeClock(NOW_S * 1000), { network, tip: () => tip });
}

Deno.test("OwnView.noNews() tells old and easy blocks from news, where the own chain is up to date", async (t) => {
  const fresh = headerOf(NOW_S - 600);
  const easy = 0x1d00ffff;
  const rows: readonly [string, OwnView, { time: number; bits?: number }, string | undefined][] = [
    ["the next block", view(fresh), { time: NOW_S }, undefined],
    ["one of this day", view(fresh), { time: NOW_S - DAY_S }, undefined],
    ["one of the day before", view(fresh), { time: NOW_S - 600 - DAY_S - 1 }, "OLD_BLOCK"],
    ["a thousandth of the work", view(fresh), { time: NOW_S, bits: 0x180e9300 }, undefined],
    ["hardly any work", view(fresh), { time: NOW_S, bits: easy }, "WORK_TOO_LOW"],
    ["hardly any work on testnet", view(fresh, "testnet"), { time: NOW_S, bits: easy }, undefined],
    ["an old one on testnet", view(fresh, "testnet"), { time: 1, bits: easy }, "OLD_BLOCK"],
    ["anything on regtest", view(fresh, "regtest"), { time: 1, bits: easy }, undefined],
    [
      "anything, to a node that is behind",
      view(headerOf(NOW_S - DAY_S - 1)),
      { time: 1, bits: easy },
      undefined,
    ],
    ["anything, to a node that tells no header", view(undefined), { time: 1, bits: easy }, undefined],
    [
      "anything, to a node without a chain",
      new OwnView(new FakeClock(), { network: "mainnet" }),
      { time: 1 },
      undefined,
    ],
  ];
  for (const [name, own, { time, bits = BITS }, code] of rows) {
    await t.step(name, () => {
      expect(own.noNews({ time, bits })?.code).toBe(code);
      expect(own.noNews({ time, bits })?.result ?? "ignore").toBe("ignore");
    });
  }
});

Deno.test("OwnView asks for the tip once a second at most", async () => {
  const clock = new FakeClock(NOW_S * 1000);
  let asked = 0;
  const tip = () => ({ hash: "", height: ++asked, chainwork: "", header: headerOf(NOW_S) });
  const own = new OwnView(clock, { network: "mainnet", tip });
  for (let i = 0; i < 10; i++) own.noNews({ time: NOW_S, bits: BITS });
  expect([own.believable(2 ** 32), asked]).toEqual([10_001, 1]);
  await clock.advance(1_000);
  expect([own.believable(2 ** 32), asked]).toEqual([10_002, 2]);
});

Deno.test("blockCodec.check() passes on what is no news only after the work has been checked", async () => {
  const { peerId } = await testIdentity();
  const no = { result: "ignore", code: "OLD_BLOCK", detail: "" } as const;
  const context = testContext(peerId, { network: "regtest", noNews: () => no });
  const { hash, header } = minedHeader(1);
  const message = { PeerID: peerId, ClientName: "", DataHubURL: "", Hash: hash, Height: 1, Header: header };
  expect(blockCodec.check(message, context)).toBe(no);
  expect(blockCodec.check({ ...message, Hash: "0".repeat(64) }, context)).toMatchObject({
    code: "HASH_MISMATCH",
  });
});
