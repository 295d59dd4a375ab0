import { beforeAll, describe, expect, it } from "vitest";
import { type DType, type FloatArray, LOSSES, type LossName } from "../src/index.js";
import { compileAssembly } from "./support/compile.js";
import { activationNumber, lossNumber } from "./support/enumNumbers.js";
import { DTYPES, firstDifference, floats, lanesOf, spread, wholeVectors } from "./support/floats.js";
import { guardOf, Region } from "./support/region.js";

type Round = (value: number) => number;

/** A sum of terms, and the magnitude that its rounding errors are relative to. 0: only the sum of terms is rounded. */
interface Sum {
  readonly sum: number;
  readonly scale: number;
}

/** A loss of single outputs. Each arithmetic operation is rounded to the dtype, Math functions are not. */
interface Formula {
  /** `x`: the output; for a fused loss, the logit. */
  term(x: number, t: number, parameter: number, round: Round): Sum;
  /**
   * `a`: the output; for a fused loss, the activation of the logit `x`. A Sum if it is computed by functions that round:
   * the error is relative to its scale.
   */
  gradient(a: number, t: number, parameter: number, round: Round, x: number): number | Sum;
}

type RowLoss = "categoricalCrossentropy" | "sparseCategoricalCrossentropy" | "kullbackLeibler";

/** The factor of the focal loss for a target t. */
const ALPHA = 0.25;

const timesLog = (factor: number, p: number) => (factor === 0 && p === 0 ? 0 : factor * Math.log(p));
const clipped = (a: number, clip: number, round: Round) => Math.min(Math.max(a, clip), round(1 - clip));

const FORMULAS: Record<Exclude<LossName, RowLoss>, Formula> = {
  meanSquaredError: {
    term(a, t, _parameter, round) {
      const e = round(a - t);
      return { sum: round(e * e), scale: 0 };
    },
    gradient: (a, t, _parameter, round) => round(2 * round(a - t)),
  },
  meanAbsoluteError: {
    term: (a, t, _parameter, round) => ({ sum: Math.abs(round(a - t)), scale: 0 }),
    gradient: (a, t) => (a === t ? 0 : Math.sign(a - t)),
  },
  huber: {
    term(a, t, delta, round) {
      const e = Math.abs(round(a - t));
      const square = round(0.5 * round(e * e));
      return { sum: e <= delta ? square : round(delta * round(e - round(0.5 * delta))), scale: 0 };
    },
    gradient(a, t, delta, round) {
      const e = round(a - t);
      return Math.abs(e) <= delta ? e : Math.sign(e) * delta;
    },
  },
  binaryCrossentropy: {
    term(a, t, clip, round) {
      const p = clipped(a, clip, round);
      const hit = timesLog(t, p);
      const miss = timesLog(round(1 - t), round(1 - p));
      return { sum: -(hit + miss), scale: Math.abs(hit) + Math.abs(miss) };
    },
    gradient(a, t, clip, round) {
      const p = clipped(a, clip, round);
      return p === t || a !== p ? 0 : round(round(p - t) / round(p * round(1 - p)));
    },
  },
  sigmoidCrossentropy: {
    term(z, t, _parameter, round) {
      const tail = Math.log1p(Math.exp(-Math.abs(z)));
      const sum = Math.max(z, 0) - round(t * z) + tail;
      return { sum, scale: Math.max(z, 0) + Math.abs(t * z) + tail };
    },
    gradient: (a, t, _parameter, round) => round(a - t),
  },
  poisson: {
    term(a, t, _parameter, round) {
      const log = timesLog(t, round(a + round(1e-8)));
      return { sum: a - log, scale: Math.abs(a) + Math.abs(log) };
    },
    gradient: (a, t, _parameter, round) => round(1 - round(t / round(a + round(1e-8)))),
  },
  hinge: {
    term: (a, t, _parameter, round) => ({ sum: Math.max(0, round(1 - round(t * a))), scale: 0 }),
    gradient: (a, t, _parameter, round) => (round(1 - round(t * a)) > 0 ? -t : 0),
  },
  logCosh: {
    term(a, t, _parameter, round) {
      const e = Math.abs(round(a - t));
      // Math.cosh overflows, and loses the digits of small errors.
      const sum = e > 1 ? e - Math.LN2 + Math.log1p(Math.exp(-2 * e)) : Math.log1p(2 * Math.sinh(e / 2) ** 2);
      return { sum, scale: 4 * sum };
    },
    gradient(a, t, _parameter, round) {
      const sum = Math.tanh(round(a - t));
      return { sum, scale: Math.abs(sum) };
    },
  },
  quantile: {
    term(a, t, parameter, round) {
      const e = round(a - t);
      return { sum: Math.max(round(round(1 - parameter) * e), -round(parameter * e)), scale: 0 };
    },
    gradient(a, t, parameter, round) {
      const e = round(a - t);
      return e > 0 ? round(1 - parameter) : e < 0 ? -parameter : 0;
    },
  },
  focal: {
    term(z, t, gamma) {
      const { weight, wrong, crossentropy } = focalParts(z, t);
      const sum = weight * wrong ** gamma * crossentropy;
      return { sum, scale: (8 + gamma * (4 - Math.log(wrong || 1))) * sum };
    },
    gradient(_a, t, gamma, _round, z) {
      const { weight, wrong, crossentropy } = focalParts(z, t);
      const right = sigmoidOf(z);
      const ratio = wrong === 0 ? 0 : (right * sigmoidOf(-z)) / wrong;
      const turn = gamma * crossentropy * (1 - 2 * t) * ratio;
      const factor = weight * wrong ** gamma;
      const slope = right * (1 - t) - sigmoidOf(-z) * t;
      const scale = (8 + gamma * (4 - Math.log(wrong || 1))) * factor * (Math.abs(slope) + Math.abs(turn));
      return { sum: factor * (slope + turn), scale };
    },
  },
};

const sigmoidOf = (z: number) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

function focalParts(z: number, t: number) {
  return {
    weight: ALPHA * t + (1 - ALPHA) * (1 - t),
    wrong: sigmoidOf(z) * (1 - t) + sigmoidOf(-z) * t,
    crossentropy: Math.max(z, 0) - t * z + Math.log1p(Math.exp(-Math.abs(z))),
  };
}

/** −Σ t log softmax(z) over the units of one row. */
function rowTerm(z: readonly number[], t: readonly number[], round: Round): Sum {
  const largest = Math.max(...z);
  const shifted = z.map((logit) => round(logit - largest));
  const logPartition = Math.log(shifted.reduce((partial, logit) => partial + Math.exp(logit), 0));
  let sum = 0;
  let scale = 0;
  for (const [i, logit] of shifted.entries()) {
    if (t[i] === 0 && !Number.isNaN(logit)) continue;
    sum += t[i]! * (logPartition - logit);
    // The logarithm turns the relative error of the partition into an absolute one.
    scale += Math.abs(t[i]!) * (logPartition - logit + z.length);
  }
  return { sum, scale };
}

/** Σ t log t over the units of one row. */
function entropyTerm(t: readonly number[]): Sum {
  const terms = t.map((value) => timesLog(value, value));
  const sum = terms.reduce((partial, value) => partial + value, 0);
  return { sum, scale: terms.reduce((partial, value) => partial + Math.abs(value), 0) };
}

/** The derivative by every logit of one row: a Σ t − t. */
function rowGradient(a: readonly number[], t: readonly number[], round: Round): number[] {
  const weight = t.reduce((partial, value) => round(partial + value), 0);
  return a.map((output, i) => round(round(output * weight) - t[i]!));
}

/** Tensors without padding: [units, rows], labels [1, rows]. */
interface Problem {
  readonly loss: LossName;
  readonly units: number;
  readonly rows: number;
  /** For a fused loss, the logits. */
  readonly outputs: FloatArray;
  readonly targets: FloatArray;
  readonly scale?: number;
  readonly parameter?: number;
}

interface Result {
  readonly sum: number;
  readonly gradients: FloatArray;
}

const isRowLoss = (loss: LossName): loss is RowLoss =>
  loss === "categoricalCrossentropy" ||
  loss === "sparseCategoricalCrossentropy" ||
  loss === "kullbackLeibler";
const isFused = (loss: LossName) => isRowLoss(loss) || loss === "sigmoidCrossentropy" || loss === "focal";

/**
 * The definition. `activated`: the outputs or, for a fused loss, the activations of the logits. Rounding errors of the
 * sum are relative to `scale` in the dtype and to `terms` in float64.
 */
function referenceLoss(
  dtype: DType,
  problem: Problem,
  activated: FloatArray,
): Result & { scale: number; terms: number; errors: FloatArray | undefined } {
  const { loss, units, rows, outputs, targets } = problem;
  const round: Round = dtype === "float32" ? Math.fround : (value) => value;
  const factor = round(problem.scale ?? 1);
  const parameter = round(problem.parameter ?? 1);
  const gradients = floats(dtype, units * rows);
  let errors: FloatArray | undefined;
  let sum = 0;
  let scale = 0;
  let terms = 0;
  const add = (term: Sum) => {
    sum += term.sum;
    scale += term.scale;
    terms += Math.abs(term.sum);
  };
  if (isRowLoss(loss)) {
    for (let row = 0; row < rows; row++) {
      const at = Array.from({ length: units }, (_, i) => i * rows + row);
      const t =
        loss === "sparseCategoricalCrossentropy"
          ? at.map((_, i) => Number(targets[row] === i))
          : at.map((i) => targets[i]!);
      if (loss === "kullbackLeibler") add(entropyTerm(t));
      add(
        rowTerm(
          at.map((i) => outputs[i]!),
          t,
          round,
        ),
      );
      const slopes = rowGradient(
        at.map((i) => activated[i]!),
        t,
        round,
      );
      for (const [i, slope] of slopes.entries()) gradients[at[i]!] = slope * factor;
    }
  } else {
    const formula = FORMULAS[loss];
    for (const [i, t] of targets.entries()) {
      add(formula.term(outputs[i]!, t, parameter, round));
      const gradient = formula.gradient(activated[i]!, t, parameter, round, outputs[i]!);
      gradients[i] = (typeof gradient === "number" ? gradient : gradient.sum) * factor;
      if (typeof gradient === "number") continue;
      errors ??= floats(dtype, units * rows);
      errors[i] = gradient.scale * Math.abs(factor);
    }
  }
  return { sum, gradients, scale, terms, errors };
}

describe.each(DTYPES)("the losses in %s", (dtype) => {
  const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
  const tiny = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
  const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  /** Its square is infinite. */
  const huge = dtype === "float32" ? 1e30 : 1e200;
  const round: Round = dtype === "float32" ? Math.fround : (value) => value;

  let region: Region;
  let kernel: (...values: number[]) => number;
  let rowKernel: (...values: number[]) => number;
  let activationKernel: (...values: number[]) => number;

  beforeAll(async () => {
    const assembly = await compileAssembly("test/assembly/losses.ts");
    region = new Region(assembly, dtype);
    const suffix = dtype === "float32" ? "f32" : "f64";
    kernel = assembly.exports[`loss_backward_${suffix}`]!;
    rowKernel = assembly.exports[`row_loss_backward_${suffix}`]!;
    activationKernel = assembly.exports[`activation_forward_${suffix}`]!;
  });

  /** [*, width], with each row padded to whole vectors by NaN, which shows if it is used. */
  function padded(values: FloatArray, width: number): FloatArray {
    const stride = wholeVectors(dtype, width);
    const tensor = floats(dtype, (values.length / width) * stride).fill(Number.NaN);
    for (let i = 0; i * width < values.length; i++) {
      tensor.set(values.subarray(i * width, (i + 1) * width), i * stride);
    }
    return tensor;
  }

  /** The layout of tensors: one row of the microbatch in each column, or one row as a vector of units. */
  type Layout = "columns" | "row";

  function layoutsOf({ rows }: Problem): Layout[] {
    return rows === 1 ? ["columns", "row"] : ["columns"];
  }

  /** Rows and columns of a tensor. */
  function shapeOf({ units, rows }: Problem, layout: Layout): [height: number, width: number] {
    return layout === "columns" ? [units, rows] : [1, units];
  }

  function tensorsOf(problem: Problem, layout: Layout): [outputs: FloatArray, targets: FloatArray] {
    const { outputs, targets } = problem;
    const [, width] = shapeOf(problem, layout);
    return [padded(outputs, width), padded(targets, Math.min(width, targets.length))];
  }

  /** For a fused loss, the activation of the logits; for others, the outputs. */
  function activate({ loss, units, rows, outputs }: Problem): FloatArray {
    if (!isFused(loss)) return outputs;
    const tensor = padded(outputs, rows);
    region.clear();
    const address = region.put(tensor);
    const activation = activationNumber(isRowLoss(loss) ? "softmax" : "sigmoid");
    activationKernel(activation, address, units, tensor.length / units);
    return unpadded(region.view(address, tensor.length), units, rows);
  }

  function unpadded(tensor: FloatArray, height: number, width: number): FloatArray {
    const stride = tensor.length / height;
    return tensor.filter((_, at) => at % stride < width);
  }

  function call(problem: Problem, layout: Layout, addresses: number[]): number {
    const { loss, units, rows, scale = 1, parameter = 1 } = problem;
    const tensors = [lossNumber(loss), ...addresses, 0, units];
    if (layout === "row") return rowKernel(...tensors, scale, parameter, ALPHA);
    return kernel(...tensors, rows, wholeVectors(dtype, rows), scale, parameter, ALPHA);
  }

  /** Also asserts that the inputs and the guards around the gradients did not change. */
  function run(problem: Problem, layout: Layout): Result {
    const { loss, units, rows } = problem;
    const { guard, guards } = guardOf(dtype);
    const band: number[] = Array(guards).fill(guard);
    const [height, width] = shapeOf(problem, layout);
    const stride = wholeVectors(dtype, width);
    const tensors = tensorsOf(problem, layout);
    region.clear();
    const addresses = tensors.map((tensor) => region.put(tensor));
    const gradient = region.allocate(height * stride);
    const sum = call(problem, layout, [gradient, ...addresses]);
    for (const [i, tensor] of tensors.entries()) {
      const before = floats(dtype, [...band, ...tensor, ...band]);
      if (firstDifference(region.guarded(addresses[i]!, tensor.length), before) >= 0) {
        expect.fail(`${loss} writes to its input tensor ${i}`);
      }
    }
    const guarded = region.guarded(gradient, height * stride);
    const bands = floats(dtype, [...guarded.subarray(0, guards), ...guarded.subarray(-guards)]);
    if (firstDifference(bands, floats(dtype, [...band, ...band])) >= 0) {
      expect.fail(`${loss} writes outside the gradients: ${units}×${rows}`);
    }
    return { sum, gradients: unpadded(guarded.slice(guards, -guards), height, width) };
  }

  /** Runs in each layout. Asserts that the sum equals its formula up to rounding, and each gradient bit for bit. */
  function expectFormula(problem: Problem): Result {
    const expected = referenceLoss(dtype, problem, activate(problem));
    const results = layoutsOf(problem).map((layout) => run(problem, layout));
    for (const result of results) expectResult(problem, result, expected);
    return results[0]!;
  }

  function expectResult(problem: Problem, result: Result, expected: ReturnType<typeof referenceLoss>): void {
    const { loss, units, rows, outputs, targets, scale = 1, parameter = 1 } = problem;
    const functions = expected.scale === 0 ? 0 : 4 * epsilon * expected.scale + units * rows * tiny;
    const tolerance = functions + units * rows * 2 ** -53 * expected.terms;
    const isSame = Number.isFinite(expected.sum)
      ? Math.abs(result.sum - expected.sum) <= tolerance
      : Object.is(result.sum, expected.sum);
    const what = `${loss} of ${units}×${rows}, parameter ${parameter}, scale ${scale}`;
    if (!isSame) {
      const where = outputs.length <= 4 ? ` at ${outputs} for ${targets}` : "";
      expect.fail(`${what}: sum ${result.sum}, expected ${expected.sum} ± ${tolerance}${where}`);
    }
    const { errors } = expected;
    const at = errors
      ? result.gradients.findIndex((value, i) => {
          const error = Math.abs(value - expected.gradients[i]!);
          return !(error <= 4 * epsilon * errors[i]! + 4 * tiny);
        })
      : firstDifference(result.gradients, expected.gradients);
    if (at >= 0) {
      const where = `at ${outputs[at]} for ${targets[at]}`;
      expect.fail(
        `${what}: gradient[${at}] ${result.gradients[at]}, expected ${expected.gradients[at]} ${where}`,
      );
    }
  }

  /**
   * Runs columns `begin` … `begin` + `rows` − 1 of the tensors of `all`. Asserts that sum and gradients have the bits
   * of a problem of these columns alone, and that no other column changes, except in the last vector.
   */
  function expectBlock(all: Problem, begin: number, rows: number): void {
    const { loss, units, rows: stride } = all;
    const { guard, guards } = guardOf(dtype);
    const scale = 0.3;
    const { parameter = 1 } = all;
    const isInside = (_: number, at: number) => at % stride >= begin && at % stride < begin + rows;
    const alone: Problem = {
      loss,
      units,
      rows,
      outputs: all.outputs.filter(isInside),
      targets: all.targets.filter(isInside),
      scale,
      parameter,
    };
    const expected = run(alone, "columns");
    // Columns outside the block are NaN, which shows if they are added.
    const outside = (tensor: FloatArray) => tensor.map((value, at) => (isInside(0, at) ? value : Number.NaN));
    const tensors = [outside(all.outputs), outside(all.targets)];
    region.clear();
    const addresses = tensors.map((tensor) => region.put(tensor));
    const gradient = region.allocate(units * stride);
    const offset = begin * tensors[0]!.BYTES_PER_ELEMENT;
    const places = [gradient, ...addresses].map((address) => address + offset);
    const sum = kernel(lossNumber(loss), ...places, 0, units, rows, stride, scale, parameter, ALPHA);
    const what = `${units} units, columns ${begin} … ${begin + rows - 1}`;
    if (!Object.is(sum, expected.sum)) expect.fail(`${what}: sum ${sum}, expected ${expected.sum}`);
    const whole = region.guarded(gradient, units * stride);
    const inside = whole.slice(guards, -guards);
    if (firstDifference(inside.filter(isInside), expected.gradients) >= 0) {
      expect.fail(`${what}: gradients differ`);
    }
    const end = begin + wholeVectors(dtype, rows);
    const changed = inside.findIndex(
      (value, at) => (at % stride < begin || at % stride >= end) && !Object.is(value, guard),
    );
    if (changed >= 0) expect.fail(`${what}: gradient ${changed} is written`);
    const bands = [...whole.subarray(0, guards), ...whole.subarray(-guards)];
    expect(bands).toEqual(Array(2 * guards).fill(guard));
    for (const [i, tensor] of tensors.entries()) {
      expect(firstDifference(region.view(addresses[i]!, tensor.length), tensor)).toBe(-1);
    }
  }

  /** Compares the loss of one output (or logit) and one target with the formula, and returns it. */
  function single(loss: keyof typeof FORMULAS, x: number, t: number, parameter = 1) {
    const { sum, gradients } = expectFormula({
      loss,
      units: 1,
      rows: 1,
      outputs: floats(dtype, [x]),
      targets: floats(dtype, [t]),
      parameter,
    });
    return { sum, gradient: gradients[0]! };
  }

  /** Compares every pair of an output (or logit) and a target with the formula: each alone, and all in one tensor. */
  function expectPairs(
    loss: keyof typeof FORMULAS,
    xs: readonly number[],
    ts: readonly number[],
    parameter = 1,
  ): void {
    const pairs = xs.flatMap((x) => ts.map((t) => [x, t] as const));
    for (const [x, t] of pairs) single(loss, x, t, parameter);
    expectFormula({
      loss,
      units: 1,
      rows: pairs.length,
      outputs: floats(
        dtype,
        pairs.map(([x]) => x),
      ),
      targets: floats(
        dtype,
        pairs.map(([, t]) => t),
      ),
      scale: 0.7,
      parameter,
    });
  }

  /** Ordinary outputs with soft targets, or labels spread over the units. */
  function typical(loss: LossName, units: number, rows: number, seed = 0.5): Problem {
    const count = units * rows;
    const isProbability = loss === "binaryCrossentropy" || loss === "poisson";
    const [low, high] = isProbability ? [0, 1] : isFused(loss) ? [-6, 6] : [-3, 3];
    return {
      loss,
      units,
      rows,
      outputs: floats(dtype, spread(count, low, high, seed)),
      targets:
        loss === "sparseCategoricalCrossentropy"
          ? floats(dtype, spread(rows, 0, units, seed / 3).map(Math.floor))
          : floats(
              dtype,
              isProbability || isFused(loss) ? spread(count, 0, 1, seed / 3) : spread(count, -2, 2, seed / 3),
            ),
      parameter: PARAMETERS[loss] ?? 1,
    };
  }

  const PARAMETERS: Partial<Record<LossName, number>> = { binaryCrossentropy: 1e-7, quantile: 0.3, focal: 2 };

  const ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 127, 128];

  describe.each(LOSSES)("%s", (loss) => {
    it("has the sum of its formula up to rounding, and its gradients bit for bit, in every shape", () => {
      for (let units = 1; units <= 5; units++) {
        for (const rows of ROWS) {
          const problem = typical(loss, units, rows);
          for (const scale of [1, 1 / (units * rows), 0.3, 1e3]) expectFormula({ ...problem, scale });
        }
      }
    });

    it("does not read or write past the end of its tensors", () => {
      for (let units = 1; units <= 3; units++) {
        for (let rows = 1; rows <= 9; rows++) {
          const problem = { ...typical(loss, units, rows), parameter: 0.25 };
          for (const layout of layoutsOf(problem)) {
            const [height, width] = shapeOf(problem, layout);
            const all = [floats(dtype, height * wholeVectors(dtype, width)), ...tensorsOf(problem, layout)];
            for (let last = 0; last < all.length; last++) {
              region.clear();
              const addresses = all.map((tensor, i) =>
                i === last ? region.putLast(tensor) : region.put(tensor),
              );
              call(problem, layout, addresses);
            }
          }
        }
      }
    });

    it("computes the same sum and gradients for a block of columns as for these columns alone", () => {
      const lanes = lanesOf(dtype);
      const stride = 8 * lanes;
      for (const units of [1, 2, 5]) {
        const all = typical(loss, units, stride, 0.8);
        for (const [begin, rows] of [
          [0, 1],
          [0, lanes + 1],
          [lanes, lanes],
          [2 * lanes, 3 * lanes - 1],
          [7 * lanes, 1],
          [6 * lanes, 2 * lanes],
          [0, stride],
        ] as const) {
          expectBlock(all, begin, rows);
        }
      }
    });

    it("has the sum NaN if any output is NaN", () => {
      for (let units = 1; units <= 3; units++) {
        for (let rows = 1; rows <= 5; rows++) {
          const problem = typical(loss, units, rows);
          const zeros = floats(dtype, problem.targets.length);
          const ones = floats(dtype, problem.targets.length).fill(1);
          for (const targets of [problem.targets, zeros, ones]) {
            for (let at = 0; at < units * rows; at++) {
              const outputs = problem.outputs.slice();
              outputs[at] = Number.NaN;
              for (const layout of layoutsOf(problem)) {
                const { sum } = run({ ...problem, outputs, targets }, layout);
                if (!Number.isNaN(sum)) expect.fail(`${units}×${rows}, NaN at ${at}: ${sum}`);
              }
            }
          }
        }
      }
    });
  });

  // Their differences include exact and rounded ones, 0, subnormals, infinities, and numbers whose squares overflow.
  const numbers = [0, 1, 0.1, 0.5, 1.5, 2, 3.7, 1e-30, tiny, 3 * tiny, huge, largest].flatMap((x) => [x, -x]);

  it("meanSquaredError is 0 where outputs equal targets, and infinite where the square overflows", () => {
    expectPairs("meanSquaredError", [...numbers, Infinity], [...numbers, Infinity]);
    expect(single("meanSquaredError", 0.1, 0.1)).toEqual({ sum: 0, gradient: 0 });
    expect(single("meanSquaredError", -0, 0)).toEqual({ sum: 0, gradient: -0 });
    expect(single("meanSquaredError", huge, 0)).toEqual({ sum: Infinity, gradient: 2 * round(huge) });
    expect(single("meanSquaredError", Infinity, Infinity).sum).toBeNaN();
  });

  it("meanAbsoluteError has the derivative 0 where outputs equal targets", () => {
    expectPairs("meanAbsoluteError", numbers, numbers);
    expect(single("meanAbsoluteError", 0.1, 0.1)).toEqual({ sum: 0, gradient: 0 });
    expect(single("meanAbsoluteError", -0, 0)).toEqual({ sum: 0, gradient: 0 });
    expect(single("meanAbsoluteError", -tiny, 0)).toEqual({ sum: tiny, gradient: -1 });
    expect(single("meanAbsoluteError", huge, 0)).toEqual({ sum: round(huge), gradient: 1 });
    expect(single("meanAbsoluteError", -Infinity, 0)).toEqual({ sum: Infinity, gradient: -1 });
  });

  it.each([1, 0.1, 2.5, 1e-3, 1e6])("huber is linear beyond its delta: %d", (delta) => {
    const edge = round(delta);
    const edges = [edge, edge * (1 + epsilon), round(edge * (1 - epsilon / 2))].flatMap((x) => [x, -x]);
    expectPairs("huber", [...numbers, ...edges], [0, -0, ...edges, 1, huge], delta);
    expect(single("huber", 0.1, 0.1, delta)).toEqual({ sum: 0, gradient: 0 });
    expect(single("huber", -0, 0, delta)).toEqual({ sum: 0, gradient: -0 });
    expect(single("huber", edge, 0, delta).gradient).toBe(edge);
    expect(single("huber", -edge * (1 + epsilon), 0, delta).gradient).toBe(-edge);
    // The square overflows, but the result does not use it.
    const { sum, gradient } = single("huber", huge, 0, delta);
    expect(gradient).toBe(edge);
    expect(Math.abs(sum / huge / delta - 1)).toBeLessThanOrEqual(4 * epsilon);
    expect(single("huber", -Infinity, 0, delta)).toEqual({ sum: Infinity, gradient: -edge });
    expect(single("huber", Number.NaN, 0, delta)).toEqual({ sum: Number.NaN, gradient: Number.NaN });
  });

  it("huber is infinite where the square overflows for an error below a huge delta", () => {
    expect(single("huber", huge / 2, 0, huge)).toEqual({ sum: Infinity, gradient: round(huge / 2) });
  });

  const smallestClip = epsilon / 2;

  it.each([1e-7, smallestClip, 0.1, 0.49])("binaryCrossentropy clips outputs at %d", (clip) => {
    const low = round(clip);
    const high = round(1 - low);
    const outputs = [
      0,
      -0,
      1,
      low,
      high,
      low / 2,
      low * (1 + epsilon),
      (high + 1) / 2,
      0.5,
      0.25,
      0.75,
      -1,
      2,
    ];
    const targets = [0, -0, 1, low, high, 0.5, 0.25];
    expectPairs("binaryCrossentropy", outputs.map(round), targets, clip);

    // The clip bounds the loss of a wrong output of 0 or 1.
    for (const t of [0, 1]) {
      const { sum, gradient } = single("binaryCrossentropy", 1 - t, t, clip);
      const p = t === 1 ? low : round(1 - high);
      expect(Math.abs(sum + Math.log(p))).toBeLessThanOrEqual(-4 * epsilon * Math.log(p));
      expect(gradient).toBe(0);
    }
    // The derivative is 0 outside the clip, not at it.
    for (const outside of [0, -1, low / 2, 1, 2]) {
      expect(single("binaryCrossentropy", outside, 0.5, clip).gradient).toBe(0);
    }
    expect(single("binaryCrossentropy", low, 1, clip).gradient).toBeLessThan(-1);
    expect(single("binaryCrossentropy", high, 0, clip).gradient).toBeGreaterThan(1);
    // The loss is minimal where the output equals the target.
    for (const right of [low, high, 0.5]) {
      expect(single("binaryCrossentropy", right, right, clip).gradient).toBe(0);
    }
  });

  it("binaryCrossentropy without a clip is 0 for a right output of 0 or 1, and infinite for a wrong one", () => {
    for (const t of [0, 1]) {
      expect(single("binaryCrossentropy", t, t, 0)).toEqual({ sum: 0, gradient: 0 });
      expect(single("binaryCrossentropy", 1 - t, t, 0).sum).toBe(Infinity);
    }
  });

  it("poisson is finite for a rate of 0", () => {
    expectPairs("poisson", [0, tiny, 1e-8, 1e-3, 0.5, 1, 7, 1e4, 1e30], [0, 1, 2, 0.5, 1e3]);
    expect(single("poisson", 0, 0)).toEqual({ sum: 0, gradient: 1 });
    expect(single("poisson", 3, 3).gradient).toBeCloseTo(0, 6);
  });

  it("hinge is 0, with a gradient of 0, from the margin on", () => {
    expectPairs("hinge", [...numbers, 1 + epsilon, 1 - epsilon], [-1, 1]);
    for (const t of [-1, 1]) {
      expect(single("hinge", t, t)).toEqual({ sum: 0, gradient: 0 });
      expect(single("hinge", -t, t)).toEqual({ sum: 2, gradient: -t });
      expect(single("hinge", huge * t, t)).toEqual({ sum: 0, gradient: 0 });
      expect(single("hinge", -huge * t, t)).toEqual({ sum: round(huge), gradient: -t });
    }
  });

  it("logCosh keeps the digits of small errors, and does not overflow for large ones", () => {
    const errors = [
      0,
      tiny,
      1e-18,
      1e-8,
      1e-4,
      0.01,
      0.3,
      1 - epsilon,
      1,
      1 + epsilon,
      2,
      20,
      400,
      800,
      1e6,
      huge,
    ];
    expectPairs("logCosh", [...errors, ...errors.map((x) => -x)], [0, -0]);
    expect(single("logCosh", 0.1, 0.1)).toEqual({ sum: 0, gradient: 0 });
    expect(single("logCosh", huge, 0)).toEqual({ sum: round(huge), gradient: 1 });
    expect(single("logCosh", -huge, 0)).toEqual({ sum: round(huge), gradient: -1 });
    expect(single("logCosh", -Infinity, 0)).toEqual({ sum: Infinity, gradient: -1 });
    expect(single("logCosh", 1e-4, 0).sum / 0.5e-8).toBeCloseTo(1, 6);
  });

  it.each([0.5, 0.1, 0.99])(
    "quantile weighs errors of either sign, with derivative 0 at 0: %d",
    (quantile) => {
      const q = round(quantile);
      expectPairs("quantile", numbers, numbers, q);
      expect(single("quantile", 0.1, 0.1, q)).toEqual({ sum: 0, gradient: 0 });
      expect(single("quantile", 1, 0, q)).toEqual({ sum: round(1 - q), gradient: round(1 - q) });
      expect(single("quantile", 0, 1, q)).toEqual({ sum: q, gradient: -q });
      expect(single("quantile", -Infinity, 0, q)).toEqual({ sum: Infinity, gradient: -q });
    },
  );

  it("quantile of 0.5 is half of meanAbsoluteError", () => {
    for (const [x, t] of [
      [0.3, 1.7],
      [2, -1],
      [5, 5],
    ] as const) {
      const { sum, gradient } = single("meanAbsoluteError", x, t);
      expect(single("quantile", x, t, 0.5)).toEqual({ sum: sum / 2, gradient: gradient / 2 });
    }
  });

  it.each([0, 0.5, 1, 2, 5])(
    "focal neither overflows nor loses the gradient of a wrong answer, gamma %d",
    (gamma) => {
      const logits = [0, -0, tiny, 1e-8, 1, 3, 17, 40, 89, 104, 750, 1e4, 1e30].flatMap((z) => [z, -z]);
      expectPairs("focal", logits, [0, 1], gamma);
      for (const t of [0, 1]) {
        const wrong = (1 - 2 * t) * 1e4;
        const weight = t === 1 ? ALPHA : 1 - ALPHA;
        expect(single("focal", wrong, t, gamma)).toEqual({
          sum: weight * 1e4,
          gradient: weight * (1 - 2 * t),
        });
        expect(single("focal", -wrong, t, gamma)).toEqual({ sum: 0, gradient: 0 });
      }
    },
  );

  it("focal with gamma 0 is sigmoidCrossentropy, times alpha or 1 − alpha", () => {
    for (const z of spread(50, -8, 8)) {
      for (const t of [0, 1]) {
        const weight = t === 1 ? ALPHA : 1 - ALPHA;
        const { sum, gradient } = single("sigmoidCrossentropy", z, t);
        const focal = single("focal", z, t, 0);
        expect(Math.abs(focal.sum - weight * sum)).toBeLessThanOrEqual(4 * epsilon * sum);
        expect(Math.abs(focal.gradient - weight * gradient)).toBeLessThanOrEqual(4 * epsilon);
      }
    }
  });

  it("kullbackLeibler is categoricalCrossentropy minus the entropy of the targets, with the same gradients", () => {
    const shared = { ...typical("categoricalCrossentropy", 4, 9), targets: floats(dtype, spread(36, 0, 1)) };
    const crossentropy = expectFormula(shared);
    const divergence = expectFormula({ ...shared, loss: "kullbackLeibler" });
    const entropy = -[...shared.targets].reduce((sum, t) => sum + t * Math.log(t), 0);
    expect(Math.abs(divergence.sum - (crossentropy.sum - entropy))).toBeLessThanOrEqual(100 * epsilon);
    expect(firstDifference(divergence.gradients, crossentropy.gradients)).toBe(-1);
    const certain = {
      units: 2,
      rows: 1,
      outputs: floats(dtype, [1e4, -1e4]),
      targets: floats(dtype, [1, 0]),
    };
    expect(expectFormula({ ...certain, loss: "kullbackLeibler" }).sum).toBe(0);
  });

  it("sigmoidCrossentropy does not overflow", () => {
    const logits = [0, -0, tiny, -tiny, 1e-8, 1, -1, 17, -17, 89, -89, 104, -104, 750, -750, 1e4, -1e4, 1e30];
    expectPairs("sigmoidCrossentropy", logits, [0, -0, 1, 0.5, 0.9]);
    expect(single("sigmoidCrossentropy", 1e4, 0).sum).toBe(1e4);
    expect(single("sigmoidCrossentropy", -1e4, 1).sum).toBe(1e4);
    expect(single("sigmoidCrossentropy", 1e4, 1).sum).toBe(0);
    expect(single("sigmoidCrossentropy", -1e4, 0).sum).toBe(0);
    // A saturated, wrong output has a gradient.
    expect(single("sigmoidCrossentropy", -1e4, 1).gradient).toBe(-1);
    expect(single("sigmoidCrossentropy", 1e4, 0).gradient).toBe(1);
    expect(single("sigmoidCrossentropy", 0, 0.5).gradient).toBe(0);
  });

  it("sigmoidCrossentropy of a logit equals binaryCrossentropy of its sigmoid", () => {
    for (const z of spread(50, -4, 4)) {
      for (const t of [0, 0.3, 1]) {
        const fused = single("sigmoidCrossentropy", z, t).sum;
        const apart = single("binaryCrossentropy", 1 / (1 + Math.exp(-z)), t, smallestClip).sum;
        // Rounding the sigmoid magnifies the error by e^|z|.
        expect(Math.abs(fused - apart)).toBeLessThanOrEqual(4 * epsilon * Math.exp(Math.abs(z)));
      }
    }
  });

  describe("categoricalCrossentropy", () => {
    /** Compares the loss of one row with the formula, and returns it. */
    function row(logits: readonly number[], targets: readonly number[]) {
      const { sum, gradients } = expectFormula({
        loss: "categoricalCrossentropy",
        units: logits.length,
        rows: 1,
        outputs: floats(dtype, logits),
        targets: floats(dtype, targets),
      });
      return { sum, gradients: [...gradients] };
    }

    it("does not overflow for large logits", () => {
      expect(row([1e4, -1e4], [0, 1])).toEqual({ sum: 2e4, gradients: [1, -1] });
      expect(row([1e4, -1e4], [1, 0])).toEqual({ sum: 0, gradients: [0, 0] });
      expect(row([-1e4, -1e4, 1e4], [0.25, 0.25, 0.5]).sum).toBe(1e4);
      for (const z of [1e4, -1e4, 0, huge, -huge]) {
        const { sum } = row([z, z, z], [0, 1, 0]);
        expect(Math.abs(sum - Math.log(3))).toBeLessThanOrEqual(4 * epsilon);
      }
    });

    it("ignores a probability of 0 where the target is 0", () => {
      expect(row([0, -Infinity], [1, 0])).toEqual({ sum: 0, gradients: [0, 0] });
      expect(row([-Infinity, 0], [-0, 1])).toEqual({ sum: 0, gradients: [0, 0] });
      expect(row([0, -Infinity], [0, 1])).toEqual({ sum: Infinity, gradients: [1, -1] });
    });

    it("is 0, with gradients of 0, for targets that are all 0", () => {
      expect(row([1, -2, 3], [0, 0, 0])).toEqual({ sum: 0, gradients: [0, 0, 0] });
    });

    it("takes targets that do not sum to 1", () => {
      for (const weight of [0.5, 2, 3]) row([0.3, -1.2, 0.8], [weight, 0, weight / 3]);
    });

    it("has the same bits for labels and their one-hot targets", () => {
      for (let units = 1; units <= 5; units++) {
        for (const rows of ROWS) {
          const labelled = typical("sparseCategoricalCrossentropy", units, rows, 0.2);
          const labels = labelled.targets;
          // −0 is the label 0, too.
          for (let i = 0; i < rows; i += 3) labels[i] = -0;
          const oneHot = floats(dtype, units * rows);
          for (const [i, label] of labels.entries()) oneHot[label * rows + i] = 1;
          const expected = expectFormula({ ...labelled, loss: "categoricalCrossentropy", targets: oneHot });
          const actual = expectFormula(labelled);
          expect(actual.sum).toBe(expected.sum);
          expect(firstDifference(actual.gradients, expected.gradients)).toBe(-1);
        }
      }
    });

    it("of a soft target is the weighted mean over its labels", () => {
      const units = 4;
      const rows = 9;
      const problem = typical("categoricalCrossentropy", units, rows);
      const shares = [0.5, 0.25, 0.125, 0.125];
      const targets = floats(
        dtype,
        shares.flatMap((share) => Array<number>(rows).fill(share)),
      );
      const soft = expectFormula({ ...problem, targets });
      const gradients = new Float64Array(units * rows);
      let sum = 0;
      for (const [label, share] of shares.entries()) {
        const hard = expectFormula({
          ...problem,
          loss: "sparseCategoricalCrossentropy",
          targets: floats(dtype, rows).fill(label),
        });
        sum += share * hard.sum;
        for (const [i, gradient] of hard.gradients.entries()) gradients[i]! += share * gradient;
      }
      expect(Math.abs(soft.sum - sum)).toBeLessThanOrEqual(4 * epsilon * sum);
      for (const [i, gradient] of gradients.entries()) {
        expect(Math.abs(soft.gradients[i]! - gradient)).toBeLessThanOrEqual(4 * epsilon);
      }
    });
  });
});
