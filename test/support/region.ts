// Linear memory for the kernels under test. Every tensor is between guards: a pattern that kernels must not change.

import type { DType, FloatArray } from "../../src/dtype.js";
import type { Assembly } from "./compile.js";

/** The guard pattern: numbers of these bytes that no kernel computes by chance. */
const GUARD_BYTE = 0x7b;

/** Allocates tensors of one dtype in the memory of an instance. */
export class Region {
  readonly #memory: WebAssembly.Memory;
  readonly #dtype: DType;
  readonly #begin: number;
  #end: number;

  constructor({ exports, memory }: Assembly, dtype: DType) {
    this.#memory = memory;
    this.#dtype = dtype;
    this.#begin = Math.ceil(exports.heap_base() / 64) * 64;
    this.#end = this.#begin;
    if (memory.buffer.byteLength < 2 ** 26) memory.grow((2 ** 26 - memory.buffer.byteLength) / 65536);
  }

  /** Removes all tensors, and fills their memory with guards. */
  clear(): void {
    new Uint8Array(this.#memory.buffer, this.#begin, this.#end - this.#begin + 256).fill(GUARD_BYTE);
    this.#end = this.#begin;
  }

  /** Allocates a tensor that is filled with guards, and one cache line of guards on each side. */
  allocate(length: number): number {
    const address = this.#end + 64;
    const size = this.#dtype === "float32" ? 4 : 8;
    this.#end = address + Math.ceil((length * size) / 64) * 64 + 64;
    new Uint8Array(this.#memory.buffer, address - 64, this.#end - address + 64).fill(GUARD_BYTE);
    return address;
  }

  /** Allocates a tensor with these values. */
  put(values: ArrayLike<number>): number {
    const address = this.allocate(values.length);
    this.view(address, values.length).set(values);
    return address;
  }

  /** Puts a tensor at the end of memory: reading past it traps. */
  putLast(values: ArrayLike<number>): number {
    const address = this.#memory.buffer.byteLength - values.length * (this.#dtype === "float32" ? 4 : 8);
    this.view(address, values.length).set(values);
    return address;
  }

  /** Allocates an array of u32. */
  putWords(words: Uint32Array): number {
    const address = this.allocate(words.length);
    new Uint32Array(this.#memory.buffer, address, words.length).set(words);
    return address;
  }

  /** A live view of a tensor. */
  view(address: number, length: number): FloatArray {
    return this.#dtype === "float32"
      ? new Float32Array(this.#memory.buffer, address, length)
      : new Float64Array(this.#memory.buffer, address, length);
  }

  /** A copy of the tensor with its guard bands. */
  guarded(address: number, length: number): FloatArray {
    const guards = this.#dtype === "float32" ? 16 : 8;
    return this.view(address - 64, length + 2 * guards).slice();
  }
}

/** The guard pattern as a number, and how many guards are on each side of a tensor. */
export function guardOf(dtype: DType): { guard: number; guards: number } {
  const bytes = new Uint8Array(8).fill(GUARD_BYTE).buffer;
  return dtype === "float32"
    ? { guard: new Float32Array(bytes)[0]!, guards: 16 }
    : { guard: new Float64Array(bytes)[0]!, guards: 8 };
}
