import type { Address } from "../../core.js";
import type { Heap } from "../../memory.js";
import type { Dataset, FloatArray, NetworkDescription } from "../engine.js";
import { Block } from "./block.js";
import type { Host } from "./host.js";
import { View } from "./view.js";

const SAMPLES_SIZE = 64;

/** One block: Samples, then the inputs, then the targets. */
export class WasmDataset implements Dataset {
  readonly rows: number;
  readonly samplesAddress: Address;
  readonly inputsAddress: Address;
  readonly targetsAddress: Address;
  readonly #inputs: View;
  readonly #targets: View;
  readonly #block: Block;

  constructor(host: Host, { inputs, layers, loss }: NetworkDescription, rows: number) {
    const isSparse = loss.name === "sparseCategoricalCrossentropy";
    const { size } = host.type;
    this.rows = rows;
    const inputsLength = rows * inputs;
    const targetsLength = rows * (isSparse ? 1 : layers.at(-1)!.units);
    this.#block = new Block(host.heap, SAMPLES_SIZE + (inputsLength + targetsLength) * size);
    this.samplesAddress = this.#block.address;
    this.inputsAddress = this.samplesAddress + SAMPLES_SIZE;
    this.targetsAddress = this.inputsAddress + inputsLength * size;
    this.#inputs = new View(host, this.inputsAddress, inputsLength);
    this.#targets = new View(host, this.targetsAddress, targetsLength);
    writeSamples(host.heap, this.samplesAddress, this, 0);
  }

  inputs(): FloatArray {
    return this.#inputs.array;
  }

  targets(): FloatArray {
    return this.#targets.array;
  }

  dispose(): void {
    this.#block.dispose();
  }
}

/** The 16 bytes of assembly/microbatch.ts's Samples. */
export function writeSamples(heap: Heap, address: Address, dataset: WasmDataset, order: Address): void {
  const words = [dataset.inputsAddress, dataset.targetsAddress, order, dataset.rows];
  new Uint32Array(heap.buffer, address, words.length).set(words);
}
