// The checked description of a network, which all other modules read.

import type { DType } from "./dtype.js";
import type { Layer } from "./layers/layers.js";
import type { PlacedParameter } from "./layers/stack.js";
import type { LossDescription } from "./losses.js";

/**
 * "strict": IEEE 754 operations in a fixed order: the same bits everywhere. "relaxed": a·b + c may be rounded once
 * instead of twice, which is faster on processors that can. Whether it is rounded once depends on processor and engine,
 * and so do the last bits of results.
 */
export type Numerics = "strict" | "relaxed";

/** The checked description of a network. */
export interface NetworkDescription {
  readonly dtype: DType;
  readonly numerics: Numerics;
  readonly inputs: number;
  readonly layers: readonly Layer[];
  readonly loss: LossDescription;
  /** The parameters of all layers in the order of the core. */
  readonly parameters: readonly PlacedParameter[];
  /** The buffers of all layers in the order of the core. */
  readonly buffers: readonly PlacedParameter[];
  /** Columns of the output. */
  readonly outputs: number;
}
