import type { Run } from "../wasm/run.js";
import type { Samples } from "../wasm/samples.js";
import type { LearningRates } from "./learningRates.js";

/** How many rates are computed at a time. */
const PIECE = 256;

/** A part of a run whose batches are known. */
interface Part {
  readonly epochs: number;
  /** The batches of an epoch; for a stream, the batches of one item. */
  readonly batches: number;
  /** Epochs that the network was trained for before the part began. */
  readonly firstEpoch: number;
  /** Whether a batch may have weight 0; such a batch takes no step. */
  readonly maySkip: boolean;
}

/** Whether a batch may have weights that are all 0. */
export function maySkip(samples: Samples, batchSize: number): boolean {
  let zeros = 0;
  for (const weight of samples.weights() ?? []) if (weight === 0) zeros++;
  return zeros >= (samples.rows % batchSize || batchSize);
}

/**
 * Gives a run the learning rates of its coming steps, in pieces. If batches may be skipped, the numbers of the coming
 * steps are unknown. Each call of the core then gets one rate.
 */
export class RateSupply {
  readonly #rates: LearningRates;
  readonly #run: Run;
  #part: Part = { epochs: 0, batches: 0, firstEpoch: 0, maySkip: false };
  /** The epochs of the run before the part. */
  #earlierEpochs = 0;
  /** The last rates given to the run. */
  #piece: readonly number[] = [];
  /** The number of the batch that uses the first rate of the piece, counted from the beginning of the part. */
  #first = 0;
  #version = -1;
  #current = 0;

  /** Call `begin` next. */
  constructor(rates: LearningRates, run: Run) {
    this.#rates = rates;
    this.#run = run;
  }

  /** Begins a part of the run. */
  begin(part: Part): void {
    // The last batch of the part before was skipped: its rate may be one of another epoch.
    if (this.#run.hasLearningRates) this.#version = -1;
    this.#part = part;
    this.#earlierEpochs = this.#run.epoch;
  }

  /** Whether the run must pause after each epoch. */
  get watchesEpochs(): boolean {
    return this.#rates.watchesEpochs || this.#isSingle;
  }

  /** Whether batches were skipped since a single rate was given. */
  get #hasSkipped(): boolean {
    return this.#isSingle && this.#first !== this.#begunBatches;
  }

  /** Whether the run gets one rate at a time. */
  get #isSingle(): boolean {
    return this.#part.maySkip && !this.#rates.isConstant;
  }

  /** The rate of the batch in progress or completed last. */
  get current(): number {
    return this.#current;
  }

  /**
   * Gives the run rates, if it needs them. Call it before each call of the core. `step`: steps the optimizer has taken.
   */
  prepare(step: number): void {
    const rates = this.#rates;
    const run = this.#run;
    const isCurrent = rates.version === this.#version;
    if (isCurrent && (rates.isConstant || (run.hasLearningRates && !this.#hasSkipped))) return;
    this.#version = rates.version;
    this.#first = this.#begunBatches;
    if (rates.isConstant) {
      this.#current = rates.at({ step, epoch: 0 });
      this.#piece = [];
    } else this.#piece = this.#compute(step + Number(run.isInBatch));
    run.setLearningRates(this.#piece);
  }

  /**
   * Call it after each call of the core, which finished `epochs` epochs. Returns the rate of the last step of each
   * epoch, or one number if all are equal.
   */
  finish(epochs: number): number | readonly number[] {
    if (this.#rates.isConstant) return this.#current;
    if (this.#isSingle) {
      if (!this.#run.hasLearningRates) this.#current = this.#piece[0]!;
      return this.#current;
    }
    const { batches } = this.#part;
    const end = this.#finishedEpochs * batches;
    const last = Array.from({ length: epochs }, (_, i) => this.#rateOf(end - (epochs - 1 - i) * batches - 1));
    this.#current = this.#rateOf(this.#begunBatches - 1);
    return last;
  }

  /** The rate of a batch that the last call of the core has begun or completed. */
  #rateOf(batch: number): number {
    return this.#piece[batch - this.#first] ?? this.#current;
  }

  /** Finished epochs of the part. */
  get #finishedEpochs(): number {
    return this.#run.epoch - this.#earlierEpochs;
  }

  get #begunBatches(): number {
    return this.#finishedEpochs * this.#part.batches + this.#run.begunBatches;
  }

  /** The rates of the coming batches. `step`: the number of the first of their steps. */
  #compute(step: number): readonly number[] {
    const { epochs, batches, firstEpoch } = this.#part;
    const piece: number[] = [];
    const length = this.#isSingle ? 1 : PIECE;
    for (let i = 0; i < length && this.#first + i < epochs * batches; i++) {
      const epoch = firstEpoch + Math.floor((this.#first + i) / batches);
      piece.push(this.#rates.at({ step: step + i, epoch }));
    }
    return piece;
  }
}
