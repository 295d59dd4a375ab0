// The same rows and the same initial parameters for every engine, from a seeded stream.

import { type NumpyRandom, numpyRandom } from "backprop-wasm";
import type { Work } from "./works.js";

export interface Samples {
  readonly rows: number;
  /** [rows, inputs] */
  readonly inputs: Float64Array;
  /** [rows, outputs] */
  readonly targets: Float64Array;
}

const SAMPLES_SEED = 1;
const PARAMETERS_SEED = 2;
const ORDER_SEED = 3;

/** More than one, since engines may keep a batch prepared that is all of the data. */
const BATCHES = 2;

const XOR: Samples = {
  rows: 4,
  inputs: Float64Array.of(0, 0, 0, 1, 1, 0, 1, 1),
  targets: Float64Array.of(0, 1, 1, 0),
};

/** XOR's four rows, or normal inputs with random one-hot targets: some batches, where the number of rows is not given. */
export function createSamples({ sizes, batch, loss }: Work, rows = BATCHES * batch): Samples {
  if (loss === "meanSquaredError") return XOR;
  const random = numpyRandom(SAMPLES_SEED);
  const inputs = random.randn(rows, sizes[0]!);
  return { rows, inputs, targets: oneHot(random, rows, sizes.at(-1)!) };
}

function oneHot(random: NumpyRandom, rows: number, classes: number): Float64Array {
  const targets = new Float64Array(rows * classes);
  random.rand(rows).forEach((u, row) => {
    targets[row * classes + Math.floor(u * classes)] = 1;
  });
  return targets;
}

export function createOrder(rows: number): Uint32Array {
  return numpyRandom(ORDER_SEED).permutation(rows);
}

/** Laid as the engines lay them: kernel, then bias, layer by layer; uniform within ±1/√inputs. */
export function createParameters({ sizes }: Work): Float64Array {
  const random = numpyRandom(PARAMETERS_SEED);
  const layers = sizes.slice(1).map((units, i) => {
    const inputs = sizes[i]!;
    const bound = 1 / Math.sqrt(inputs);
    return random.uniform(-bound, bound, inputs + 1, units);
  });
  return Float64Array.from(layers.flatMap((layer) => Array.from(layer)));
}
