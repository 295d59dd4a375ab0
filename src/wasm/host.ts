// The core, its heap, and its functions and arrays for one dtype. Every class for objects in linear memory needs them.

import type { DType, FloatArray } from "../dtype.js";
import { type Address, type Core, type CoreExports, KERNEL_NAMES, type KernelName } from "./core.js";
import { Heap } from "./heap.js";

/** The core's functions for one dtype, under their names without its suffix. */
type Kernels = { readonly [N in KernelName]: CoreExports[`${N}_f32`] };

export interface ElementType {
  /** Bytes of a number. */
  readonly size: number;
  readonly suffix: "f32" | "f64";
  readonly view: (buffer: ArrayBuffer, address: Address, length: number) => FloatArray;
}

export const ELEMENT_TYPES: Record<DType, ElementType> = {
  float32: {
    size: 4,
    suffix: "f32",
    view: (buffer, address, length) => new Float32Array(buffer, address, length),
  },
  float64: {
    size: 8,
    suffix: "f64",
    view: (buffer, address, length) => new Float64Array(buffer, address, length),
  },
};

export interface Host {
  readonly core: Core;
  readonly heap: Heap;
  readonly dtype: DType;
  readonly type: ElementType;
  readonly kernels: Kernels;
}

const heaps = new WeakMap<Core, Heap>();

/** The heap of a core. There is one for each core, because it manages all of the core's memory. */
export function heapOf(core: Core): Heap {
  let heap = heaps.get(core);
  if (!heap) {
    heap = new Heap(core);
    heaps.set(core, heap);
  }
  return heap;
}

export function createHost(core: Core, dtype: DType): Host {
  const type = ELEMENT_TYPES[dtype];
  return { core, heap: heapOf(core), dtype, type, kernels: kernelsOf(core.exports, dtype) };
}

function kernelsOf(exports: CoreExports, dtype: DType): Kernels {
  const { suffix } = ELEMENT_TYPES[dtype];
  const kernels: Partial<Record<KernelName, unknown>> = {};
  for (const name of KERNEL_NAMES) kernels[name] = exports[`${name}_${suffix}`];
  return kernels as Kernels;
}
