// A training run of the core, which can pause after any microbatch.

import { StructView } from "../abi/struct.js";
import { PauseNumber, RunStruct, StatusNumber } from "../abi/structs.js";
import { Block } from "./block.js";
import type { Address } from "./core.js";
import type { CustomPass } from "./customPass.js";
import type { Host } from "./host.js";
import type { Samples } from "./samples.js";
import { requireAccepted } from "./status.js";

const HEAD = Math.ceil(RunStruct.size / 64) * 64;

export interface RunOptions {
  readonly samples: Samples;
  /** Epochs of this run. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Whether each epoch takes the rows in a new random order. */
  readonly shuffles: boolean;
  /** Epochs that the network was trained for before. The order of an epoch depends on its number over all fits. */
  readonly firstEpoch: number;
  /** The run ends after an epoch whose loss is at most this. */
  readonly targetLoss: number;
  /** The losses of the epochs of this run that an earlier one has finished. */
  readonly earlierLosses?: readonly number[] | undefined;
  /** Whether an epoch goes on with other samples: the run waits for `takeSamples` or `endEpoch` after the last row. */
  readonly isStream?: boolean;
}

const PAUSES = { step: PauseNumber.Step, epoch: PauseNumber.Epoch } as const;

/**
 * A training run in linear memory. One block holds the struct, the loss of each epoch and, if it shuffles, the order of
 * the rows. A run may pause after any microbatch: the results have the same bits.
 */
export class Run {
  readonly #host: Host;
  readonly #network: Address;
  #samples: Samples;
  readonly #block: Block;
  #owned: Block | undefined;
  readonly #struct: StructView<typeof RunStruct>;
  readonly #losses: Address;
  readonly #epochs: number;
  readonly #shuffles: boolean;
  readonly #isStream: boolean;
  /** The rows of the largest batch that the workspace is for. */
  #capacity: number;
  #workspace: Address;
  #rates: Block | undefined;
  #rateCapacity = 0;

  /** Whether the epoch of a stream has ended, and its next one has not begun. */
  #isEpochEnded = false;
  readonly #custom: CustomPass | undefined;

  /** `owned`: the workspace, if it is to be disposed with the run. `custom`: computes a loss in JavaScript. */
  constructor(
    host: Host,
    network: Address,
    workspace: Address,
    options: RunOptions,
    owned?: Block,
    custom?: CustomPass,
  ) {
    const { samples, epochs, batchSize, shuffles, firstEpoch, targetLoss } = options;
    const { earlierLosses = [] } = options;
    this.#host = host;
    this.#network = network;
    this.#samples = samples;
    this.#epochs = epochs;
    this.#shuffles = shuffles;
    this.#owned = owned;
    this.#custom = custom;
    this.#isStream = options.isStream === true;
    this.#capacity = batchSize;
    this.#workspace = workspace;
    this.#block = new Block(host.heap, HEAD + 8 * epochs + (shuffles ? 4 * samples.rows : 0));
    this.#losses = this.#block.address + HEAD;
    samples.setOrder(shuffles ? this.#losses + 8 * epochs : 0);
    this.#struct = new StructView(RunStruct, host.heap, this.#block.address);
    this.#struct.set({
      samples: samples.address,
      workspace,
      batchSize,
      until: epochs,
      losses: this.#losses,
      shuffles: Number(shuffles),
      firstEpoch,
      targetLoss,
      epoch: earlierLosses.length,
    });
    this.losses().set(earlierLosses);
    this.pausesAfter = undefined;
  }

  /** The workspace that keeps the outputs of the last microbatch. */
  get workspace(): Address {
    return this.#workspace;
  }

  /** Makes `advance` return after each step or each epoch, even if it could do more. Default: undefined, no pauses. */
  set pausesAfter(pausesAfter: "step" | "epoch" | undefined) {
    const pauses = pausesAfter ? PAUSES[pausesAfter] : PauseNumber.Never;
    this.#struct.set({ pauses: this.#isStream ? pauses | PauseNumber.Samples : pauses });
  }

  /**
   * Gives the learning rates of the coming steps, and discards unused rates. `advance` returns when all rates are used.
   * An empty array: the steps use the optimizer's rate.
   *
   * @throws BackpropError `outOfMemory`.
   */
  setLearningRates(rates: readonly number[]): void {
    if (rates.length > this.#rateCapacity) {
      const block = new Block(this.#host.heap, 8 * rates.length);
      this.#rates?.dispose();
      this.#rates = block;
      this.#rateCapacity = rates.length;
    }
    const learningRates = rates.length > 0 ? this.#rates!.address : 0;
    this.#struct.set({ learningRates, learningRateCount: rates.length, learningRateIndex: 0 });
    new Float64Array(this.#host.heap.buffer, learningRates, rates.length).set(rates);
  }

  /** Whether learning rates are left. */
  get hasLearningRates(): boolean {
    return this.#struct.get("learningRateIndex") < this.#struct.get("learningRateCount");
  }

  /** Whether a batch was begun and its step has not been taken. */
  get isInBatch(): boolean {
    return this.#struct.get("isInBatch") !== 0;
  }

  /** Whether rows of the epoch in progress were trained. */
  get isInEpoch(): boolean {
    return this.row > 0 && !this.#isEpochEnded;
  }

  /** The batches of the epoch in progress that were begun. */
  get begunBatches(): number {
    return Math.ceil(this.row / this.#struct.get("batchSize"));
  }

  /** Finished epochs. */
  get epoch(): number {
    return this.#struct.get("epoch");
  }

  /** The next row to train, as a position in the epoch in progress. */
  get row(): number {
    return this.#struct.get("row");
  }

  /** The first row of the batch in progress or completed last, as a position in its epoch. */
  get batchBegin(): number {
    return this.#struct.get("batchBegin");
  }

  /** The loss of the batch in progress or completed last. */
  get batchLoss(): number {
    return this.#struct.get("batchLossSum") * this.#struct.get("batchScale");
  }

  /** Whether the last batch was skipped, because its weights are all 0. */
  get skippedBatch(): boolean {
    return this.#struct.get("batchBegin") === this.#struct.get("batchEnd");
  }

  /** Whether the last call took a step, and then returned because the run pauses after each. */
  get tookStep(): boolean {
    const status = this.#struct.get("status");
    return status >= StatusNumber.StepTaken && status <= StatusNumber.Finished && !this.skippedBatch;
  }

  /** Whether the loss of the last epoch is at most the target. */
  get isAtTarget(): boolean {
    return this.#struct.get("status") === StatusNumber.TargetReached;
  }

  /**
   * Why the run cannot continue: "loss" if a loss was NaN or infinite, "step" if an update would have made a number NaN
   * or infinite. The run stopped before that update, in epoch `epoch`. Undefined if the run can continue.
   */
  get divergence(): "loss" | "step" | undefined {
    const status = this.#struct.get("status");
    if (status === StatusNumber.LossNotFinite) return "loss";
    return status === StatusNumber.StepNotFinite ? "step" : undefined;
  }

  /** The rows of the largest batch that the run's workspace is for. */
  get capacity(): number {
    return this.#capacity;
  }

  /**
   * Continues with other samples of the current or the next epoch. `larger`: a workspace for their batches, which
   * replaces the current one.
   */
  takeSamples(samples: Samples, batchSize: number, larger: Block | undefined): void {
    this.#samples = samples;
    this.#isEpochEnded = false;
    this.#struct.set({ samples: samples.address, batchSize, row: 0 });
    if (!larger) return;
    this.#owned?.dispose();
    this.#owned = larger;
    this.#workspace = larger.address;
    this.#capacity = batchSize;
    this.#struct.set({ workspace: larger.address });
  }

  /** The sum of the loss's terms in the epoch in progress. */
  get lossSum(): number {
    return this.#struct.get("lossSum");
  }

  /** Ends the epoch in progress of a stream, whose loss is `loss`. Call `takeSamples` for the next epoch. */
  endEpoch(loss: number): void {
    const { epoch } = this;
    this.losses()[epoch] = loss;
    this.#isEpochEnded = true;
    this.#struct.set({ epoch: epoch + 1, lossSum: 0, status: StatusNumber.Running });
  }

  /** The loss of an epoch before `epoch`. */
  loss(index: number): number {
    return this.losses()[index]!;
  }

  /** Restarts a finished run from its first epoch. */
  restart(): void {
    this.#struct.set({ epoch: 0 });
  }

  /** The losses of the epochs, [epochs]; those before `epoch` are final. */
  losses(): Float64Array {
    return new Float64Array(this.#host.heap.buffer, this.#losses, this.#epochs);
  }

  /** The row numbers in the order in which the epoch takes them; undefined: as they are stored. */
  order(): Uint32Array | undefined {
    if (!this.#shuffles) return undefined;
    return new Uint32Array(this.#host.heap.buffer, this.#losses + 8 * this.#epochs, this.#samples.rows);
  }

  /**
   * Processes at most `units` microbatches (or slices of shuffling), and returns how many it processed. Returns early
   * if a loss in JavaScript disposes the model.
   *
   * @throws BackpropError if the core refuses the run.
   */
  advance(units: number): number {
    let done = 0;
    for (;;) {
      const rest = Math.max(1, units - done);
      done += this.#host.kernels.train(this.#network, this.#block.address, rest) >>> 0;
      requireAccepted(this.#struct.get("status"));
      if (!this.#custom || this.#struct.get("lossIsDue") === 0) return done;
      if (!this.#takeLoss(this.#custom)) return done;
    }
  }

  /** Computes the loss of a batch in JavaScript. False if the function has disposed the model. */
  #takeLoss(custom: CustomPass): boolean {
    const begin = this.batchBegin;
    const end = this.#struct.get("batchEnd");
    const hostLoss = custom.computeLoss(this.#workspace, this.#samples, begin, end, this.order());
    if (hostLoss === undefined) return false;
    this.#struct.set({ hostLoss });
    return true;
  }

  /** Must be called before the samples are used for anything else: their order is in this run's block. */
  dispose(): void {
    if (this.#shuffles) this.#samples.setOrder(0);
    this.#block.dispose();
    this.#owned?.dispose();
    this.#rates?.dispose();
  }
}
