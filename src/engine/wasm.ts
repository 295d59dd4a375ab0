// The Wasm core behind the engines' interface: structs of assembly/ in linear memory, one call a run.

import type { Address, Core, CoreExports } from "../core.js";
import { Heap } from "../memory.js";
import type {
  ActivationName,
  Dataset,
  DType,
  Engine,
  FloatArray,
  LossName,
  Model,
  NetworkDescription,
  Run,
  RunOptions,
} from "./engine.js";

// The numbers of assembly/activations.ts and assembly/losses.ts.
const ACTIVATIONS: Record<ActivationName, number> = {
  linear: 0,
  sigmoid: 1,
  tanh: 2,
  relu: 3,
  leakyRelu: 4,
  elu: 5,
  gelu: 6,
  geluTanh: 7,
  silu: 8,
  softplus: 9,
  softmax: 10,
};

const LOSSES: Record<LossName, number> = {
  meanSquaredError: 0,
  meanAbsoluteError: 1,
  huber: 2,
  binaryCrossentropy: 3,
  sigmoidCrossentropy: 4,
  categoricalCrossentropy: 5,
  sparseCategoricalCrossentropy: 6,
};

const DESCRIPTION_VERSION = 1;

interface Kernels {
  readonly train: CoreExports["train_f32"];
  readonly predict: CoreExports["predict_f32"];
  readonly evaluate: CoreExports["evaluate_f32"];
  readonly computeGradients: CoreExports["compute_gradients_f32"];
  readonly update: CoreExports["update_f32"];
}

interface ElementType {
  readonly size: number;
  readonly kernels: (core: CoreExports) => Kernels;
  readonly view: (buffer: ArrayBuffer, address: Address, length: number) => FloatArray;
}

const ELEMENT_TYPES: Record<DType, ElementType> = {
  float32: {
    size: 4,
    kernels: (core) => ({
      train: core.train_f32,
      predict: core.predict_f32,
      evaluate: core.evaluate_f32,
      computeGradients: core.compute_gradients_f32,
      update: core.update_f32,
    }),
    view: (buffer, address, length) => new Float32Array(buffer, address, length),
  },
  float64: {
    size: 8,
    kernels: (core) => ({
      train: core.train_f64,
      predict: core.predict_f64,
      evaluate: core.evaluate_f64,
      computeGradients: core.compute_gradients_f64,
      update: core.update_f64,
    }),
    view: (buffer, address, length) => new Float64Array(buffer, address, length),
  },
};

/** What every part of a model needs: the core, its memory, and the dtype's kernels and views. */
interface Host {
  readonly core: CoreExports;
  readonly heap: Heap;
  readonly type: ElementType;
  readonly kernels: Kernels;
}

const engines = new WeakMap<Core, Engine>();

/** The engine over a core: one, for its heap is the one owner of the core's memory. */
export function wasmEngine(core: Core): Engine {
  let engine = engines.get(core);
  if (!engine) {
    engine = createWasmEngine(core);
    engines.set(core, engine);
  }
  return engine;
}

function createWasmEngine(core: Core): Engine {
  const heap = new Heap(core);
  return {
    name: "wasm",
    createModel(description) {
      const type = ELEMENT_TYPES[description.dtype];
      return new WasmModel(
        { core: core.exports, heap, type, kernels: type.kernels(core.exports) },
        description,
      );
    },
  };
}

/** Frees the block of an object that was dropped without being disposed. */
const abandoned = new FinalizationRegistry<{ heap: Heap; address: Address }>(({ heap, address }) =>
  heap.free(address),
);

/** One block of linear memory, freed with its owner. */
class Block {
  readonly address: Address;
  readonly #heap: Heap;

  constructor(heap: Heap, bytes: number) {
    this.#heap = heap;
    this.address = heap.allocate(bytes);
    abandoned.register(this, { heap, address: this.address }, this);
  }

  dispose(): void {
    abandoned.unregister(this);
    this.#heap.free(this.address);
  }
}

class WasmModel implements Model {
  readonly parameterCount: number;
  readonly #host: Host;
  readonly #description: NetworkDescription;
  readonly #block: Block;
  readonly #parameters: Address;
  readonly #gradients: Address;

  constructor(host: Host, description: NetworkDescription) {
    const { core, heap } = host;
    const written = writeDescription(host, description);
    try {
      this.#block = new Block(heap, core.network_size(written.address));
      core.network_lay(this.#block.address, written.address);
    } finally {
      written.dispose();
    }
    this.#host = host;
    this.#description = description;
    this.#parameters = core.network_parameters(this.#block.address) >>> 0;
    this.#gradients = core.network_gradients(this.#block.address) >>> 0;
    this.parameterCount = core.network_parameter_count(this.#block.address) >>> 0;
  }

  parameters(): FloatArray {
    return this.#view(this.#parameters);
  }

  gradients(): FloatArray {
    return this.#view(this.#gradients);
  }

  createDataset(rows: number): WasmDataset {
    return new WasmDataset(this.#host, this.#description, rows);
  }

  predict(dataset: WasmDataset, predictions: FloatArray): void {
    const { heap, kernels, type } = this.#host;
    const block = new Block(heap, predictions.length * type.size);
    kernels.predict(this.#block.address, dataset.inputsAddress, dataset.rows, block.address);
    predictions.set(type.view(heap.buffer, block.address, predictions.length));
    block.dispose();
  }

  evaluate(dataset: WasmDataset): number {
    return this.#host.kernels.evaluate(this.#block.address, dataset.samplesAddress);
  }

  computeGradients(dataset: WasmDataset): number {
    return this.#host.kernels.computeGradients(this.#block.address, dataset.samplesAddress);
  }

  update(learningRate: number): void {
    this.#host.kernels.update(this.#block.address, learningRate);
  }

  createRun(options: RunOptions): Run {
    return new WasmRun(this.#host, this.#block.address, options);
  }

  dispose(): void {
    this.#block.dispose();
  }

  #view(address: Address): FloatArray {
    return this.#host.type.view(this.#host.heap.buffer, address, this.parameterCount);
  }
}

/** The bytes of assembly/network.ts's Description and LayerDescriptions. */
function writeDescription({ heap, type }: Host, { inputs, layers, loss }: NetworkDescription): Block {
  const block = new Block(heap, 32 + 24 * layers.length);
  const view = new DataView(heap.buffer, block.address);
  const header = [
    DESCRIPTION_VERSION,
    type.size,
    inputs,
    layers.length,
    LOSSES[loss.name],
    Number(loss.reduction === "mean"),
  ];
  header.forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  view.setFloat64(24, loss.parameter, true);
  layers.forEach((layer, i) => {
    const at = 32 + 24 * i;
    view.setUint32(at, layer.units, true);
    view.setUint32(at + 4, ACTIVATIONS[layer.activation], true);
    view.setUint32(at + 8, Number(layer.useBias), true);
    view.setFloat64(at + 16, layer.alpha, true);
  });
  return block;
}

const SAMPLES_SIZE = 64;

/** One block: Samples, then the inputs, then the targets. */
class WasmDataset implements Dataset {
  readonly rows: number;
  readonly samplesAddress: Address;
  readonly inputsAddress: Address;
  readonly targetsAddress: Address;
  readonly #inputsLength: number;
  readonly #targetsLength: number;
  readonly #host: Host;
  readonly #block: Block;

  constructor(host: Host, { inputs, layers, loss }: NetworkDescription, rows: number) {
    const isSparse = loss.name === "sparseCategoricalCrossentropy";
    const { size } = host.type;
    this.rows = rows;
    this.#host = host;
    this.#inputsLength = rows * inputs;
    this.#targetsLength = rows * (isSparse ? 1 : layers.at(-1)!.units);
    this.#block = new Block(host.heap, SAMPLES_SIZE + (this.#inputsLength + this.#targetsLength) * size);
    this.samplesAddress = this.#block.address;
    this.inputsAddress = this.samplesAddress + SAMPLES_SIZE;
    this.targetsAddress = this.inputsAddress + this.#inputsLength * size;
    writeSamples(host.heap, this.samplesAddress, this, 0);
  }

  inputs(): FloatArray {
    return this.#host.type.view(this.#host.heap.buffer, this.inputsAddress, this.#inputsLength);
  }

  targets(): FloatArray {
    return this.#host.type.view(this.#host.heap.buffer, this.targetsAddress, this.#targetsLength);
  }

  dispose(): void {
    this.#block.dispose();
  }
}

// The byte offsets of assembly/training.ts's Run, and of the Samples that this file puts behind it.
const RUN = {
  samples: 0,
  batchSize: 4,
  epochs: 8,
  losses: 12,
  learningRate: 16,
  lossSum: 24,
  epoch: 40,
  row: 44,
  batchEnd: 48,
  diverged: 52,
};
const RUN_SAMPLES = 64;
const RUN_SIZE = 128;

class WasmRun implements Run {
  readonly #host: Host;
  readonly #network: Address;
  readonly #options: RunOptions;
  readonly #rows: number;
  readonly #block: Block;
  readonly #losses: Address;
  readonly #order: Address;

  constructor(host: Host, network: Address, options: RunOptions) {
    const { rows } = options.dataset;
    this.#host = host;
    this.#network = network;
    this.#options = options;
    this.#rows = rows;
    this.#block = new Block(host.heap, RUN_SIZE + 8 * options.epochs + (options.ordered ? 4 * rows : 0));
    this.#losses = this.#block.address + RUN_SIZE;
    this.#order = options.ordered ? this.#losses + 8 * options.epochs : 0;
    if (options.ordered) this.order().set(Uint32Array.from({ length: rows }, (_, i) => i));
    this.#writeState(options.dataset as WasmDataset);
  }

  get epoch(): number {
    return this.#read(RUN.epoch);
  }

  get row(): number {
    return this.#read(RUN.row);
  }

  get midStep(): boolean {
    return this.row !== this.#read(RUN.batchEnd);
  }

  get diverged(): boolean {
    return this.#read(RUN.diverged) !== 0;
  }

  losses(): Float64Array {
    return new Float64Array(this.#host.heap.buffer, this.#losses, this.#options.epochs);
  }

  order(): Uint32Array {
    return new Uint32Array(this.#host.heap.buffer, this.#order, this.#rows);
  }

  advance(microbatches: number): number {
    return this.#host.kernels.train(this.#network, this.#block.address, microbatches);
  }

  seek(epoch: number, row: number): void {
    const view = new DataView(this.#host.heap.buffer, this.#block.address);
    view.setUint32(RUN.epoch, epoch, true);
    view.setUint32(RUN.row, row, true);
    view.setUint32(RUN.batchEnd, row, true);
    view.setUint32(RUN.diverged, 0, true);
    view.setFloat64(RUN.lossSum, 0, true);
  }

  dispose(): void {
    this.#block.dispose();
  }

  #writeState(dataset: WasmDataset): void {
    const { batchSize, epochs, learningRate } = this.#options;
    const samples = this.#block.address + RUN_SAMPLES;
    const view = new DataView(this.#host.heap.buffer, this.#block.address);
    view.setUint32(RUN.samples, samples, true);
    view.setUint32(RUN.batchSize, batchSize, true);
    view.setUint32(RUN.epochs, epochs, true);
    view.setUint32(RUN.losses, this.#losses, true);
    view.setFloat64(RUN.learningRate, learningRate, true);
    writeSamples(this.#host.heap, samples, dataset, this.#order);
  }

  #read(offset: number): number {
    return new DataView(this.#host.heap.buffer).getUint32(this.#block.address + offset, true);
  }
}

/** The 16 bytes of assembly/training.ts's Samples. */
function writeSamples(heap: Heap, address: Address, dataset: WasmDataset, order: Address): void {
  const words = [dataset.inputsAddress, dataset.targetsAddress, order, dataset.rows];
  new Uint32Array(heap.buffer, address, words.length).set(words);
}
