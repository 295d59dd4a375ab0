import type { Address } from "../../core.js";
import type { Heap } from "../../memory.js";

/** Frees the block of an object that was dropped without being disposed. */
const abandoned = new FinalizationRegistry<{ heap: Heap; address: Address }>(({ heap, address }) =>
  heap.free(address),
);

/** One block of linear memory, freed with its owner. */
export class Block {
  readonly address: Address;
  readonly #heap: Heap;

  constructor(heap: Heap, bytes: number) {
    this.#heap = heap;
    this.address = heap.allocate(bytes);
    abandoned.register(this, { heap, address: this.address }, this);
  }

  dispose(): void {
    abandoned.unregister(this);
    this.#heap.free(this.address);
  }
}
