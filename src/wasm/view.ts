import type { FloatArray } from "../dtype.js";
import type { Address } from "./core.js";
import type { Host } from "./host.js";

/**
 * A typed array over linear memory. It is created at the first use and kept until memory grows: creating one costs as
 * much as a small layer.
 */
export class View {
  readonly address: Address;
  readonly length: number;
  readonly #host: Host;
  #buffer: ArrayBuffer | undefined;
  #array: FloatArray | undefined;

  constructor(host: Host, address: Address, length: number) {
    this.#host = host;
    this.address = address;
    this.length = length;
  }

  get array(): FloatArray {
    const { heap, type } = this.#host;
    if (this.#array && heap.buffer === this.#buffer) return this.#array;
    this.#buffer = heap.buffer;
    this.#array = type.view(this.#buffer, this.address, this.length);
    return this.#array;
  }
}
