import type { Address, Core, CoreExports } from "../../core.js";
import type { Heap } from "../../memory.js";
import type { DType, FloatArray } from "../engine.js";

interface Kernels {
  readonly train: CoreExports["train_f32"];
  readonly predict: CoreExports["predict_f32"];
  readonly evaluate: CoreExports["evaluate_f32"];
  readonly computeGradients: CoreExports["compute_gradients_f32"];
  readonly update: CoreExports["update_f32"];
  readonly teamSize: CoreExports["team_size_f32"];
  readonly layTeam: CoreExports["team_lay_f32"];
  readonly work: CoreExports["team_work_f32"];
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
      teamSize: core.team_size_f32,
      layTeam: core.team_lay_f32,
      work: core.team_work_f32,
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
      teamSize: core.team_size_f64,
      layTeam: core.team_lay_f64,
      work: core.team_work_f64,
    }),
    view: (buffer, address, length) => new Float64Array(buffer, address, length),
  },
};

/** What every part of a model needs: the core, its memory, and the dtype's kernels and views. */
export interface Host {
  readonly core: Core;
  readonly heap: Heap;
  readonly dtype: DType;
  readonly type: ElementType;
  readonly kernels: Kernels;
}
