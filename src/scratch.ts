import type { Dataset, Model } from "./engine/engine.js";

/** Of so many rows at most a dataset is kept, so that one large call does not hold memory ever after. */
const MOST_ROWS = 128;

/** A model's datasets, of which the last small one is kept for the next call: most have as many rows as the one before. */
export class Scratch {
  readonly #model: Model;
  #spare: Dataset | undefined;
  #mostRows = MOST_ROWS;

  constructor(model: Model) {
    this.#model = model;
  }

  /** A dataset that is nobody else's until it is given back; its numbers are those of an earlier call. */
  take(rows: number): Dataset {
    const spare = this.#spare;
    if (spare?.rows !== rows) return this.#model.createDataset(rows);
    this.#spare = undefined;
    return spare;
  }

  giveBack(dataset: Dataset): void {
    const isKept = dataset.rows <= this.#mostRows;
    const dropped = isKept ? this.#spare : dataset;
    if (isKept) this.#spare = dataset;
    dropped?.dispose();
  }

  /** Keeps none any more, neither of those that are still to be given back. */
  dispose(): void {
    this.#mostRows = 0;
    this.#spare?.dispose();
    this.#spare = undefined;
  }
}
