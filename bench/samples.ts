// The same rows and the same initial parameters for every engine and every peer, from a seeded stream. All are float32
// numbers, so that both dtypes start from the same values.

import { numpyRandom } from "backprop-wasm";
import type { Work } from "./works.js";

export interface SampleRows {
  readonly rows: number;
  /** [rows, inputs] */
  readonly inputs: Float32Array;
  /** [rows, outputs] */
  readonly targets: Float32Array;
}

const SAMPLES_SEED = 1;
const PARAMETERS_SEED = 2;

/** More than one, because some trainers keep the prepared batch if it is the whole data set. */
const BATCHES = 2;

const XOR: SampleRows = {
  rows: 4,
  inputs: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1),
  targets: Float32Array.of(0, 1, 1, 0),
};

/** XOR's four rows, or normal inputs with one-hot targets; by default the rows of two batches. */
export function createSamples({ sizes, batch, loss }: Work, rows = BATCHES * batch): SampleRows {
  if (loss === "meanSquaredError") return XOR;
  const inputs = Float32Array.from(numpyRandom(SAMPLES_SEED).randn(rows, sizes[0]!));
  return { rows, inputs, targets: oneHot(rows, sizes.at(-1)!) };
}

/** The classes take turns, so that every batch of at least as many rows contains all of them. */
function oneHot(rows: number, classes: number): Float32Array {
  const targets = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) targets[row * classes + (row % classes)] = 1;
  return targets;
}

/** In the layout of the engines: kernel, then bias, layer by layer; uniform within ±1/√inputs. */
export function createParameters({ sizes }: Work): Float32Array {
  const random = numpyRandom(PARAMETERS_SEED);
  const layers = sizes.slice(1).map((units, i) => {
    const inputs = sizes[i]!;
    const bound = 1 / Math.sqrt(inputs);
    return random.uniform(-bound, bound, inputs + 1, units);
  });
  return Float32Array.from(layers.flatMap((layer) => Array.from(layer)));
}
