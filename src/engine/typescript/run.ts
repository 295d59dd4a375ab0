import { allocate } from "../arrays.js";
import type { Dataset, FloatArray, Run, RunOptions } from "../engine.js";
import { MICROBATCH, type Network } from "./network.js";

/** The rows of a microbatch, either in place in the dataset or gathered from it in the order of the run. */
interface Rows {
  inputs: FloatArray;
  inputsStart: number;
  targets: FloatArray;
  targetsStart: number;
}

export class TypescriptRun implements Run {
  epoch = 0;
  row = 0;
  diverged = false;
  #network: Network | null;
  #dataset: Dataset | null;
  readonly #epochs: number;
  readonly #batchSize: number;
  readonly #learningRate: number;
  readonly #ordered: boolean;
  #losses: Float64Array;
  #order: Uint32Array;
  #rows: Rows;
  /** The sum of the loss's terms over the rows done in this epoch. */
  #epochTerms = 0;

  constructor(network: Network, { dataset, epochs, batchSize, learningRate, ordered }: RunOptions) {
    this.#network = network;
    this.#dataset = dataset;
    this.#epochs = epochs;
    this.#batchSize = batchSize;
    this.#learningRate = learningRate;
    this.#ordered = ordered;
    this.#losses = allocate("float64", epochs) as Float64Array;
    this.#order = new Uint32Array(ordered ? dataset.rows : 0);
    const inputs = dataset.inputs();
    const targets = dataset.targets();
    const gathered = Math.min(MICROBATCH, batchSize, dataset.rows);
    this.#rows = {
      inputs: ordered ? inputs.slice(0, gathered * network.inputWidth) : inputs,
      inputsStart: 0,
      targets: ordered ? targets.slice(0, gathered * network.targetWidth) : targets,
      targetsStart: 0,
    };
  }

  losses(): Float64Array {
    return this.#losses;
  }

  order(): Uint32Array {
    return this.#order;
  }

  advance(microbatches: number): number {
    const network = this.#network;
    const dataset = this.#dataset;
    if (network === null || dataset === null) return 0;
    let done = 0;
    while (done < microbatches && this.epoch < this.#epochs && !this.diverged) {
      const epoch = this.epoch;
      this.#microbatch(network, dataset);
      done++;
      if (this.#ordered && this.epoch !== epoch) break;
    }
    return done;
  }

  dispose(): void {
    this.#network = null;
    this.#dataset = null;
    const empty = new Float64Array(0);
    this.#rows = { inputs: empty, inputsStart: 0, targets: empty, targetsStart: 0 };
    this.#losses = empty;
    this.#order = new Uint32Array(0);
  }

  #microbatch(network: Network, dataset: Dataset): void {
    const batchStart = this.row - (this.row % this.#batchSize);
    const batchEnd = Math.min(batchStart + this.#batchSize, dataset.rows);
    const count = Math.min(MICROBATCH, batchEnd - this.row);
    if (this.row === batchStart) network.zeroGradients();

    const rows = this.#rows;
    this.#take(network, dataset, this.row, count);
    network.forward(rows.inputs, rows.inputsStart, count);
    this.#epochTerms += network.lossTerms(rows.targets, rows.targetsStart, count);
    const loss = this.#epochTerms / network.lossDivisor(dataset.rows);
    this.#losses[this.epoch] = loss;
    if (!Number.isFinite(loss)) {
      this.diverged = true;
      return;
    }
    const scale = 1 / network.lossDivisor(batchEnd - batchStart);
    network.backward(rows.inputs, rows.inputsStart, rows.targets, rows.targetsStart, count, scale);
    if (this.row + count === batchEnd && !network.update(this.#learningRate)) {
      this.diverged = true;
      return;
    }
    this.row += count;
    if (this.row < dataset.rows) return;

    this.#epochTerms = 0;
    this.row = 0;
    this.epoch++;
  }

  /** Makes `#rows` the `count` rows of the epoch from `first`. */
  #take(network: Network, dataset: Dataset, first: number, count: number): void {
    const { inputWidth, targetWidth } = network;
    const rows = this.#rows;
    if (!this.#ordered) {
      rows.inputsStart = first * inputWidth;
      rows.targetsStart = first * targetWidth;
      return;
    }
    const inputs = dataset.inputs();
    const targets = dataset.targets();
    for (let i = 0; i < count; i++) {
      const from = this.#order[first + i]!;
      for (let j = 0; j < inputWidth; j++) rows.inputs[i * inputWidth + j] = inputs[from * inputWidth + j]!;
      for (let j = 0; j < targetWidth; j++) {
        rows.targets[i * targetWidth + j] = targets[from * targetWidth + j]!;
      }
    }
  }
}
