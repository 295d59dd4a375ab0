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

/** Samples in linear memory. One block holds the struct, the inputs and the targets; the caller fills the views. */
export class Samples {
  readonly rows: number;
  readonly address: Address;
  readonly #inputs: View;
  readonly #targets: View;
  readonly #block: Block;
  readonly #struct: StructView<typeof SamplesStruct>;

  constructor(host: Host, widths: SampleWidths, rows: number) {
    const { heap, type } = host;
    this.rows = rows;
    const head = Math.ceil(SamplesStruct.size / ALIGNMENT) * ALIGNMENT;
    const inputsLength = rows * widths.inputs;
    const targetsLength = rows * widths.targets;
    this.#block = new Block(heap, head + (inputsLength + targetsLength) * type.size);
    this.address = this.#block.address;
    const inputs = this.address + head;
    const targets = inputs + inputsLength * type.size;
    this.#inputs = new View(host, inputs, inputsLength);
    this.#targets = new View(host, targets, targetsLength);
    this.#struct = new StructView(SamplesStruct, heap, this.address);
    this.#struct.set({ inputs, targets, rows, elementType: ElementTypeNumber.Own, scale: 1 });
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

  dispose(): void {
    this.#block.dispose();
  }
}
