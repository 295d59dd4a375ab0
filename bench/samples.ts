// Creates the rows and the initial parameters of a workload. They come from a seeded stream, so all engines and peers get the
// same ones. All are float32 numbers, so both dtypes start with the same values.

import { numpyRandom } from "backprop-wasm";
import type { Workload } from "./workloads.js";

export interface SampleRows {
  readonly rows: number;
  /** [rows, inputs] */
  readonly inputs: Float32Array;
  /** [rows, outputs] */
  readonly targets: Float32Array;
}

const SAMPLES_SEED = 1;
const PARAMETERS_SEED = 2;

/** More than one, because some trainers keep a prepared batch if it is the whole data set. */
const BATCHES = 2;

const XOR: SampleRows = {
  rows: 4,
  inputs: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1),
  targets: Float32Array.of(0, 1, 1, 0),
};

/**
 * The four rows of XOR, or normally distributed inputs, with one-hot targets or, if the output layer is linear, normally
 * distributed ones. Default: the rows of two batches.
 */
export function createSamples(
  workload: Workload,
  rows = workload.rows ?? BATCHES * workload.batch,
): SampleRows {
  const { sizes, layers } = workload;
  const { activation } = layers.at(-1)!;
  if (activation === "sigmoid") return XOR;
  const random = numpyRandom(SAMPLES_SEED);
  const normal = (columns: number) => Float32Array.from(random.randn(rows, columns));
  const inputs = normal(sizes[0]!);
  const outputs = sizes.at(-1)!;
  return { rows, inputs, targets: activation === "linear" ? normal(outputs) : oneHot(rows, outputs) };
}

/** Row i has class i modulo `classes`, so a batch of at least `classes` rows contains every class. */
function oneHot(rows: number, classes: number): Float32Array {
  const targets = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) targets[row * classes + (row % classes)] = 1;
  return targets;
}

/** Layer by layer, the kernel and then the bias, as the engines store them. Uniform within ±1/√inputs. */
export function createParameters({ sizes }: Workload): Float32Array {
  const random = numpyRandom(PARAMETERS_SEED);
  const layers = sizes.slice(1).map((units, i) => {
    const inputs = sizes[i]!;
    const bound = 1 / Math.sqrt(inputs);
    return random.uniform(-bound, bound, inputs + 1, units);
  });
  return Float32Array.from(layers.flatMap((layer) => Array.from(layer)));
}
