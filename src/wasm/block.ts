import type { Address } from "./core.js";
import type { Heap } from "./heap.js";

/** Frees blocks that were garbage-collected without being disposed. */
const abandoned = new FinalizationRegistry<{ heap: Heap; address: Address }>(({ heap, address }) =>
  heap.free(address),
);

/** One block of linear memory. Freed by `dispose`, or when this object is garbage-collected. */
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
