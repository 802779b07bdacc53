import { expect } from "expect";
import type { PeerIdText } from "../base/mod.ts";
import { dialFailure, type FailedDials, skipReason } from "./discovery_skip.ts";

const id = (name: string) => name as PeerIdText; // only compared
const GOOD = ["/ip4/8.8.4.4/tcp/1"];

function ask(
  candidate: { readonly name?: string; readonly addresses?: readonly string[] } = {},
  state: {
    readonly connected?: boolean;
    readonly dialing?: boolean;
    readonly banned?: boolean;
    readonly failed?: FailedDials;
  } = {},
) {
  return skipReason({ peerId: id(candidate.name ?? "other"), addresses: candidate.addresses ?? GOOD }, {
    self: id("self"),
    now: 1000,
    isConnected: () => state.connected ?? false,
    isDialing: () => state.dialing ?? false,
    isBanned: () => state.banned ?? false,
    failedDials: () => state.failed,
  });
}

Deno.test("skipReason() says why a candidate is left alone", async (t) => {
  const failed = (kind: FailedDials["kind"], notBefore: number): FailedDials => ({
    kind,
    notBefore,
    count: 1,
    addresses: GOOD,
  });
  const loopback = ["/ip4/127.0.0.1/tcp/1"];
  const rows: readonly (readonly [string, Parameters<typeof ask>, ReturnType<typeof ask>])[] = [
    ["a new peer", [], undefined],
    ["the node itself", [{ name: "self" }], "self"],
    ["a connected one", [{}, { connected: true }], "connected"],
    ["one being dialled", [{}, { dialing: true }], "dialing"],
    ["one without addresses", [{ addresses: [] }], "no_addresses"],
    ["a banned one", [{}, { banned: true }], "banned"],
    ["one that failed a moment ago", [{}, { failed: failed("other", 1001) }], "backing_off"],
    ["one whose time is over", [{}, { failed: failed("other", 1000) }], undefined],
    ["one that refused, in time", [{}, { failed: failed("refused", 0) }], undefined],
    [
      "somebody else's address, any time",
      [{}, { failed: failed("identity_mismatch", 0) }],
      "identity_mismatch",
    ],
    [
      "no good address, still only loopback",
      [{ addresses: loopback }, { failed: failed("no_good_addresses", 0) }],
      "no_good_addresses",
    ],
    [
      "no good address, another one since",
      [{ addresses: [...loopback, ...GOOD] }, { failed: failed("no_good_addresses", 0) }],
      undefined,
    ],
    [
      "no good address, one but not loopback",
      [{ addresses: GOOD }, { failed: failed("no_good_addresses", 0) }],
      undefined,
    ],
    [
      "no good address, in its back-off",
      [{ addresses: GOOD }, { failed: failed("no_good_addresses", 2000) }],
      "backing_off",
    ],
    ["loopback that never failed", [{ addresses: loopback }], undefined],
  ];
  for (const [name, parameters, expected] of rows) {
    await t.step(name, () => expect(ask(...parameters)).toBe(expected));
  }
});

Deno.test("dialFailure() reads libp2p's errors", async (t) => {
  const named = (name: string, message = "x") => Object.assign(new Error(message), { name });
  const rows: readonly (readonly [string, unknown, string])[] = [
    ["no addresses by name", named("NoValidAddressesError"), "no_good_addresses"],
    ["no addresses by text", new Error("The dial request has no valid addresses"), "no_good_addresses"],
    ["somebody else", named("UnexpectedPeerError"), "identity_mismatch"],
    ["somebody else by text", new Error("peer id mismatch: wanted a, got b"), "identity_mismatch"],
    ["denied", named("DialDeniedError"), "refused"],
    ["time", named("TimeoutError"), "other"],
    ["not an error", "text", "other"],
    ["nothing", undefined, "other"],
    ["inherited names are none", named("constructor"), "other"],
    ["a cause", new Error("Cannot reach", { cause: named("UnexpectedPeerError") }), "identity_mismatch"],
    ["all the same", new AggregateError([named("DialDeniedError"), named("DialDeniedError")]), "refused"],
    ["different ones", new AggregateError([named("DialDeniedError"), named("TimeoutError")]), "other"],
    ["none", new AggregateError([]), "other"],
  ];
  for (const [name, error, kind] of rows) {
    await t.step(name, () => expect(dialFailure(error)).toBe(kind));
  }
  await t.step("a cycle of causes ends", () => {
    const error = new Error("round");
    error.cause = error;
    expect(dialFailure(error)).toBe("other");
  });
});
