const LENGTH = 624;
const SHIFT = 397;

/**
 * MT19937, the 32-bit Mersenne Twister of M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally
 * equidistributed uniform pseudo-random number generator", ACM TOMACS 8 (1998) 3–30. It is seeded as by the authors'
 * `init_genrand` of 2002. NumPy's `RandomState.seed(integer)` and PyTorch's `manual_seed` do the same.
 */
export class MersenneTwister {
  readonly #state: Uint32Array;
  /** The output words of the current state, all computed at once. */
  readonly #words = new Uint32Array(LENGTH);
  #position = LENGTH;

  /** `seed` is taken modulo 2³². */
  constructor(seed: number) {
    this.#state = seededState(seed);
  }

  /** The next 32 bits, an integer from 0 to 2³² − 1. */
  nextUint32(): number {
    if (this.#position === LENGTH) this.#refill();
    return this.#words[this.#position++]!;
  }

  /** The words that `nextUint32` will return next, as far as they are computed. At least one. */
  peek(): Uint32Array {
    if (this.#position === LENGTH) this.#refill();
    return this.#words.subarray(this.#position);
  }

  /** Skips the first `count` of the words that `peek` returned. */
  skip(count: number): void {
    this.#position += count;
  }

  #refill(): void {
    twist(this.#state);
    temper(this.#words, this.#state);
    this.#position = 0;
  }
}

function seededState(seed: number): Uint32Array {
  const state = new Uint32Array(LENGTH);
  let word = seed >>> 0;
  state[0] = word;
  for (let i = 1; i < LENGTH; i++) {
    word = (Math.imul(1812433253, word ^ (word >>> 30)) + i) >>> 0;
    state[i] = word;
  }
  return state;
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < LENGTH - SHIFT; i++) twistWord(state, i, i + 1, i + SHIFT);
  for (let i = LENGTH - SHIFT; i < LENGTH - 1; i++) twistWord(state, i, i + 1, i + SHIFT - LENGTH);
  twistWord(state, LENGTH - 1, 0, SHIFT - 1);
}

function twistWord(state: Uint32Array, i: number, next: number, shifted: number): void {
  const joined = (state[i]! & 0x80000000) | (state[next]! & 0x7fffffff);
  state[i] = state[shifted]! ^ (joined >>> 1) ^ (-(joined & 1) & 0x9908b0df);
}

function temper(words: Uint32Array, state: Uint32Array): void {
  for (let i = 0; i < LENGTH; i++) {
    let bits = state[i]!;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    words[i] = bits ^ (bits >>> 18);
  }
}
