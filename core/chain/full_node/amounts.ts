import { sourceFault } from "./rpc_errors.ts";

/** No amount can be larger: 21 million bitcoin. */
const MAX_BTC = 21_000_000;

/**
 * Satoshis of an amount in bitcoin, exactly. Numbers up to 21 million are so close together (less than half a satoshi
 * apart) that each amount of whole satoshis is another number, and `toFixed` computes the nearest decimal without
 * rounding on the way. What has more than eight digits behind the point is refused.
 * @throws {CommonsError} `SOURCE_FAULT`
 */
export function satsOf(value: unknown, title: string): bigint {
  if (typeof value !== "number" || !(value >= 0 && value <= MAX_BTC)) {
    throw sourceFault(`${title} is not an amount`);
  }
  const text = value.toFixed(8);
  if (Number(text) !== value) throw sourceFault(`${title} is not a whole number of satoshis`);
  return BigInt(text.replace(".", ""));
}

/**
 * sat/vB of a rate in BTC/kvB, `undefined` for what is no rate (nodes answer -1 or 0 when they cannot say).
 * A rate is an estimate: the nearest double will do.
 */
export function satPerVbyte(btcPerKvb: unknown): number | undefined {
  if (typeof btcPerKvb !== "number" || !(btcPerKvb > 0 && btcPerKvb <= MAX_BTC)) return undefined;
  return Math.round(btcPerKvb * 1e8) / 1e3;
}
