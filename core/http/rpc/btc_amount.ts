const SATS = 100_000_000n;
/** Writes a number into JSON digit by digit; younger than the types of the library. */
const rawJson: unknown = Reflect.get(JSON, "rawJSON");

/** Satoshis as bitcoin with eight digits behind the point, as Bitcoin Core writes them. */
export function btcText(sats: bigint): string {
  return `${sats / SATS}.${String(sats % SATS).padStart(8, "0")}`;
}

/** The same as a number of JSON, exact whatever its size. `JSON.stringify` alone would write 1e-8 for a satoshi. */
export function btcAmount(sats: bigint): unknown {
  const text = btcText(sats);
  return typeof rawJson === "function" ? rawJson(text) : Number(text);
}
