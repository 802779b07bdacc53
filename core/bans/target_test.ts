import { expect } from "expect";
import { isCommonsError } from "../base/mod.ts";
import { parseBanTarget, tryBanTarget } from "./target.ts";

const PEER = "12D3KooWGRUfRnL3gDFTt5mVrBUiZGgRkcYXNSgFzB8yKGRPNMRJ";
/** One peer in three forms. */
const CID_PEER = "12D3KooWDeZWBnc8pSmAffQgjoBpp7c2E4qRv6zHvhTeUWRxvN4R";
const CIDS = [
  "bafzaajaiaejcaohlygrcprbexz5zrosvxprhokbl25sivr4us3josmzz2xilcvrs",
  "k51qzi5uqu5dhlnubci1psugo6vfbdoc5zi4yb1cqx1eybhmu54bjbpvl056wi",
] as const;

Deno.test("parseBanTarget() canonical form", async (t) => {
  const rows: [text: string, kind: string, canonical: string][] = [
    ["203.0.113.7", "ip", "203.0.113.7"],
    ["203.0.113.7:9905", "ip", "203.0.113.7"],
    ["203.0.113.7/32", "ip", "203.0.113.7"],
    ["203.0.113.7/24", "cidr", "203.0.113.0/24"],
    ["203.0.113.7/255.255.255.0", "cidr", "203.0.113.0/24"],
    ["203.0.113.7/255.255.255.255", "ip", "203.0.113.7"],
    ["203.0.113.7/0.0.0.0", "cidr", "0.0.0.0/0"],
    ["203.0.113.200/25", "cidr", "203.0.113.128/25"],
    ["255.255.255.255/1", "cidr", "128.0.0.0/1"],
    ["1.2.3.4/0", "cidr", "0.0.0.0/0"],
    ["2001:db8::1", "ip", "2001:db8::1"],
    ["2001:DB8:0:0:0:0:0:1", "ip", "2001:db8::1"],
    ["[2001:db8::1]", "ip", "2001:db8::1"],
    ["[2001:db8::1]:9905", "ip", "2001:db8::1"],
    ["::1:9905", "ip", "::1:9905"],
    ["::", "ip", "::"],
    ["2001:db8::1/128", "ip", "2001:db8::1"],
    ["2001:db8:ffff::1/33", "cidr", "2001:db8:8000::/33"],
    ["2001:db8::ffff/112", "cidr", "2001:db8::/112"],
    ["::/0", "cidr", "::/0"],
    ["::ffff:203.0.113.7", "ip", "203.0.113.7"],
    ["::FFFF:cb00:7107", "ip", "203.0.113.7"],
    ["[::ffff:203.0.113.7]:80", "ip", "203.0.113.7"],
    ["::ffff:203.0.113.7/120", "cidr", "203.0.113.0/24"],
    ["::ffff:203.0.113.7/64", "cidr", "::/64"],
    ["64:ff9b::203.0.113.7", "ip", "64:ff9b::cb00:7107"],
    [PEER, "peer", PEER],
    [
      "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
      "peer",
      "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
    ],
  ];
  for (const cid of CIDS) {
    rows.push([cid, "peer", CID_PEER]);
    rows.push([cid.toUpperCase(), "peer", CID_PEER]);
  }
  for (const [text, kind, canonical] of rows) {
    await t.step(text, () => {
      const target = parseBanTarget(text);
      expect([target.kind, target.text]).toEqual([kind, canonical]);
      expect(parseBanTarget(target.text).text).toBe(canonical);
    });
  }
});

Deno.test("parseBanTarget() refuses", async (t) => {
  const rows = [
    "",
    " ",
    "localhost",
    "example.org",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "0x1.2.3.4",
    "16909060",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4:",
    "1.2.3.4:65536",
    "1.2.3.4:x",
    "1.2.3.4/33",
    "1.2.3.4/-1",
    "1.2.3.4/",
    "1.2.3.4/024",
    "1.2.3.4/8/8",
    "1.2.3.4:80/8",
    "1.2.3.4/255.0.255.0",
    "1.2.3.4/0.0.0.255",
    "[1.2.3.4]",
    "[::1",
    "::1]",
    "[::1]:65536",
    "[::1]/64",
    "::1/129",
    "::1/255.0.0.0",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "::g",
    "::ffff:010.0.0.1",
    "fe80::1%eth0",
    "/ip4/1.2.3.4/tcp/1",
    "12D3KooW",
    "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", // a CID of something else
    `${CIDS[0]}a`,
    CIDS[0].slice(0, -2),
    CIDS[0].replace("b", "B"),
    `${CIDS[1]}0`,
    `${PEER}0`,
    "1".repeat(200),
    "1.2.3.4\n",
    "１.2.3.4",
  ];
  for (const text of rows) {
    await t.step(JSON.stringify(text).slice(0, 60), () => {
      expect(tryBanTarget(text)).toBe(undefined);
      try {
        parseBanTarget(text);
        throw new Error("taken");
      } catch (error) {
        expect(isCommonsError(error, "INVALID_BAN_TARGET")).toBe(true);
      }
    });
  }
  for (const value of [undefined, null, 1, {}, ["1.2.3.4"]]) expect(tryBanTarget(value)).toBe(undefined);
});
