// An instance of the core with its own memory. Blocks of this memory are between guard bands.

import { readFile } from "node:fs/promises";
import { type FieldValues, type Struct, StructView } from "../../src/abi/struct.js";

/** All bytes outside the blocks. */
const GUARD_BYTE = 0x5a;

/** Pages of memory, 64 KiB each. */
const PAGES = 64;

/** A range of bytes that the core may use. */
export interface Block {
  readonly address: number;
  readonly size: number;
}

export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #exports: Record<string, (...values: number[]) => number>;
  readonly #begin: number;
  readonly #guard: Uint8Array;
  readonly #blocks: Block[] = [];
  #end: number;

  static async create(): Promise<Arena> {
    const bytes = await readFile(new URL("../../build/core.wasm", import.meta.url));
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
    return new Arena(instance.exports, memory);
  }

  private constructor(exports: WebAssembly.Exports, memory: WebAssembly.Memory) {
    this.#exports = exports as unknown as Record<string, (...values: number[]) => number>;
    this.memory = memory;
    this.#begin = Math.ceil(this.call("heap_base") / 64) * 64;
    this.#end = this.#begin;
    this.#guard = new Uint8Array(memory.buffer.byteLength).fill(GUARD_BYTE);
    new Uint8Array(memory.buffer).fill(GUARD_BYTE, this.#begin);
  }

  /** Calls any function of the core. */
  call(name: string, ...values: number[]): number {
    return this.#exports[name]!(...values);
  }

  /** Frees all blocks, and fills them with the guard pattern. */
  clear(): void {
    new Uint8Array(this.memory.buffer).fill(GUARD_BYTE, this.#begin, this.#end);
    this.#blocks.length = 0;
    this.#end = this.#begin;
  }

  /** Allocates zeroed bytes at a multiple of 64, with a guard band of at least 64 bytes on both sides. */
  allocate(size: number): number {
    const address = this.#end + 64;
    this.#blocks.push({ address, size });
    this.#end = Math.ceil((address + size) / 64) * 64;
    new Uint8Array(this.memory.buffer, address, size).fill(0);
    return address;
  }

  /** Allocates a struct and sets its fields. The other fields are 0. */
  put<S extends Struct>(struct: S, values: FieldValues<S>): StructView<S> {
    const view = new StructView(struct, this.memory, this.allocate(struct.size));
    view.set(values);
    return view;
  }

  /** Allocates an array of u32. */
  putWords(words: ArrayLike<number>): number {
    const address = this.allocate(4 * words.length);
    new Uint32Array(this.memory.buffer, address, words.length).set(words);
    return address;
  }

  /** Allocates an array of floats of `elementSize` bytes. */
  putFloats(values: ArrayLike<number>, elementSize: number): number {
    const address = this.allocate(elementSize * values.length);
    this.floats(address, values.length, elementSize).set(values);
    return address;
  }

  /** A live view of floats of `elementSize` bytes. */
  floats(address: number, length: number, elementSize: number): Float32Array | Float64Array {
    const Floats = elementSize === 4 ? Float32Array : Float64Array;
    return new Floats(this.memory.buffer, address, length);
  }

  /** A copy of the block at `address`. */
  copyOf(address: number): Uint8Array {
    const { size } = this.#blocks.find((block) => block.address === address)!;
    return new Uint8Array(this.memory.buffer, address, size).slice();
  }

  /** The address of a byte outside all blocks that has changed, or −1. */
  findIntrusion(): number {
    let begin = this.#begin;
    for (const { address, size } of [...this.#blocks, { address: this.memory.buffer.byteLength, size: 0 }]) {
      const found = this.#findChanged(begin, address);
      if (found >= 0) return found;
      begin = address + size;
    }
    return -1;
  }

  #findChanged(begin: number, end: number): number {
    const bytes = new Uint8Array(this.memory.buffer, begin, end - begin);
    if (Buffer.compare(bytes, this.#guard.subarray(begin, end)) === 0) return -1;
    return begin + bytes.findIndex((byte) => byte !== GUARD_BYTE);
  }
}
