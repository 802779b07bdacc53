import { expect } from "expect";
import type { HeadersOutcome } from "./chain/mod.ts";
import { judgePeers } from "./judge_peers.ts";

const PEER = "12D3KooWT36joetmRTzvADE8LDDinPTusvfisA6Ek7ZBoUUwpbQi";

Deno.test("judgePeers() tells reputation and bans what a peer has shown", async (t) => {
  const cases: [outcome: HeadersOutcome, told: string[]][] = [
    ["caught_up", ["succeeded after 20 ms", "proves"]],
    ["nothing", ["proves"]],
    ["low_work", []],
    ["broken", ["failed", "score protocol_violation trusted"]],
    ["silent", ["failed"]],
    ["unsupported", []],
    ["failed", []],
  ];
  for (const [outcome, expected] of cases) {
    await t.step(outcome, () => {
      const told: string[] = [];
      const judge = judgePeers({
        bans: {
          addScore: (_peer, offence, context) => {
            told.push(`score ${offence}${context?.trusted === true ? " trusted" : ""}`);
            return {} as never;
          },
        },
        registry: () => ({
          succeeded: (_peer, { responseMs }) => void told.push(`succeeded after ${responseMs} ms`),
          failed: () => void told.push("failed"),
          proves: () => void told.push("proves"),
          contextOf: () => ({ trusted: true }),
        }),
      });
      judge({ peerId: PEER, outcome, answerMs: 20 });
      judge({ peerId: "nobody", outcome, answerMs: 20 });
      expect(told).toEqual(expected);
    });
  }
});
