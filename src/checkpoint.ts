import type { FloatArray, Model, Run } from "./engine/engine.js";

/** Where a run stood between two steps, from which it can be trained again: the same steps give the same bits. */
export class Checkpoint {
  readonly time = performance.now();
  /** How many microbatches the run has done since. */
  microbatches = 0;
  readonly #model: Model;
  readonly #run: Run;
  readonly #parameters: FloatArray;
  readonly #epoch: number;
  readonly #row: number;

  constructor(model: Model, run: Run) {
    this.#model = model;
    this.#run = run;
    this.#parameters = model.parameters().slice();
    this.#epoch = run.epoch;
    this.#row = run.row;
  }

  /** Puts back the last parameters that were all finite; `advance` goes on with the run and returns how far. */
  restoreLastFinite(advance: (microbatches: number) => number): void {
    let finite = 0;
    let infinite = this.microbatches;
    while (infinite - finite > 1) {
      const middle = Math.floor((finite + infinite) / 2);
      this.#replay(middle, advance);
      if (this.#model.isFinite()) finite = middle;
      else infinite = middle;
    }
    this.#replay(finite, advance);
  }

  #replay(microbatches: number, advance: (microbatches: number) => number): void {
    this.#model.parameters().set(this.#parameters);
    this.#run.seek(this.#epoch, this.#row);
    for (let left = microbatches; left > 0; ) left -= advance(left);
  }
}
