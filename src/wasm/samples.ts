// Inputs, targets and weights of rows in linear memory.

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

/** How samples are stored. */
export interface SampleFormat {
  /** Whether each row has a weight. */
  readonly isWeighted: boolean;
  /** If the inputs are bytes: their factor. */
  readonly byteScale?: number;
}

/** Inputs in the network's dtype, and no weights. */
export const PLAIN: SampleFormat = { isWeighted: false };

export const WEIGHTED: SampleFormat = { isWeighted: true };

const HEAD = Math.ceil(SamplesStruct.size / ALIGNMENT) * ALIGNMENT;

/**
 * Samples in linear memory. One block holds the struct, the inputs, the targets and the weights; the caller fills the
 * views. With `from`, the samples are `rows` rows of `from`, starting at row `begin`, and the block holds only what
 * `from` lacks.
 */
export class Samples {
  readonly rows: number;
  readonly format: SampleFormat;
  readonly address: Address;
  readonly widths: SampleWidths;
  readonly host: Host;
  readonly #from: Samples | undefined;
  /** How many slices of these samples are not disposed. */
  #slices = 0;
  #isDisposed = false;
  readonly #inputs: View;
  readonly #targets: View;
  readonly #weights: View;
  readonly #block: Block;
  readonly #struct: StructView<typeof SamplesStruct>;

  constructor(
    host: Host,
    widths: SampleWidths,
    rows: number,
    format: SampleFormat,
    from?: Samples,
    begin = 0,
  ) {
    const { heap, type } = host;
    const { isWeighted, byteScale } = format;
    const isByte = byteScale !== undefined;
    const rowBytes = {
      inputs: widths.inputs * (isByte ? 1 : type.size),
      targets: widths.targets * type.size,
    };
    this.host = host;
    this.#from = from;
    this.rows = rows;
    this.format = format;
    this.widths = widths;
    const weightedFrom = from?.format.isWeighted ? from : undefined;
    const inputsSize = Math.ceil((rows * rowBytes.inputs) / ALIGNMENT) * ALIGNMENT;
    const size = from ? 0 : inputsSize + rows * rowBytes.targets;
    this.#block = new Block(heap, HEAD + size + (isWeighted && !weightedFrom ? rows * type.size : 0));
    this.address = this.#block.address;
    const stored = this.address + HEAD;
    const inputs = from ? from.#inputs.address + begin * rowBytes.inputs : stored;
    const targets = from ? from.#targets.address + begin * rowBytes.targets : stored + inputsSize;
    const weights = weightedFrom ? weightedFrom.#weights.address + begin * type.size : stored + size;
    // An empty view for bytes: their address may not be aligned for numbers.
    this.#inputs = new View(host, inputs, isByte ? 0 : rows * widths.inputs);
    this.#targets = new View(host, targets, rows * widths.targets);
    this.#weights = new View(host, weights, isWeighted ? rows : 0);
    this.#struct = new StructView(SamplesStruct, heap, this.address);
    this.#struct.set({
      inputs,
      targets,
      weights: isWeighted ? weights : 0,
      rows,
      elementType: isByte ? ElementTypeNumber.Byte : ElementTypeNumber.Own,
      scale: byteScale ?? 1,
    });
  }

  /**
   * Rows `begin` … `end` − 1, in the same memory, which is not freed before they are disposed. If these samples have no
   * weights, the slice may have its own.
   */
  slice(begin: number, end: number, isWeighted = this.format.isWeighted): Samples {
    const format = { ...this.format, isWeighted };
    const slice = new Samples(this.host, this.widths, end - begin, format, this, begin);
    this.#slices++;
    return slice;
  }

  /** Whether these samples use the memory of other samples. */
  get isSlice(): boolean {
    return this.#from !== undefined;
  }

  /** The inputs as they are stored, row-major [rows, inputs]: numbers, or bytes if the format has a `byteScale`. */
  stored(): FloatArray | Uint8Array {
    if (this.format.byteScale === undefined) return this.#inputs.array;
    return new Uint8Array(this.host.heap.buffer, this.#inputs.address, this.rows * this.widths.inputs);
  }

  /** Row-major [rows, outputs]; [rows] for a loss that takes labels. */
  targets(): FloatArray {
    return this.#targets.array;
  }

  /** [rows]; undefined if the rows have no weights. */
  weights(): FloatArray | undefined {
    return this.format.isWeighted ? this.#weights.array : undefined;
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
