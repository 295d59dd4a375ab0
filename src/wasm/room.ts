import { Block } from "./block.js";
import type { Host } from "./host.js";
import { View } from "./view.js";

/** Room in linear memory for one array, whose length may differ at each use. */
export class Room {
  readonly #host: Host;
  #block: Block;
  #capacity: number;
  /** Kept, because most uses have the length of the previous use. */
  #view: View;

  /** Room for `capacity` numbers. More are allocated when they are needed. */
  constructor(host: Host, capacity: number) {
    this.#host = host;
    this.#capacity = capacity;
    this.#block = new Block(host.heap, capacity * host.type.size);
    this.#view = new View(host, this.#block.address, capacity);
  }

  /** An array of `length` numbers, which is not initialized. */
  take(length: number): View {
    if (length > this.#capacity) this.#grow(length);
    if (length !== this.#view.length) this.#view = new View(this.#host, this.#block.address, length);
    return this.#view;
  }

  dispose(): void {
    this.#block.dispose();
  }

  #grow(length: number): void {
    const larger = new Block(this.#host.heap, length * this.#host.type.size);
    this.#block.dispose();
    this.#block = larger;
    this.#capacity = length;
    this.#view = new View(this.#host, larger.address, length);
  }
}
