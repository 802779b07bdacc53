/**
 * The difficulty rules of the networks with retargets, written down a second time in the plainest way and compared with
 * those of the chain at every header of crooked chains with forks. The headers have made-up hashes: nobody could mine them.
 */
import { expect } from "expect";
import { type BitcoinNetwork, seededRandom } from "../base/mod.ts";
import { modelBits, type ModelBlock, modelMedian, walkBack } from "../../tests/support/difficulty_model.ts";
import { genesisBase, recordOf } from "./anchor.ts";
import { ChainState } from "./chain_state.ts";
import { cursorAt } from "./cursor_at.ts";
import { genesisOf, LATE } from "./_fixture.ts";
import { type ChainParams, chainParams } from "./params.ts";
import { RECORD_WORDS, WORD } from "./record.ts";

const PERIOD = 2_016;

interface Block extends ModelBlock {
  readonly slot: number;
  readonly parent: Block | undefined;
}

/** A record with a hash that nobody else has and that is below every target. */
function recordAt(serial: number, { time, bits }: { time: number; bits: number }): Uint32Array {
  const record = new Uint32Array(RECORD_WORDS);
  record[0] = serial;
  record[WORD.version] = 4;
  record[WORD.time] = time;
  record[WORD.bits] = bits;
  return record;
}

class Model {
  readonly params: ChainParams;
  readonly state: ChainState;
  readonly blocks: Block[] = [];
  readonly #random;

  constructor(network: BitcoinNetwork, seed: number) {
    this.params = chainParams(network);
    this.#random = seededRandom(seed);
    this.state = new ChainState(this.params, { base: genesisBase(this.params), salt: 3 });
    const record = recordOf(genesisOf(network));
    this.state.begin(record);
    const time = record.words[WORD.time] ?? 0;
    this.blocks.push({
      slot: 0,
      height: 0,
      time,
      bits: record.words[WORD.bits] ?? 0,
      parent: undefined,
    });
  }

  /**
   * Now and then long gaps, now and then backwards as far as the median lets it. The second period is fast, the third
   * slow.
   */
  nextTime(parent: Block): number {
    const dice = this.#random.number();
    const median = modelMedian(parent);
    const height = parent.height + 1;
    const period = Math.floor(height / PERIOD);
    const pace = period === 1 ? 0.3 : period === 2 ? 3 : 1;
    if (dice < 0.1) return median + 1;
    const offset = dice < 0.4 ? 1_150 + Math.floor(this.#random.number() * 100) : Math.floor(dice * 700);
    // A late last header: on testnets it is an easy one, and the next period begins with the easiest target.
    const late = period === 2 && (height + 1) % PERIOD === 0 ? 1_300 : 0;
    const time = Math.max(median + 1, parent.time + Math.max(late, Math.floor(offset * pace)));
    return this.params.bip94 && height % PERIOD === 0 ? Math.max(time, parent.time - 600) : time;
  }

  /** Adds a header as the model wants it; the chain must want the same, and nothing else. */
  extend(parent: Block): Block {
    const { state, params } = this;
    const slot = state.length;
    const time = this.nextTime(parent);
    const bits = modelBits(params, parent, time);
    const kept = state.takeCursor(parent.slot);
    const fresh = cursorAt(state, parent.slot);
    const record = recordAt(slot, { time, bits });
    for (const cursor of [kept, fresh]) {
      cursor.latestTime = LATE;
      expect([parent.height + 1, cursor.fault(record, 0)]).toEqual([parent.height + 1, undefined]);
      for (const wrong of [bits - 1, bits + 1, parent.bits, params.powLimitBits]) {
        if (wrong === bits) continue;
        expect(cursor.fault(recordAt(slot, { time, bits: wrong }), 0)).toBe("BAD_DIFFBITS");
      }
    }
    kept.push(record, 0);
    state.table.segment(slot).words.set(record, state.table.at(slot));
    state.extend(parent.slot, { end: slot + 1, cursor: kept });
    const block = { slot, height: parent.height + 1, time, bits, parent };
    this.blocks.push(block);
    return block;
  }

  get random(): number {
    return this.#random.number();
  }
}

Deno.test("difficulty at every header of crooked chains is what a plain reading of the rules gives", async (t) => {
  const networks = ["mainnet", "testnet", "testnet4", "signet"] as const;
  for (const [seed, network] of networks.entries()) {
    await t.step(network, () => {
      const model = new Model(network, seed + 1);
      let tip = model.blocks[0];
      const bits = new Set<number>();
      while (tip && tip.height < 3 * PERIOD + 50) {
        tip = model.extend(tip);
        bits.add(tip.bits);
        const nearEdge = tip.height % PERIOD > PERIOD - 8;
        if (model.random > (nearEdge ? 0.4 : 0.005)) continue;
        // a branch that leaves the best chain some headers back and may cross a period's end
        let side = walkBack(tip, Math.floor(model.random * 30));
        for (let i = Math.floor(model.random * 25); i > 0; i--) side = model.extend(side);
        if (model.random < 0.5) tip = side; // and the chain may go on from there
      }
      expect(bits.size).toBeGreaterThan(1);
      expect(model.blocks.length).toBeGreaterThan(3 * PERIOD);
    });
  }
});
