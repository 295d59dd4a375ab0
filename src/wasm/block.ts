import { BackpropError } from "../errors.js";
import { endSlice, type Work } from "../work.js";
import type { Address } from "./core.js";
import type { Heap } from "./heap.js";

/** Frees blocks that were garbage-collected without being disposed. */
const abandoned = new FinalizationRegistry<{ heap: Heap; address: Address }>(({ heap, address }) =>
  heap.free(address),
);

/** How often to let the event loop run. Engines free the blocks one to three tasks after the collection. */
const TASKS = 5;

/**
 * The result of `allocate`. If memory is short, lets the event loop run, so that blocks of garbage-collected objects
 * are freed, and tries again.
 *
 * @throws BackpropError `outOfMemory`.
 */
export function* allocateWhenFreed<T>(allocate: () => T): Work<T> {
  for (let tasks = 0; tasks < TASKS; tasks++) {
    try {
      return allocate();
    } catch (error) {
      if (!(error instanceof BackpropError && error.code === "outOfMemory")) throw error;
    }
    endSlice();
    yield;
  }
  return allocate();
}

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
