import { StructView } from "../abi/struct.js";
import { ElementTypeNumber, SamplesStruct } from "../abi/structs.js";
import type { FloatArray } from "../dtype.js";
import { Block } from "./block.js";
import type { Address } from "./core.js";
import type { Host } from "./host.js";
import { View } from "./view.js";

const ALIGNMENT = 64;

/** Columns of the inputs and of the targets. */
export interface SampleWidths {
  readonly inputs: number;
  readonly targets: number;
}

const HEAD = Math.ceil(SamplesStruct.size / ALIGNMENT) * ALIGNMENT;

/**
 * Samples in linear memory. One block holds the struct, the inputs and the targets; the caller fills the views. With
 * `from`, the block holds the struct alone: the samples are `rows` rows of that, from row `begin` on.
 */
export class Samples {
  readonly rows: number;
  readonly address: Address;
  readonly widths: SampleWidths;
  readonly host: Host;
  readonly #from: Samples | undefined;
  /** How many slices of these samples are not disposed. */
  #slices = 0;
  #isDisposed = false;
  readonly #inputs: View;
  readonly #targets: View;
  readonly #block: Block;
  readonly #struct: StructView<typeof SamplesStruct>;

  constructor(host: Host, widths: SampleWidths, rows: number, from?: Samples, begin = 0) {
    const { heap, type } = host;
    const rowBytes = { inputs: widths.inputs * type.size, targets: widths.targets * type.size };
    this.host = host;
    this.#from = from;
    this.rows = rows;
    this.widths = widths;
    this.#block = new Block(heap, HEAD + (from ? 0 : rows * (rowBytes.inputs + rowBytes.targets)));
    this.address = this.#block.address;
    const stored = from ? from.#struct.get("inputs") : this.address + HEAD;
    const storedTargets = from ? from.#struct.get("targets") : stored + rows * rowBytes.inputs;
    const inputs = stored + begin * rowBytes.inputs;
    const targets = storedTargets + begin * rowBytes.targets;
    this.#inputs = new View(host, inputs, rows * widths.inputs);
    this.#targets = new View(host, targets, rows * widths.targets);
    this.#struct = new StructView(SamplesStruct, heap, this.address);
    this.#struct.set({ inputs, targets, rows, elementType: ElementTypeNumber.Own, scale: 1 });
  }

  /** Rows `begin` … `end` − 1, in the same memory, which stays until they are disposed. */
  slice(begin: number, end: number): Samples {
    const slice = new Samples(this.host, this.widths, end - begin, this, begin);
    this.#slices++;
    return slice;
  }

  /** Whether they are in the memory of other samples. */
  get isSlice(): boolean {
    return this.#from !== undefined;
  }

  /** Row-major [rows, inputs]. */
  inputs(): FloatArray {
    return this.#inputs.array;
  }

  /** Row-major [rows, outputs]; [rows] for a loss that takes labels. */
  targets(): FloatArray {
    return this.#targets.array;
  }

  /** Sets the address of the order in which rows are taken, u32 [rows]; 0: as they are stored. */
  setOrder(order: Address): void {
    this.#struct.set({ order });
  }

  /** Frees the memory: at once, or when the last slice of it is disposed. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#slices === 0) this.#free();
  }

  #free(): void {
    this.#block.dispose();
    const from = this.#from;
    if (!from) return;
    from.#slices--;
    if (from.#isDisposed && from.#slices === 0) from.#free();
  }
}
