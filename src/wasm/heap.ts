// Allocates blocks of linear memory for networks and data. The only file that grows memory.

import { BackpropError } from "../errors.js";
import { reasonOf } from "../show.js";
import type { Address, Core } from "./core.js";

const PAGE = 65536;
const ALIGNMENT = 64;
/** One page less than 4 GiB: the end of a block at 4 GiB would be address 0. */
const ADDRESS_SPACE = 2 ** 32 - PAGE;

interface FreeBlock {
  address: Address;
  size: number;
}

/**
 * A first-fit allocator for the core's memory from its heap base up. Free blocks are sorted by address and merged with
 * adjacent ones, so that creating and disposing the same objects repeatedly needs no new memory.
 */
export class Heap {
  readonly #memory: WebAssembly.Memory;
  readonly #free: FreeBlock[] = [];
  readonly #sizes = new Map<Address, number>();
  #buffer: ArrayBuffer;
  #end: number;

  constructor({ exports, memory }: Pick<Core, "exports" | "memory">) {
    this.#memory = memory;
    this.#buffer = memory.buffer as ArrayBuffer;
    this.#end = roundUp(exports.heap_base() >>> 0, ALIGNMENT);
  }

  /**
   * The memory's current buffer. Growing replaces it and detaches the old one, so that older views become empty. The
   * buffer of a shared memory is a SharedArrayBuffer: it is replaced too, but older views stay valid.
   */
  get buffer(): ArrayBuffer {
    // Cached, because the getter of WebAssembly.Memory is slow.
    const isDetached = this.#buffer.byteLength === 0;
    if (isDetached) this.#buffer = this.#memory.buffer as ArrayBuffer;
    return this.#buffer;
  }

  /**
   * Allocates `bytes` zeroed bytes and returns their address, a multiple of 64.
   *
   * @throws BackpropError `outOfMemory` if linear memory cannot grow that far.
   */
  allocate(bytes: number): Address {
    const size = roundUp(Math.max(bytes, 1), ALIGNMENT);
    const usedUntil = this.#end;
    const address = this.#takeFree(size) ?? this.#extend(size);
    this.#sizes.set(address, size);
    // Memory that was never allocated before is zero already.
    new Uint8Array(this.buffer, address, Math.min(size, usedUntil - address)).fill(0);
    return address;
  }

  /** Frees a block that `allocate` returned. */
  free(address: Address): void {
    const size = this.#sizes.get(address);
    if (size === undefined) return;
    this.#sizes.delete(address);
    const next = this.#free.findIndex((block) => block.address > address);
    const index = next < 0 ? this.#free.length : next;
    this.#free.splice(index, 0, { address, size });
    this.#mergeWithNext(index);
    if (index > 0) this.#mergeWithNext(index - 1);
  }

  #takeFree(size: number): Address | undefined {
    const index = this.#free.findIndex((block) => block.size >= size);
    const block = this.#free[index];
    if (!block) return undefined;
    const { address } = block;
    block.address += size;
    block.size -= size;
    if (block.size === 0) this.#free.splice(index, 1);
    return address;
  }

  #extend(size: number): Address {
    const last = this.#free.at(-1);
    const reusesLast = last !== undefined && last.address + last.size === this.#end;
    const address = reusesLast ? last.address : this.#end;
    this.#growTo(address + size);
    if (reusesLast) this.#free.pop();
    this.#end = address + size;
    return address;
  }

  #growTo(end: number): void {
    const size = this.buffer.byteLength;
    if (end <= size) return;
    if (end > ADDRESS_SPACE) throw cannotGrow(size, end, "WebAssembly's addresses end at 4 GiB");
    try {
      this.#memory.grow(Math.ceil((end - size) / PAGE));
    } catch (cause) {
      const limit = `the engine's limit of pages, or the system's memory, is reached (${reasonOf(cause)})`;
      throw cannotGrow(size, end, limit, cause);
    }
    // The getter above would not notice the growth of a shared memory, whose old buffer is not detached.
    this.#buffer = this.#memory.buffer as ArrayBuffer;
  }

  #mergeWithNext(index: number): void {
    const block = this.#free[index];
    const next = this.#free[index + 1];
    if (!block || !next || block.address + block.size !== next.address) return;
    block.size += next.size;
    this.#free.splice(index + 1, 1);
  }
}

function cannotGrow(size: number, end: number, limit: string, cause?: unknown): BackpropError {
  return new BackpropError(
    "outOfMemory",
    `Linear memory cannot grow to ${end} bytes: it has ${size}, and ${limit}. Call dispose() on networks that are no longer ` +
      "needed: without dispose(), a network keeps its memory until it is garbage-collected and the event loop has run. " +
      "Or use a smaller network, fewer rows or fewer epochs at a time.",
    cause === undefined ? {} : { cause },
  );
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
