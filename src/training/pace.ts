/** How long one call of the core should take: less than a slice (SLICE_MILLISECONDS). */
const PIECE_MILLISECONDS = 5;

/** The maximum number of units of work in one call: the core counts them in 32 bits. */
const MAX_UNITS = 2 ** 31 - 1;

/** Finds out how much work one call of the core can do in about PIECE_MILLISECONDS. */
export class Pace {
  #units = 1;

  /** Units of work for the next call. */
  get units(): number {
    return this.#units;
  }

  /** Records that `done` units took `milliseconds`. `units` grows to at most four times `done`. */
  adjust(done: number, milliseconds: number): void {
    const growth = Math.min(4, PIECE_MILLISECONDS / milliseconds);
    this.#units = Math.max(1, Math.min(MAX_UNITS, Math.floor(done * growth)));
  }
}
