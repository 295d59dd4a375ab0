import { BackpropError } from "../index.js";

/**
 * Inputs and targets that stay in the worker of a network, made by its `createDataset`. `fit`, `evaluate`, `gradients`,
 * `predict` and `validationData` of that network accept it instead of rows, which are then sent only once.
 */
export class DatasetInWorker {
  readonly rows: number;
  readonly #id: number;
  readonly #worker: object;
  readonly #free: (dataset: DatasetInWorker) => void;

  /** @internal */
  constructor(rows: number, id: number, worker: object, free: (dataset: DatasetInWorker) => void) {
    this.rows = rows;
    this.#id = id;
    this.#worker = worker;
    this.#free = free;
    Object.freeze(this);
  }

  /** @internal Its number in `worker`. @throws BackpropError `invalidOption` if it is in another one. */
  idIn(worker: object): number {
    if (worker === this.#worker) return this.#id;
    throw new BackpropError(
      "invalidOption",
      "The dataset is in the worker of another network. Create one with this network's createDataset.",
    );
  }

  /** Frees the memory: at once, or when the fits that use the dataset have ended. Every later use throws `disposed`. */
  dispose(): void {
    this.#free(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
