import type { Address } from "../../core.js";
import { BackpropError } from "../../errors.js";
import type { FloatArray, Model, NetworkDescription, Run, RunOptions } from "../engine.js";
import { Block } from "./block.js";
import { WasmDataset } from "./dataset.js";
import { writeDescription } from "./description.js";
import type { Host } from "./host.js";
import { WasmRun } from "./run.js";

/** A network laid out by the core in one block of linear memory. */
export class WasmModel implements Model {
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
      const size = core.network_size(written.address);
      if (size === 0) throw wrongVersion();
      this.#block = new Block(heap, Math.max(size, kernelSize(host, description)));
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
    try {
      kernels.predict(this.#block.address, dataset.inputsAddress, dataset.rows, block.address);
      predictions.set(type.view(heap.buffer, block.address, predictions.length));
    } finally {
      block.dispose();
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

/** At least the bytes of the kernels, in numbers that do not wrap around where the core's 64 bits would. */
function kernelSize({ type }: Host, { inputs, layers }: NetworkDescription): number {
  return layers.reduce((sum, { units }, i) => sum + (layers[i - 1]?.units ?? inputs) * units * type.size, 0);
}

function wrongVersion(): BackpropError {
  return new BackpropError(
    "coreUnavailable",
    "The WebAssembly core that was loaded belongs to another version of this library. Serve the core.wasm that lies " +
      "beside this one.",
  );
}
