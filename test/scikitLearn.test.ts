// Compares training with scikit-learn's MLPClassifier and MLPRegressor on real data.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { readTable, type Table, type TableName } from "../build/examples/realData/table.js";
import {
  adam,
  createNetwork,
  type DType,
  dense,
  type FloatArray,
  type LossName,
  type Network,
  sgd,
} from "../src/index.js";
import { valuesOf } from "./support/parameters.js";

// The file that reference/scikit_learn.py writes.
interface Reference {
  readonly epsilon: number;
  readonly rates: Readonly<Record<Case["solver"], number>>;
  readonly problems: readonly Problem[];
}

interface Problem {
  readonly name: TableName;
  readonly widths: readonly [number, ...number[]];
  readonly means: readonly number[];
  readonly scales: readonly number[];
  readonly initial: string;
  readonly cases: readonly Case[];
}

interface Case {
  readonly dtype: DType;
  readonly solver: "sgd" | "adam";
  readonly batchSize: number;
  readonly losses: readonly number[];
  readonly parameters: string;
}

const REFERENCE: Reference = JSON.parse(
  readFileSync(new URL("reference/scikit_learn.json", import.meta.url), "utf8"),
);

const TOLERANCE: Record<DType, number> = { float32: 1e-5, float64: 1e-10 };

function decode(dtype: DType, text: string): FloatArray {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return dtype === "float32" ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
}

/** The loss that scikit-learn chooses, and the activation of its output layer. */
function headOf({ name, widths }: Problem): { loss: LossName; activation: "linear" | "sigmoid" | "softmax" } {
  if (name === "diabetes") return { loss: "meanSquaredError", activation: "linear" };
  return widths.at(-1) === 1
    ? { loss: "sigmoidCrossentropy", activation: "sigmoid" }
    : { loss: "sparseCategoricalCrossentropy", activation: "softmax" };
}

/**
 * scikit-learn's squared loss is half of ours, and so are its gradients. Half the rate makes the steps of SGD equal. A step
 * of Adam is a ratio of gradients, so twice the epsilon does.
 */
function optimizerOf({ solver }: Case, lossRatio: number) {
  const learningRate = REFERENCE.rates[solver];
  return solver === "sgd"
    ? sgd({ learningRate: learningRate / lossRatio })
    : adam({ learningRate, epsilon: REFERENCE.epsilon * lossRatio });
}

function standardized({ name, means, scales }: Problem, { inputs, targets }: Table) {
  const scaled = (value: number, column: number) => (value - means[column]!) / scales[column]!;
  return {
    inputs: inputs.map((row) => row.map(scaled)),
    targets: name === "diabetes" ? targets.map((target) => scaled(target, means.length - 1)) : targets,
  };
}

function setInitialParameters(network: Network, { widths, initial }: Problem): void {
  const values = [...decode("float32", initial)];
  network.setParameters(
    widths.slice(1).map((units, i) => {
      const kernel = { data: values.splice(0, widths[i]! * units), shape: [widths[i]!, units] };
      return { kernel, bias: values.splice(0, units) };
    }),
  );
}

/** ‖actual − expected‖ / ‖expected‖ */
function relativeDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual).toHaveLength(expected.length);
  const differences = Array.from(actual, (value, i) => value - expected[i]!);
  return Math.hypot(...differences) / Math.hypot(...Array.from(expected));
}

describe.each(REFERENCE.problems)("ten steps on $name and scikit-learn's", (problem) => {
  let table: Table;

  beforeAll(async () => {
    table = await readTable(problem.name);
  });

  it.each(problem.cases)(
    "give the same losses and parameters: $solver in $dtype, batches of $batchSize",
    async (testCase) => {
      const { dtype, batchSize, losses, parameters } = testCase;
      const { loss, activation } = headOf(problem);
      const lossRatio = loss === "meanSquaredError" ? 2 : 1;
      const network = await createNetwork({
        inputs: problem.widths[0],
        layers: problem.widths
          .slice(1)
          .map((units, i, { length }) => dense(units, i < length - 1 ? "tanh" : activation)),
        loss,
        optimizer: optimizerOf(testCase, lossRatio),
        dtype,
      });
      setInitialParameters(network, problem);
      const { inputs, targets } = standardized(problem, table);
      const options = { epochs: losses.length, batchSize, shuffle: false };
      const history = network.fitSync(inputs, targets, options);
      for (const [epoch, expected] of losses.entries()) {
        const actual = history.loss[epoch]! / lossRatio;
        expect(Math.abs(actual - expected), `epoch ${epoch}`).toBeLessThan(TOLERANCE[dtype] * expected);
      }
      const distance = relativeDistance(valuesOf(network.parameters), decode(dtype, parameters));
      expect(distance).toBeLessThan(TOLERANCE[dtype]);
      network.dispose();
    },
  );
});
