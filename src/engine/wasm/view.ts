import type { Address } from "../../core.js";
import type { FloatArray } from "../engine.js";
import type { Host } from "./host.js";

/** An array over linear memory, kept until memory has grown: making one takes as long as a small layer. */
export class View {
  readonly address: Address;
  readonly length: number;
  readonly #host: Host;
  #buffer: ArrayBuffer;
  #array: FloatArray;

  constructor(host: Host, address: Address, length: number) {
    this.address = address;
    this.length = length;
    this.#host = host;
    this.#buffer = host.heap.buffer;
    this.#array = host.type.view(this.#buffer, address, length);
  }

  get array(): FloatArray {
    const { heap, type } = this.#host;
    if (heap.buffer !== this.#buffer) {
      this.#buffer = heap.buffer;
      this.#array = type.view(this.#buffer, this.address, this.length);
    }
    return this.#array;
  }
}
