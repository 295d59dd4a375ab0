// One network in linear memory: the three regions of the core, and the threads that share its work.

import { StatusNumber } from "../abi/structs.js";
import type { NetworkDescription } from "../description.js";
import { allocate, type FloatArray } from "../dtype.js";
import { definitionOf, type PlacedParameter } from "../layers/stack.js";
import type { Optimizer } from "../optimizers.js";
import { Block } from "./block.js";
import { CustomPass } from "./customPass.js";
import { writeDescription } from "./description.js";
import type { Host } from "./host.js";
import { OptimizerState, type OptimizerValues } from "./optimizer.js";
import { Room } from "./room.js";
import { Run, type RunOptions } from "./run.js";
import { PLAIN, type SampleFormat, Samples, type SampleWidths } from "./samples.js";
import { requireAccepted } from "./status.js";
import { Team } from "./team.js";
import { View } from "./view.js";

/** Rows that pass through the layers together. Large sets are evaluated in slices of a multiple of it. */
export const SLICE_ROWS = 128;

/** A parameter that is NaN or infinite. */
export interface NotFinite {
  readonly layer: number;
  readonly name: string;
  /** Its name, such as "parameters[0].kernel.data[3]". */
  readonly path: string;
  readonly value: number;
}

/** Everything that training changes in a network. */
export interface ModelValues {
  /** All parameters, layer by layer without gaps. */
  readonly parameters: FloatArray;
  /** All buffers, layer by layer without gaps. */
  readonly buffers: FloatArray;
  /** Steps that the network was trained for: the random numbers of layers depend on it. */
  readonly step: number;
  readonly optimizer: OptimizerValues;
}

interface CustomEvaluation {
  readonly loss: number;
  readonly outputs: FloatArray;
}

/** A typed array that a method returns is a view of linear memory: it is valid until the next call of any method. */
export class Model {
  readonly parameterCount: number;
  readonly #host: Host;
  readonly #widths: SampleWidths;
  readonly #outputs: number;
  readonly #placed: readonly PlacedParameter[];
  readonly #network: Block;
  readonly #workspace: Block;
  readonly #parameters: View;
  readonly #gradients: View;
  readonly #buffers: View;
  /** Computes the loss, if it is a function in JavaScript. */
  readonly #custom: CustomPass | undefined;
  #isDisposed = false;
  /** Whether a batch passes through the layers as a whole in training. */
  readonly needsWholeBatch: boolean;
  /** Its address changes with the optimizer. */
  #predictionParameters: View;
  #optimizer: OptimizerState;
  /** Room for the predictions of a call. */
  readonly #predictions: Room;
  /** All blocks of the model except the optimizer's block. */
  readonly #blocks: { dispose(): void }[] = [];
  readonly #threads: number;
  #team: Team | undefined;

  constructor(host: Host, description: NetworkDescription, optimizer: Optimizer, threads: number) {
    const core = host.core.exports;
    const { inputs, outputs, loss, layers } = description;
    this.#host = host;
    this.#threads = threads;
    this.#outputs = outputs;
    this.#placed = description.parameters;
    this.needsWholeBatch = layers.some((layer) => definitionOf(layer).needsWholeBatch);
    this.#widths = { inputs, targets: loss.takesLabels ? 1 : outputs };
    const owned = <T extends { dispose(): void }>(block: T): T => {
      this.#blocks.push(block);
      return block;
    };
    try {
      this.#network = owned(createNetworkBlock(host, description));
      this.#workspace = owned(this.#createWorkspace(SLICE_ROWS));
      this.#predictions = owned(new Room(host, SLICE_ROWS * outputs));
      this.#optimizer = this.#createOptimizer(optimizer);
    } catch (error) {
      this.#disposeBlocks();
      throw error;
    }
    const network = this.#network.address;
    const isAlive = () => !this.#isDisposed;
    this.#custom = loss.custom && new CustomPass(host, network, loss.custom, outputs, isAlive);
    this.parameterCount = core.network_parameter_count(network) >>> 0;
    this.#parameters = new View(host, core.network_parameters(network) >>> 0, this.parameterCount);
    this.#predictionParameters = this.#parameters;
    this.#gradients = new View(host, core.network_gradients(network) >>> 0, this.parameterCount);
    const bufferCount = core.network_buffer_count(network) >>> 0;
    this.#buffers = new View(host, core.network_buffers(network) >>> 0, bufferCount);
    for (const { layer, role } of description.parameters) {
      if (role === "frozen") this.setTrainable(layer, false);
    }
  }

  /** Freezes layer number `layer`, or makes it trainable again. Sets the gradients of frozen layers to 0. */
  setTrainable(layer: number, trainable: boolean): void {
    const { kernels } = this.#host;
    requireAccepted(kernels.network_set_trainable(this.#network.address, layer, Number(trainable)));
  }

  /**
   * A copy of this model in separate memory. `description` and `optimizer` must equal those of this model.
   *
   * @throws BackpropError `outOfMemory`.
   */
  clone(description: NetworkDescription, optimizer: Optimizer, threads = this.#threads): Model {
    const copy = new Model(this.#host, description, optimizer, threads);
    copy.restore(this.values);
    return copy;
  }

  /** Everything that training changes. The arrays are views of linear memory. */
  get values(): ModelValues {
    return {
      parameters: this.parameters(),
      buffers: this.buffers(),
      step: this.#host.core.exports.network_step(this.#network.address),
      optimizer: this.#optimizer.values,
    };
  }

  /** Takes over the values of a model with an equal description and optimizer. */
  restore({ parameters, buffers, ...progress }: ModelValues): void {
    this.parameters().set(parameters);
    this.buffers().set(buffers);
    this.restoreProgress(progress);
  }

  /** `restore` without parameters and buffers. */
  restoreProgress({ step, optimizer }: Pick<ModelValues, "step" | "optimizer">): void {
    this.#host.core.exports.network_set_step(this.#network.address, step);
    this.#optimizer.restore(optimizer);
  }

  /** All parameters, layer by layer without gaps. */
  parameters(): FloatArray {
    return this.#parameters.array;
  }

  /** The parameters that `predict` and `evaluate` use: the average, if the optimizer keeps one and has taken a step. */
  predictionParameters(): FloatArray {
    const address = this.#host.core.exports.network_prediction_parameters(this.#network.address) >>> 0;
    if (address !== this.#predictionParameters.address) {
      this.#predictionParameters = new View(this.#host, address, this.parameterCount);
    }
    return this.#predictionParameters.array;
  }

  /** Whether there is an average of the parameters, which `predict` and `evaluate` use. */
  get hasAverage(): boolean {
    return (
      this.#host.core.exports.network_prediction_parameters(this.#network.address) >>> 0 !==
      this.#parameters.address
    );
  }

  /** Restarts the average of the parameters with the next step. */
  restartAverage(): void {
    this.#optimizer.restartAverage();
  }

  /** Lets `work` predict and evaluate with the average of the parameters, if there is one, or with the parameters. */
  withAverage<T>(averaged: boolean, work: () => T): T {
    if (averaged) return work();
    const optimizer = this.#optimizer;
    optimizer.ignoresAverage = true;
    try {
      return work();
    } finally {
      optimizer.ignoresAverage = false;
    }
  }

  /** The gradients that `computeGradients` writes and `update` uses. A run overwrites them. */
  gradients(): FloatArray {
    return this.#gradients.array;
  }

  /** All buffers, layer by layer without gaps. */
  buffers(): FloatArray {
    return this.#buffers.array;
  }

  /**
   * The first parameter that is NaN or infinite; undefined if all are finite. `values`: others in their places, such as
   * averages.
   */
  findNotFinite(values = this.parameters()): NotFinite | undefined {
    const isOwn = values === this.parameters();
    if (isOwn && this.#host.kernels.parameters_are_finite(this.#network.address) !== 0) return undefined;
    const index = values.findIndex((x) => !Number.isFinite(x));
    if (index < 0) return undefined;
    const { layer, name, begin } = this.#placedAt(index);
    const path = `parameters[${layer}].${name}.data[${index - begin}]`;
    return { layer, name, path, value: values[index]! };
  }

  /** The layer of the first gradient that is NaN or infinite, or else of the largest one. */
  layerOfLargestGradient(): number {
    const gradients = this.gradients();
    let found = 0;
    for (let i = 0; i < gradients.length; i++) {
      const x = Math.abs(gradients[i]!);
      if (!(x <= Math.abs(gradients[found]!))) found = i;
      if (!Number.isFinite(x)) break;
    }
    return this.#placedAt(found).layer;
  }

  #placedAt(index: number): PlacedParameter {
    return this.#placed.find(({ end }) => index < end)!;
  }

  /** The key of the network's random numbers, an integer from 0 to 2³² − 1. */
  setSeed(seed: number): void {
    this.#host.core.exports.network_set_seed(this.#network.address, seed);
  }

  /**
   * Replaces the optimizer by a new one, which has taken no steps. If it does not fit into memory, the old one stays.
   */
  setOptimizer(optimizer: Optimizer): void {
    const old = this.#optimizer;
    this.#optimizer = this.#createOptimizer(optimizer);
    old.dispose();
  }

  /** Steps that the optimizer has taken. */
  get optimizerStep(): number {
    return this.#optimizer.step;
  }

  setLearningRate(learningRate: number): void {
    this.#optimizer.setLearningRate(learningRate);
  }

  /** Sets the optimizer's state and its count of steps to 0. */
  resetOptimizer(): void {
    this.#optimizer.reset();
  }

  /** Allocates room for `rows` samples. */
  createSamples(rows: number, format: SampleFormat = PLAIN): Samples {
    return new Samples(this.#host, this.#widths, rows, format);
  }

  /** Whether the samples are in the memory of this model, and have its dtype. */
  canRead({ host }: Samples): boolean {
    return host.core === this.#host.core && host.dtype === this.#host.dtype;
  }

  /** Writes the outputs, row-major [rows, outputs], to `predictions`. */
  predict(samples: Samples, predictions: FloatArray): void {
    const { kernels } = this.#host;
    for (let begin = 0; begin < samples.rows; begin += SLICE_ROWS) {
      const end = Math.min(begin + SLICE_ROWS, samples.rows);
      const view = this.#predictions.take((end - begin) * this.#outputs);
      const status = kernels.predict(
        this.#network.address,
        this.#workspace.address,
        samples.address,
        begin,
        end,
        view.address,
      );
      requireAccepted(status);
      predictions.set(view.array, begin * this.#outputs);
    }
  }

  /**
   * `sum` plus the loss's terms of rows `begin` … `end` − 1. Call it for one slice after the other; each begins at a
   * multiple of SLICE_ROWS. `lossOf` turns the sum over all rows into the loss. `training`: layers act as in the next
   * training step.
   */
  evaluate(samples: Samples, begin: number, end: number, sum: number, training: boolean): number {
    return this.#addTerms("evaluate", samples, begin, end, sum, training);
  }

  /** Whether the loss is a function in JavaScript, which takes all rows at once: see `evaluateCustom`. */
  get hasCustomLoss(): boolean {
    return this.#custom !== undefined;
  }

  /** The loss over all samples as one batch, and the outputs [rows, outputs], of a model with a loss in JavaScript. */
  evaluateCustom(samples: Samples, averaged: boolean, training: boolean): CustomEvaluation {
    const custom = this.#custom!;
    const { outputs, penalty } = this.withAverage(averaged, () =>
      this.#withPredictionParameters(() => ({
        outputs: this.#outputsOf(custom, samples, training),
        penalty: this.#host.kernels.network_penalty(this.#network.address),
      })),
    );
    const loss = custom.evaluate(samples, outputs.slice());
    return { loss: loss + penalty, outputs };
  }

  /** The loss from the sum of its terms. `data`: the samples, or the sum of their weights. */
  lossOf(sum: number, data: Samples | number): number {
    const { exports } = this.#host.core;
    const network = this.#network.address;
    if (typeof data === "number") return sum * exports.network_loss_scale(network, data);
    return sum * exports.samples_loss_scale(network, data.address);
  }

  /** The loss over all samples as one batch. Writes its gradient to `gradients()`. `training`: as for `evaluate`. */
  computeGradients(samples: Samples, training: boolean): number {
    if (this.#custom) return this.#differentiateCustom(this.#custom, samples, training);
    return this.lossOf(this.#addTerms("compute_gradients", samples, 0, samples.rows, 0, training), samples);
  }

  /** The forward pass of rows `begin` … `end` − 1, at most SLICE_ROWS, as in evaluation but with the parameters. */
  forward({ address }: Samples, begin: number, end: number): void {
    const { kernels } = this.#host;
    requireAccepted(kernels.forward(this.#network.address, this.#workspace.address, address, begin, end, 0));
  }

  /**
   * The predictions of the last pass [rows, outputs]: the last microbatch of a run, or the last SLICE_ROWS rows that
   * were evaluated. Call it at most once for each pass: it overwrites the outputs. `workspace`: the workspace of the
   * run.
   */
  passPredictions(rows: number, workspace = this.#workspace.address): FloatArray {
    const { array, address } = this.#predictions.take(rows * this.#outputs);
    requireAccepted(this.#host.kernels.pass_predictions(this.#network.address, workspace, address));
    return array;
  }

  /**
   * The sum of the magnitudes of a layer's outputs in the last pass. Not finite if an output is not finite.
   * `workspace`: the workspace of the run, if a run made the pass.
   */
  outputMagnitude(layer: number, workspace = this.#workspace.address): number {
    return this.#host.kernels.output_magnitude(this.#network.address, workspace, layer);
  }

  /** One step of the optimizer with `gradients()`. False, and nothing changes, if a number would not be finite. */
  update(): boolean {
    const status = this.#host.kernels.update(this.#network.address, this.#workspace.address);
    requireAccepted(status);
    return status === StatusNumber.StepTaken;
  }

  /**
   * Creates a run. The first one starts the workers, if there are any, and does not wait for them: they join the work
   * when they are ready.
   */
  createRun(options: RunOptions): Run {
    if (this.#threads > 1) {
      this.#team ??= new Team(this.#host, this.#network, this.#threads - 1);
      this.#team.requireRunning();
    }
    const larger = this.#workspaceFor(options.batchSize);
    const { address } = larger ?? this.#workspace;
    try {
      return new Run(this.#host, this.#network.address, address, options, larger, this.#custom);
    } catch (error) {
      larger?.dispose();
      throw error;
    }
  }

  /** Continues a run with other samples, in batches of `batchSize` rows. */
  continueRun(run: Run, samples: Samples, batchSize: number): void {
    run.takeSamples(samples, batchSize, batchSize > run.capacity ? this.#workspaceFor(batchSize) : undefined);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#team?.dispose();
    this.#optimizer.dispose();
    this.#disposeBlocks();
  }

  /** An optimizer that the network uses from now on. */
  #createOptimizer(optimizer: Optimizer): OptimizerState {
    const network = this.#network.address;
    const state = new OptimizerState(this.#host, network, optimizer);
    requireAccepted(this.#host.core.exports.network_set_optimizer(network, state.address));
    return state;
  }

  #disposeBlocks(): void {
    for (const block of this.#blocks) block.dispose();
  }

  #outputsOf(custom: CustomPass, samples: Samples, training: boolean): FloatArray {
    const { rows } = samples;
    if (training) return this.#forwardAll(samples, training, ({ address }) => custom.outputs(address, rows));
    const outputs = allocate(this.#host.dtype, rows * this.#outputs);
    this.predict(samples, outputs);
    return outputs;
  }

  /** The result of `work` while the parameters are those that `predict` uses. */
  #withPredictionParameters<T>(work: () => T): T {
    if (!this.hasAverage) return work();
    const kept = this.parameters().slice();
    this.parameters().set(this.predictionParameters());
    try {
      return work();
    } finally {
      this.parameters().set(kept);
    }
  }

  /** NaN if the function has disposed the model. */
  #differentiateCustom(custom: CustomPass, samples: Samples, training: boolean): number {
    const { kernels } = this.#host;
    const network = this.#network.address;
    return this.#forwardAll(samples, training, ({ address }) => {
      const loss = custom.computeLoss(address, samples, 0, samples.rows);
      if (loss === undefined) return Number.NaN;
      requireAccepted(kernels.backward(network, address, 0));
      requireAccepted(kernels.add_penalty_gradients(network, address));
      return loss + kernels.network_penalty(network);
    });
  }

  /** The result of `use` with a new workspace, after a forward pass of all samples as one batch. */
  #forwardAll<T>({ rows, address }: Samples, training: boolean, use: (workspace: Block) => T): T {
    const workspace = this.#createWorkspace(rows);
    try {
      const network = this.#network.address;
      const status = this.#host.kernels.forward(
        network,
        workspace.address,
        address,
        0,
        rows,
        Number(training),
      );
      requireAccepted(status);
      return use(workspace);
    } finally {
      workspace.dispose();
    }
  }

  #addTerms(
    kernel: "evaluate" | "compute_gradients",
    { address }: Samples,
    begin: number,
    end: number,
    sum: number,
    training: boolean,
  ): number {
    const { kernels } = this.#host;
    const larger = training ? this.#workspaceFor(end - begin) : undefined;
    const workspace = (larger ?? this.#workspace).address;
    const range = [this.#network.address, workspace, address, begin, end] as const;
    const mode = Number(training);
    const total = kernels[kernel](...range, sum, mode);
    // NaN is also the sum of a network whose outputs are NaN.
    const status = Number.isNaN(total) ? kernels.evaluate_check(...range, mode) : StatusNumber.Ok;
    larger?.dispose();
    requireAccepted(status);
    return total;
  }

  /**
   * A workspace for a batch of `rows` rows in training, if the batch does not fit into the model's workspace, or a loss
   * in JavaScript may use that workspace.
   */
  #workspaceFor(rows: number): Block | undefined {
    const isNeeded = this.#custom || (this.needsWholeBatch && rows > SLICE_ROWS);
    return isNeeded ? this.#createWorkspace(rows) : undefined;
  }

  #createWorkspace(rows: number): Block {
    const { heap, kernels } = this.#host;
    const network = this.#network.address;
    requireAccepted(kernels.workspace_check(network, rows, this.#threads));
    const workspace = new Block(heap, kernels.workspace_size(network, rows, this.#threads));
    requireAccepted(kernels.workspace_layout(network, workspace.address, rows, this.#threads));
    return workspace;
  }
}

function createNetworkBlock(host: Host, description: NetworkDescription): Block {
  const core = host.core.exports;
  const written = writeDescription(host, description);
  try {
    requireAccepted(core.network_check(written.address));
    const block = new Block(host.heap, core.network_size(written.address));
    requireAccepted(core.network_layout(block.address, written.address));
    return block;
  } finally {
    written.dispose();
  }
}
