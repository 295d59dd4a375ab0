/** A small random number generator for tests: mulberry32, T. Ettinger's public-domain function. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to 2³² − 1. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let word = this.#state;
    word = Math.imul(word ^ (word >>> 15), word | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (word ^ (word >>> 14)) >>> 0;
  }

  /** A number from `low` to below `high`. */
  float(low: number, high: number): number {
    return low + ((high - low) * this.word()) / 2 ** 32;
  }

  /** An integer from `low` to `high`. */
  integer(low: number, high: number): number {
    return Math.floor(this.float(low, high + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.float(0, 1) < probability;
  }

  /** One of the values. */
  pick<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)]!;
  }
}
