import type { Address } from "../../core.js";
import { BackpropError } from "../../errors.js";
import type { FloatArray, Model, NetworkDescription, Run, RunOptions } from "../engine.js";
import { Block } from "./block.js";
import { WasmDataset } from "./dataset.js";
import { writeDescription } from "./description.js";
import type { Host } from "./host.js";
import { WasmRun } from "./run.js";
import { Team } from "./team.js";

/** How many rows are predicted in one call: as many as the core takes through the layers together. */
const PREDICTED_ROWS = 128;

/** One block: a network laid out by the core, then room for the predictions of a call. */
export class WasmModel implements Model {
  readonly parameterCount: number;
  readonly #host: Host;
  readonly #description: NetworkDescription;
  readonly #block: Block;
  readonly #parameters: Address;
  readonly #gradients: Address;
  readonly #predictions: Address;
  readonly #threads: number;
  #team: Team | undefined;

  constructor(host: Host, description: NetworkDescription, threads: number) {
    const { heap, type } = host;
    const core = host.core.exports;
    const outputs = description.layers.at(-1)!.units;
    const written = writeDescription(host, description);
    try {
      const size = core.network_size(written.address);
      if (size === 0) throw wrongVersion();
      const ownSize = Math.max(size, kernelSize(host, description));
      this.#block = new Block(heap, ownSize + PREDICTED_ROWS * outputs * type.size);
      this.#predictions = this.#block.address + ownSize;
      core.network_lay(this.#block.address, written.address);
    } finally {
      written.dispose();
    }
    this.#host = host;
    this.#description = description;
    this.#threads = threads;
    this.#parameters = core.network_parameters(this.#block.address) >>> 0;
    this.#gradients = core.network_gradients(this.#block.address) >>> 0;
    this.parameterCount = core.network_parameter_count(this.#block.address) >>> 0;
  }

  parameters(): FloatArray {
    return this.#view(this.#parameters, this.parameterCount);
  }

  gradients(): FloatArray {
    return this.#view(this.#gradients, this.parameterCount);
  }

  createDataset(rows: number): WasmDataset {
    return new WasmDataset(this.#host, this.#description, rows);
  }

  predict(dataset: WasmDataset, predictions: FloatArray): void {
    const { kernels, type } = this.#host;
    const inputsSize = this.#description.inputs * type.size;
    const outputs = predictions.length / dataset.rows;
    for (let row = 0; row < dataset.rows; row += PREDICTED_ROWS) {
      const rows = Math.min(PREDICTED_ROWS, dataset.rows - row);
      const inputs = dataset.inputsAddress + row * inputsSize;
      kernels.predict(this.#block.address, inputs, rows, this.#predictions);
      predictions.set(this.#view(this.#predictions, rows * outputs), row * outputs);
    }
  }

  evaluate(dataset: WasmDataset): number {
    return this.#host.kernels.evaluate(this.#block.address, dataset.samplesAddress);
  }

  computeGradients(dataset: WasmDataset): number {
    return this.#host.kernels.computeGradients(this.#block.address, dataset.samplesAddress);
  }

  update(learningRate: number): boolean {
    return this.#host.kernels.update(this.#block.address, learningRate) !== 0;
  }

  /** With threads, the first run starts them; nothing waits for them, for they join in whenever they come. */
  createRun(options: RunOptions): Run {
    if (this.#threads > 1) {
      this.#team ??= new Team(this.#host, this.#block, this.#threads - 1);
      this.#team.requireSound();
    }
    return new WasmRun(this.#host, this.#block.address, options);
  }

  dispose(): void {
    this.#team?.dispose();
    this.#block.dispose();
  }

  #view(address: Address, length: number): FloatArray {
    return this.#host.type.view(this.#host.heap.buffer, address, length);
  }
}

/** At least the bytes of the kernels, in numbers that do not wrap around where the core's 64 bits would. */
function kernelSize({ type }: Host, { inputs, layers }: NetworkDescription): number {
  return layers.reduce((sum, { units }, i) => sum + (layers[i - 1]?.units ?? inputs) * units * type.size, 0);
}

function wrongVersion(): BackpropError {
  return new BackpropError(
    "coreUnavailable",
    "The WebAssembly core that was loaded belongs to another version of this library. Serve the cores that came with " +
      "this one.",
  );
}
