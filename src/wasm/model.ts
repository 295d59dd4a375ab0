// One network in linear memory: the three regions of the core, and the threads that share its work.

import { StatusNumber } from "../abi/structs.js";
import type { NetworkDescription } from "../description.js";
import type { FloatArray } from "../dtype.js";
import type { PlacedParameter } from "../layers/stack.js";
import type { Optimizer } from "../optimizers.js";
import { Block } from "./block.js";
import { writeDescription } from "./description.js";
import type { Host } from "./host.js";
import { OptimizerState } from "./optimizer.js";
import { Run, type RunOptions } from "./run.js";
import { Samples, type SampleWidths } from "./samples.js";
import { requireAccepted } from "./status.js";
import { Team } from "./team.js";
import { View } from "./view.js";

/** Rows that pass through the layers together. */
const WORKSPACE_ROWS = 128;

/** A parameter that is NaN or infinite. */
export interface NotFinite {
  readonly layer: number;
  readonly name: string;
  /** Such as "parameters[0].kernel.data[3]". */
  readonly path: string;
  readonly value: number;
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
  /** Its address changes with the optimizer. */
  #predictionParameters: View;
  #optimizer: OptimizerState;
  /** Room for the predictions of a call. Its view is kept, because most calls have as many rows as the one before. */
  #predictions: View;
  /** All blocks of the model except that of its optimizer. */
  readonly #blocks: { dispose(): void }[] = [];
  readonly #threads: number;
  #team: Team | undefined;

  constructor(host: Host, description: NetworkDescription, optimizer: Optimizer, threads: number) {
    const { heap, kernels, type } = host;
    const core = host.core.exports;
    const { inputs, outputs, loss } = description;
    this.#host = host;
    this.#threads = threads;
    this.#outputs = outputs;
    this.#placed = description.parameters;
    this.#widths = { inputs, targets: loss.takesLabels ? 1 : outputs };
    const keep = <T extends { dispose(): void }>(block: T): T => {
      this.#blocks.push(block);
      return block;
    };
    try {
      this.#network = keep(createNetworkBlock(host, description));
      const network = this.#network.address;
      requireAccepted(kernels.workspace_check(network, WORKSPACE_ROWS, threads));
      this.#workspace = keep(new Block(heap, kernels.workspace_size(network, WORKSPACE_ROWS, threads)));
      requireAccepted(kernels.workspace_layout(network, this.#workspace.address, WORKSPACE_ROWS, threads));
      const predictions = keep(new Block(heap, WORKSPACE_ROWS * outputs * type.size));
      this.#predictions = new View(host, predictions.address, outputs);
      this.#optimizer = this.#createOptimizer(optimizer);
    } catch (error) {
      this.#disposeBlocks();
      throw error;
    }
    const network = this.#network.address;
    this.parameterCount = core.network_parameter_count(network) >>> 0;
    this.#parameters = new View(host, core.network_parameters(network) >>> 0, this.parameterCount);
    this.#predictionParameters = this.#parameters;
    this.#gradients = new View(host, core.network_gradients(network) >>> 0, this.parameterCount);
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

  /** Restarts the average of the parameters with the next step. */
  restartAverage(): void {
    this.#optimizer.restartAverage();
  }

  /** Lets `work` predict and evaluate with the parameters although there is an average of them. */
  withoutAverage<T>(work: () => T): T {
    const optimizer = this.#optimizer;
    optimizer.ignoresAverage = true;
    try {
      return work();
    } finally {
      optimizer.ignoresAverage = false;
    }
  }

  /** The gradients that `computeGradients` wrote, or that `update` is to use. A run overwrites them. */
  gradients(): FloatArray {
    return this.#gradients.array;
  }

  /** The first parameter that is NaN or infinite; undefined if all are finite. */
  findNotFinite(): NotFinite | undefined {
    if (this.#host.kernels.parameters_are_finite(this.#network.address) !== 0) return undefined;
    const index = this.parameters().findIndex((x) => !Number.isFinite(x));
    const { layer, name, begin } = this.#placed.find(({ end }) => index < end)!;
    const path = `parameters[${layer}].${name}.data[${index - begin}]`;
    return { layer, name, path, value: this.parameters()[index]! };
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

  setLearningRate(learningRate: number): void {
    this.#optimizer.setLearningRate(learningRate);
  }

  /** Sets the optimizer's state and its count of steps to 0. */
  resetOptimizer(): void {
    this.#optimizer.reset();
  }

  /** Allocates room for `rows` samples. */
  createSamples(rows: number): Samples {
    return new Samples(this.#host, this.#widths, rows);
  }

  /** Writes the outputs, row-major [rows, outputs], to `predictions`. */
  predict(samples: Samples, predictions: FloatArray): void {
    const { kernels } = this.#host;
    for (let begin = 0; begin < samples.rows; begin += WORKSPACE_ROWS) {
      const end = Math.min(begin + WORKSPACE_ROWS, samples.rows);
      const view = this.#predictionsOf((end - begin) * this.#outputs);
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

  /** The loss over all samples as one batch. `training`: layers act as in the coming step. */
  evaluate(samples: Samples, training: boolean): number {
    return this.#lossOf(samples, training, "evaluate");
  }

  /** As `evaluate`. Writes the gradient of the loss to `gradients()`. */
  computeGradients(samples: Samples, training: boolean): number {
    return this.#lossOf(samples, training, "compute_gradients");
  }

  /** One step of the optimizer with `gradients()`. False, and nothing changes, if a number would not be finite. */
  update(): boolean {
    const status = this.#host.kernels.update(this.#network.address, this.#workspace.address);
    requireAccepted(status);
    return status === StatusNumber.StepTaken;
  }

  /**
   * Creates a run. The first one starts the workers, if there are any, and does not wait: they join when they are
   * ready.
   */
  createRun(options: RunOptions): Run {
    if (this.#threads > 1) {
      this.#team ??= new Team(this.#host, this.#network, this.#threads - 1);
      this.#team.requireRunning();
    }
    return new Run(this.#host, this.#network.address, this.#workspace.address, options);
  }

  dispose(): void {
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

  #lossOf({ rows, address }: Samples, training: boolean, kernel: "evaluate" | "compute_gradients"): number {
    const { core, kernels } = this.#host;
    const network = this.#network.address;
    const workspace = this.#workspace.address;
    const sum = kernels[kernel](network, workspace, address, 0, rows, 0, Number(training));
    // NaN is also the sum of a network whose outputs are NaN.
    if (Number.isNaN(sum)) requireAccepted(kernels.evaluate_check(network, workspace, address, 0, rows));
    return sum * core.exports.network_loss_scale(network, rows);
  }

  #predictionsOf(length: number): View {
    const { address, length: lastLength } = this.#predictions;
    if (length !== lastLength) this.#predictions = new View(this.#host, address, length);
    return this.#predictions;
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
