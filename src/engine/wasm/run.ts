import type { Address } from "../../core.js";
import type { Run, RunOptions } from "../engine.js";
import { Block } from "./block.js";
import { type WasmDataset, writeSamples } from "./dataset.js";
import type { Host } from "./host.js";

// The byte offsets of assembly/training.ts's Run, and of the Samples that this file puts behind it.
const RUN = {
  samples: 0,
  batchSize: 4,
  epochs: 8,
  losses: 12,
  learningRate: 16,
  epoch: 40,
  row: 44,
  diverged: 52,
};
const RUN_SAMPLES = 64;
const RUN_SIZE = 128;

export class WasmRun implements Run {
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
    this.#writeState(options.dataset as WasmDataset);
  }

  get epoch(): number {
    return this.#read(RUN.epoch);
  }

  get row(): number {
    return this.#read(RUN.row);
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
    return this.#host.kernels.train(this.#network, this.#block.address, microbatches) >>> 0;
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
