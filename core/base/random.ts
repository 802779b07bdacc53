/** Source of randomness, so that tests can be repeated. */
export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
  /** A number in [0, 1). Not for secrets. */
  number(): number;
}

/** The machine's cryptographic randomness (and `Math.random` for jitter). */
export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  number: () => Math.random(),
};

/** Deterministic xorshift32 generator for tests and fuzz runs; print the seed. Never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0 || 0x9e3779b9;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    number: () => next() / 0x1_0000_0000,
  };
}

/** `ms` moved by up to ±`ratio` of itself. */
export function jitter(random: Random, ms: number, ratio: number): number {
  return ms * (1 - ratio + 2 * ratio * random.number());
}
