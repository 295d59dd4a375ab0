import type { FloatArray } from "backprop-wasm";
import type { FitOptions } from "./baseline.js";
import { MICROBATCH, type Network } from "./network.js";
import type { Samples } from "./types.js";

/** The rows of one microbatch: a part of the samples, or a copy of rows gathered from them. */
interface Microbatch {
  inputs: FloatArray;
  inputsStart: number;
  targets: FloatArray;
  targetsStart: number;
}

/**
 * A training run. It can stop after any microbatch and continue with the same bits.
 *
 * A *step* sets the gradients to zero, adds the gradients of each microbatch of one batch, and updates the parameters. A
 * *microbatch* has at most `MICROBATCH` rows, so that a batch of any size needs little memory.
 */
export class Run {
  /** The current epoch, from 0; `epochs` once all are done. */
  epoch = 0;
  /** How many rows of the current epoch are done. */
  row = 0;
  /**
   * Whether the loss of `epoch` is not finite, or an update would have made a parameter not finite. The run ended before
   * that update.
   */
  diverged = false;
  readonly #network: Network;
  readonly #samples: Samples;
  readonly #options: FitOptions;
  readonly #losses: Float64Array;
  readonly #microbatch: Microbatch;
  /** The row numbers of the current epoch, if there is an order. */
  #order: ArrayLike<number> = [];
  /** The sum of the loss's terms over the rows done in this epoch. */
  #epochTerms = 0;

  constructor(network: Network, samples: Samples, options: FitOptions) {
    const { inputs, targets, rows } = samples;
    const { epochs, batchSize, order } = options;
    this.#network = network;
    this.#samples = samples;
    this.#options = options;
    this.#losses = new Float64Array(epochs);
    const capacity = Math.min(MICROBATCH, batchSize, rows);
    this.#microbatch = {
      inputs: order ? inputs.slice(0, capacity * network.inputWidth) : inputs,
      inputsStart: 0,
      targets: order ? targets.slice(0, capacity * network.targetWidth) : targets,
      targetsStart: 0,
    };
  }

  /** The losses of all epochs; those before `epoch` are final. */
  losses(): Float64Array {
    return this.#losses;
  }

  /** Trains at most `microbatches`; fewer if all epochs are done or training diverges. Returns how many it trained. */
  advance(microbatches = Infinity): number {
    let done = 0;
    while (done < microbatches && this.epoch < this.#options.epochs && !this.diverged) {
      this.#trainMicrobatch();
      done++;
    }
    return done;
  }

  #trainMicrobatch(): void {
    const network = this.#network;
    const { rows } = this.#samples;
    const { batchSize, learningRate } = this.#options;
    const batchStart = this.row - (this.row % batchSize);
    const batchEnd = Math.min(batchStart + batchSize, rows);
    const count = Math.min(MICROBATCH, batchEnd - this.row);
    if (this.row === batchStart) network.zeroGradients();

    const { inputs, inputsStart, targets, targetsStart } = this.#nextRows(count);
    network.forward(inputs, inputsStart, count);
    this.#epochTerms += network.lossTerms(targets, targetsStart, count);
    const loss = this.#epochTerms / network.lossDivisor(rows);
    this.#losses[this.epoch] = loss;
    if (!Number.isFinite(loss)) {
      this.diverged = true;
      return;
    }
    const scale = 1 / network.lossDivisor(batchEnd - batchStart);
    network.backward(inputs, inputsStart, targets, targetsStart, count, scale);
    if (this.row + count === batchEnd && !network.update(learningRate)) {
      this.diverged = true;
      return;
    }
    this.row += count;
    if (this.row < rows) return;

    this.#epochTerms = 0;
    this.row = 0;
    this.epoch++;
  }

  /** The next `count` rows of the epoch. */
  #nextRows(count: number): Microbatch {
    const { inputWidth, targetWidth } = this.#network;
    const { inputs, targets } = this.#samples;
    const { order } = this.#options;
    const microbatch = this.#microbatch;
    if (!order) {
      microbatch.inputsStart = this.row * inputWidth;
      microbatch.targetsStart = this.row * targetWidth;
      return microbatch;
    }
    if (this.row === 0) this.#order = order(this.epoch);
    for (let i = 0; i < count; i++) {
      const from = this.#order[this.row + i]!;
      for (let j = 0; j < inputWidth; j++) {
        microbatch.inputs[i * inputWidth + j] = inputs[from * inputWidth + j]!;
      }
      for (let j = 0; j < targetWidth; j++) {
        microbatch.targets[i * targetWidth + j] = targets[from * targetWidth + j]!;
      }
    }
    return microbatch;
  }
}
