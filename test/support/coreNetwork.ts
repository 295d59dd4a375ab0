// Networks, samples and runs of the core. Unlike the wrapper's classes, they let tests use every field of the core's
// structs and every function that it exports.

import { type FieldName, type FieldValue, type FieldValues, StructView } from "../../src/abi/struct.js";
import { ElementTypeNumber, RunStruct, SamplesStruct, StatusNumber } from "../../src/abi/structs.js";
import type { NetworkDescription } from "../../src/description.js";
import type { DType, FloatArray } from "../../src/dtype.js";
import type { CustomLoss, Layer, Loss, LossName, Optimizer } from "../../src/index.js";
import { sgd } from "../../src/index.js";
import { checkLayers, layerWidths, placeBuffers, placeParameters } from "../../src/layers/stack.js";
import { describeLoss } from "../../src/losses.js";
import { Block } from "../../src/wasm/block.js";
import type { Core, CoreExports } from "../../src/wasm/core.js";
import { writeDescription } from "../../src/wasm/description.js";
import { createHost, type Host } from "../../src/wasm/host.js";
import { OptimizerState } from "../../src/wasm/optimizer.js";

/** More units of work than any call in the tests does. */
export const UNLIMITED = 2 ** 31;

/** Functions for one dtype that the wrapper does not call. */
export interface MoreKernels {
  forward(
    network: number,
    workspace: number,
    samples: number,
    begin: number,
    end: number,
    training: number,
  ): number;
  complete_outputs(network: number, workspace: number): number;
  loss(network: number, workspace: number, block: number, scale: number): number;
  backward(network: number, workspace: number, accumulates: number): number;
}

/** Functions for both dtypes that the wrapper does not call. */
export interface MoreExports {
  network_loss_scale(network: number, weight: number): number;
  network_step(network: number): number;
  network_set_step(network: number, step: number): void;
  network_optimizer(network: number): number;
  workspace_outputs(network: number, workspace: number): number;
  workspace_output_gradients(network: number, workspace: number): number;
  workspace_stride(workspace: number): number;
}

export interface CoreNetworkOptions {
  readonly dtype: DType;
  readonly inputs: number;
  readonly layers: readonly Layer[];
  readonly loss: LossName | Loss | CustomLoss;
  readonly optimizer?: Optimizer;
  /** The rows of the workspace; default 128. */
  readonly workspaceRows?: number;
}

/** A network, an optimizer and one workspace. Parameters are zeros at first. */
export class CoreNetwork {
  readonly address: number;
  readonly workspace: number;
  readonly parameterCount: number;
  readonly outputs: number;
  readonly host: Host;
  readonly kernels: Host["kernels"] & MoreKernels;
  readonly exports: CoreExports & MoreExports;
  readonly #description: NetworkDescription;
  readonly #optimizer: OptimizerState;
  readonly #blocks: { dispose(): void }[] = [];

  constructor(core: Core, options: CoreNetworkOptions) {
    const { optimizer = sgd(), workspaceRows = 128 } = options;
    this.host = createHost(core, options.dtype);
    this.exports = core.exports as CoreExports & MoreExports;
    this.kernels = allKernels(this.exports, this.host);
    this.#description = describe(options);
    const description = writeDescription(this.host, this.#description);
    this.address = this.allocate(this.exports.network_size(description.address));
    this.exports.network_layout(this.address, description.address);
    description.dispose();
    this.workspace = this.createWorkspace(workspaceRows);
    this.#optimizer = new OptimizerState(this.host, this.address, optimizer);
    this.#blocks.push(this.#optimizer);
    this.exports.network_set_optimizer(this.address, this.#optimizer.address);
    this.parameterCount = this.exports.network_parameter_count(this.address);
    this.outputs = this.#description.outputs;
  }

  /** Allocates bytes, which dispose() frees. */
  allocate(bytes: number): number {
    const block = new Block(this.host.heap, bytes);
    this.#blocks.push(block);
    return block.address;
  }

  /** A live view of `length` numbers of the network's type. */
  view(address: number, length: number): FloatArray {
    return this.host.type.view(this.host.heap.buffer, address, length);
  }

  /** Allocates and lays out a workspace, and returns its address. */
  createWorkspace(rows: number, threads = 1): number {
    const workspace = this.allocate(this.kernels.workspace_size(this.address, rows, threads));
    this.kernels.workspace_layout(this.address, workspace, rows, threads);
    return workspace;
  }

  /** A live view. */
  parameters(): FloatArray {
    return this.view(this.exports.network_parameters(this.address), this.parameterCount);
  }

  /** A live view. */
  gradients(): FloatArray {
    return this.view(this.exports.network_gradients(this.address), this.parameterCount);
  }

  /** A live view. */
  buffers(): FloatArray {
    const count = this.exports.network_buffer_count(this.address);
    return this.view(this.exports.network_buffers(this.address), count);
  }

  setLearningRate(learningRate: number): void {
    new DataView(this.host.heap.buffer, this.#optimizer.address).setFloat64(16, learningRate, true);
  }

  /** `inputs` and `targets` are row-major. */
  createSamples(inputs: ArrayLike<number>, targets: ArrayLike<number>): CoreSamples {
    return new CoreSamples(this, inputs, targets, inputs.length / this.#description.inputs);
  }

  /** Fields that are not given have the values of a run of one epoch without pauses. */
  createRun(samples: CoreSamples, fields: RunFields = {}): CoreRun {
    return new CoreRun(this, samples, fields);
  }

  /** The loss of all samples, evaluated in slices of `slice` rows. */
  evaluate(samples: CoreSamples, slice = samples.rows): number {
    return this.#inSlices(this.kernels.evaluate, samples, slice);
  }

  /** As evaluate(). Writes the gradient of the loss to gradients(). */
  computeGradients(samples: CoreSamples, slice = samples.rows): number {
    return this.#inSlices(this.kernels.compute_gradients, samples, slice);
  }

  /** A copy of the outputs [rows, outputs], row-major, predicted in slices of `slice` rows. */
  predict(samples: CoreSamples, slice = samples.rows): FloatArray {
    const { type, heap } = this.host;
    const block = new Block(heap, samples.rows * this.outputs * type.size);
    for (let begin = 0; begin < samples.rows; begin += slice) {
      const end = Math.min(samples.rows, begin + slice);
      const out = block.address + begin * this.outputs * type.size;
      this.kernels.predict(this.address, this.workspace, samples.address, begin, end, out);
    }
    const predictions = this.view(block.address, samples.rows * this.outputs).slice();
    block.dispose();
    return predictions;
  }

  /** Whether a step with gradients() was taken. */
  update(): boolean {
    return this.kernels.update(this.address, this.workspace) === StatusNumber.StepTaken;
  }

  /** The outputs of the pass, or their gradient, row-major [rows, outputs]. */
  outputsOfPass(rows: number, which: "outputs" | "output_gradients" = "outputs"): number[] {
    const stride = this.exports.workspace_stride(this.workspace);
    const address = this.exports[`workspace_${which}`](this.address, this.workspace);
    const view = this.view(address, this.outputs * stride);
    return Array.from(
      { length: rows * this.outputs },
      (_, i) => view[(i % this.outputs) * stride + Math.floor(i / this.outputs)]!,
    );
  }

  dispose(): void {
    for (const block of this.#blocks.splice(0)) block.dispose();
  }

  /** Adds the sums of all slices, and returns the loss. */
  #inSlices(kernel: Host["kernels"]["evaluate"], samples: CoreSamples, slice: number): number {
    let sum = 0;
    for (let begin = 0; begin < samples.rows; begin += slice) {
      const end = Math.min(samples.rows, begin + slice);
      sum = kernel(this.address, this.workspace, samples.address, begin, end, sum, 0);
    }
    return sum * this.exports.samples_loss_scale(this.address, samples.address);
  }
}

/** The core's functions for the dtype, including those that the wrapper does not call. */
function allKernels(exports: CoreExports, { type }: Host): Host["kernels"] & MoreKernels {
  const suffix = `_${type.suffix}`;
  const named = Object.entries(exports).filter(([name]) => name.endsWith(suffix));
  const kernels = named.map(([name, kernel]) => [name.slice(0, -suffix.length), kernel]);
  return Object.fromEntries(kernels) as Host["kernels"] & MoreKernels;
}

function describe({ dtype, inputs, layers, loss }: CoreNetworkOptions): NetworkDescription {
  const checked = checkLayers(layers, dtype);
  const output = checked.at(-1)!;
  return {
    dtype,
    numerics: "strict",
    inputs,
    layers: checked,
    loss: describeLoss(loss, output.kind === "dense" ? output.activation : undefined, dtype),
    parameters: placeParameters(inputs, checked),
    buffers: placeBuffers(inputs, checked),
    outputs: layerWidths(inputs, checked).at(-1)!,
  };
}

/** A Samples struct and its arrays, in the memory of a network's core. */
export class CoreSamples {
  readonly address: number;
  readonly rows: number;
  readonly struct: StructView<typeof SamplesStruct>;

  constructor(network: CoreNetwork, inputs: ArrayLike<number>, targets: ArrayLike<number>, rows: number) {
    const { type, heap } = network.host;
    const put = (values: ArrayLike<number>): number => {
      const address = network.allocate(values.length * type.size);
      network.view(address, values.length).set(values);
      return address;
    };
    this.rows = rows;
    this.address = network.allocate(SamplesStruct.size);
    this.struct = new StructView(SamplesStruct, heap, this.address);
    this.struct.set({
      inputs: put(inputs),
      targets: put(targets),
      rows,
      elementType: ElementTypeNumber.Own,
      scale: 1,
    });
  }
}

export interface RunFields extends FieldValues<typeof RunStruct> {
  /** The order of the rows. [] allocates memory for an order, and writes none. Default: rows as they are stored. */
  readonly order?: ArrayLike<number>;
  /** Learning rates of the coming steps. */
  readonly rates?: readonly number[];
}

/** A Run struct and its arrays, in the memory of a network's core. */
export class CoreRun {
  readonly #network: CoreNetwork;
  readonly #struct: StructView<typeof RunStruct>;
  readonly #address: number;
  readonly #order: number;
  readonly #samples: CoreSamples;

  constructor(network: CoreNetwork, samples: CoreSamples, { order, rates, ...fields }: RunFields) {
    const { heap } = network.host;
    const until = fields.until ?? 1;
    this.#network = network;
    this.#samples = samples;
    this.#address = network.allocate(RunStruct.size);
    this.#order = order ? network.allocate(4 * samples.rows) : 0;
    this.#struct = new StructView(RunStruct, heap, this.#address);
    this.set({
      samples: samples.address,
      workspace: network.workspace,
      batchSize: samples.rows,
      until,
      losses: network.allocate(8 * (until + 1)),
      targetLoss: Number.NEGATIVE_INFINITY,
      ...fields,
    });
    samples.struct.set({ order: this.#order });
    if (order) this.order().set(order);
    if (rates) this.setRates(rates);
  }

  /** Sets the learning rates of the next steps. */
  setRates(rates: readonly number[]): void {
    const learningRates = this.#network.allocate(8 * rates.length);
    new Float64Array(this.#network.host.heap.buffer, learningRates, rates.length).set(rates);
    this.set({ learningRates, learningRateCount: rates.length, learningRateIndex: 0 });
  }

  get<F extends FieldName<typeof RunStruct>>(field: F): FieldValue<typeof RunStruct, F> {
    return this.#struct.get(field);
  }

  set(fields: FieldValues<typeof RunStruct>): void {
    this.#struct.set(fields);
  }

  /** A live view of the order. */
  order(): Uint32Array {
    return new Uint32Array(this.#network.host.heap.buffer, this.#order, this.#samples.rows);
  }

  /** The losses of the finished epochs. With `more` = 1, also the loss of the epoch that diverged. */
  losses(more = 0): Float64Array {
    return new Float64Array(
      this.#network.host.heap.buffer,
      this.get("losses"),
      this.get("epoch") + more,
    ).slice();
  }

  /** Calls `train` once. Returns the units of work that it did. */
  advance(budget = UNLIMITED): number {
    return this.#network.kernels.train(this.#network.address, this.#address, budget) >>> 0;
  }
}
