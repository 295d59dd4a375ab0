import type { Address, CoreExports } from "../../core.js";
import type { Heap } from "../../memory.js";
import type { DType, FloatArray } from "../engine.js";

interface Kernels {
  readonly train: CoreExports["train_f32"];
  readonly predict: CoreExports["predict_f32"];
  readonly evaluate: CoreExports["evaluate_f32"];
  readonly computeGradients: CoreExports["compute_gradients_f32"];
  readonly update: CoreExports["update_f32"];
}

interface ElementType {
  readonly size: number;
  readonly kernels: (core: CoreExports) => Kernels;
  readonly view: (buffer: ArrayBuffer, address: Address, length: number) => FloatArray;
}

export const ELEMENT_TYPES: Record<DType, ElementType> = {
  float32: {
    size: 4,
    kernels: (core) => ({
      train: core.train_f32,
      predict: core.predict_f32,
      evaluate: core.evaluate_f32,
      computeGradients: core.compute_gradients_f32,
      update: core.update_f32,
    }),
    view: (buffer, address, length) => new Float32Array(buffer, address, length),
  },
  float64: {
    size: 8,
    kernels: (core) => ({
      train: core.train_f64,
      predict: core.predict_f64,
      evaluate: core.evaluate_f64,
      computeGradients: core.compute_gradients_f64,
      update: core.update_f64,
    }),
    view: (buffer, address, length) => new Float64Array(buffer, address, length),
  },
};

/** What every part of a model needs: the core, its memory, and the dtype's kernels and views. */
export interface Host {
  readonly core: CoreExports;
  readonly heap: Heap;
  readonly type: ElementType;
  readonly kernels: Kernels;
}
