import { BackpropError } from "../../errors.js";
import type { FloatArray, Model, NetworkDescription, Run, RunOptions } from "../engine.js";
import { Block } from "./block.js";
import { WasmDataset } from "./dataset.js";
import { writeDescription } from "./description.js";
import type { Host } from "./host.js";
import { WasmRun } from "./run.js";
import { Team } from "./team.js";
import { View } from "./view.js";

/** How many rows are predicted in one call: as many as the core takes through the layers together. */
const PREDICTED_ROWS = 128;

/** One block: a network laid out by the core, then room for the predictions of a call. */
export class WasmModel implements Model {
  readonly parameterCount: number;
  readonly #host: Host;
  readonly #description: NetworkDescription;
  readonly #block: Block;
  readonly #parameters: View;
  readonly #gradients: View;
  /** Of the last call: most have as many rows as the one before. */
  #predictions: View;
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
      this.#predictions = new View(host, this.#block.address + ownSize, outputs);
      core.network_lay(this.#block.address, written.address);
    } finally {
      written.dispose();
    }
    this.#host = host;
    this.#description = description;
    this.#threads = threads;
    this.parameterCount = core.network_parameter_count(this.#block.address) >>> 0;
    this.#parameters = new View(
      host,
      core.network_parameters(this.#block.address) >>> 0,
      this.parameterCount,
    );
    this.#gradients = new View(host, core.network_gradients(this.#block.address) >>> 0, this.parameterCount);
  }

  parameters(): FloatArray {
    return this.#parameters.array;
  }

  gradients(): FloatArray {
    return this.#gradients.array;
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
      const view = this.#predictionsOf(rows * outputs);
      kernels.predict(this.#block.address, inputs, rows, view.address);
      predictions.set(view.array, row * outputs);
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

  #predictionsOf(length: number): View {
    const { address, length: lastLength } = this.#predictions;
    if (length !== lastLength) this.#predictions = new View(this.#host, address, length);
    return this.#predictions;
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
