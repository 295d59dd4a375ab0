// What of a fit's options and data decides its bits. A resumed fit must have the same conditions.

import { allocate } from "../dtype.js";
import type { Samples } from "../wasm/samples.js";
import { type FitPlan, shufflesRows } from "./options.js";
import { StreamReader } from "./stream.js";

/** Rows are compared by their number and by a hash of inputs, targets and weights. */
export interface FitConditions {
  /** Undefined for a stream whose items are one step each. */
  readonly batchSize?: number | undefined;
  readonly shuffle: boolean;
  /** Undefined for a stream, and so are the next three: its rows may come in another order each time. */
  readonly rows?: number | undefined;
  readonly inputs?: number | undefined;
  readonly targets?: number | undefined;
  /** Undefined if the rows have no weights. */
  readonly weights?: number | undefined;
  readonly validationRows?: number | undefined;
  readonly validationInputs?: number | undefined;
  readonly validationTargets?: number | undefined;
  readonly validationWeights?: number | undefined;
}

/** `samples`: the rows to train on; for a stream, the rows of its first item. */
export function conditionsOf(
  plan: FitPlan,
  samples: Samples,
  isStream: boolean,
  validation: Samples | StreamReader | undefined,
): FitConditions {
  const batchSize = isStream ? plan.batchSize : Math.min(plan.batchSize, samples.rows);
  const rows = isStream ? undefined : summaryOf(samples);
  const own = validation instanceof StreamReader ? undefined : validation && summaryOf(validation);
  return {
    batchSize: Number.isFinite(batchSize) ? batchSize : undefined,
    shuffle: shufflesRows(plan, samples.rows),
    ...rows,
    ...(own && {
      validationRows: own.rows,
      validationInputs: own.inputs,
      validationTargets: own.targets,
      validationWeights: own.weights,
    }),
  };
}

function summaryOf(samples: Samples): Pick<FitConditions, "rows" | "inputs" | "targets" | "weights"> {
  const weights = samples.weights();
  return {
    rows: samples.rows,
    inputs: hashOf(samples.stored(), samples, samples.format.byteScale),
    targets: hashOf(samples.targets(), samples),
    weights: weights && hashOf(weights, samples),
  };
}

/** Hashing all numbers would take longer than training a small network on them. */
const MAX_HASHED = 128;

/** A prime above 2^31: its multiples, modulo a smaller length, are in no regular relation to the columns. */
const STRIDE = 2_654_435_761;

/** MurmurHash3 (32 bits, without its last mix) of all numbers, or of 128 of them. */
function hashOf(values: ArrayLike<number>, { host }: Samples, scale = 1): number {
  const { length } = values;
  const picked = allocate(host.dtype, Math.min(length, MAX_HASHED));
  const step = STRIDE % length;
  let index = 0;
  for (let i = 0; i < picked.length; i++) {
    picked[i] = values[index]! * scale;
    index += step;
    if (index >= length) index -= length;
  }
  const words = new Uint32Array(picked.buffer);
  let hash = length;
  for (let i = 0; i < words.length; i++) {
    hash ^= Math.imul(rotate(Math.imul(words[i]!, 0xcc9e2d51), 15), 0x1b873593);
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0;
  }
  return hash >>> 0;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
