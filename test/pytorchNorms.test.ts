import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  type BatchNormOptions,
  batchNorm,
  createNetwork,
  type DType,
  dense,
  type FloatArray,
  type Layer,
  layerNorm,
  type Network,
  type Optimizer,
  sgd,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { CoreNetwork } from "./support/coreNetwork.js";
import { statisticsOf, valuesOf } from "./support/parameters.js";

// The file that reference/norms.py writes.
interface Reference {
  readonly inputs: number;
  readonly rows: number;
  readonly steps: readonly number[];
  readonly x: string;
  readonly y: string;
  readonly trainings: readonly Training[];
  readonly passes: readonly Pass[];
}

interface Values {
  readonly parameters: string;
  readonly statistics: string;
}

interface Training {
  readonly dtype: DType;
  readonly layers: readonly Described[];
  readonly optimizer: { readonly name: "sgd" | "adam" };
  readonly batchSize: number;
  readonly initial: Values;
  readonly losses: readonly number[];
  readonly after: readonly (Values & { readonly evaluation: Mode; readonly training: Mode })[];
}

interface Described {
  readonly kind: Layer["kind"];
  readonly units: number;
  readonly activation: "linear" | "tanh" | "sigmoid";
}

/** The outputs for all rows, their loss as one batch and its gradient, in training or in evaluation. */
interface Mode {
  readonly outputs: string;
  readonly loss: number;
  readonly gradients: string;
}

interface Pass {
  readonly dtype: DType;
  readonly kind: "layerNorm" | "batchNorm";
  readonly training: boolean;
  readonly inputs: string;
  readonly rows: number;
  readonly units: number;
  readonly x: string;
  readonly dOutputs: string;
  readonly initial: Values;
  readonly outputs: string;
  readonly dInputs: string;
  readonly gradients: string;
  readonly statistics: string;
}

const REFERENCE: Reference = JSON.parse(
  readFileSync(new URL("reference/norms.json", import.meta.url), "utf8"),
);

const TOLERANCE: Record<DType, number> = { float32: 1e-5, float64: 1e-10 };

function decode(dtype: DType, text: string): FloatArray {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return dtype === "float32" ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
}

const { rows, steps } = REFERENCE;
const x = decode("float32", REFERENCE.x);
const y = decode("float32", REFERENCE.y);
const WIDTHS = { x: REFERENCE.inputs, y: 2 };

let core: Core;

beforeAll(async () => {
  core = await sharedCore();
});

/** Relative to the largest number of its array, but to at least `least`. */
function expectNear(
  dtype: DType,
  actual: ArrayLike<number>,
  text: string,
  least = 0.1,
  tolerance = TOLERANCE[dtype],
): void {
  const expected = decode(dtype, text);
  expect(actual).toHaveLength(expected.length);
  const scale = Math.max(least, ...expected.map(Math.abs));
  const error = Math.max(...Array.from(actual, (value, i) => Math.abs(value - expected[i]!)));
  expect(error / scale).toBeLessThan(tolerance);
}

function layerOf({ kind, units, activation, ...options }: Described): Layer {
  if (kind === "dense") return dense(units, activation);
  return kind === "layerNorm" ? layerNorm(options) : batchNorm(options as BatchNormOptions);
}

async function create({ dtype, layers, optimizer, initial }: Training): Promise<Network<readonly Layer[]>> {
  const { name, ...options } = optimizer;
  const network = await createNetwork({
    inputs: REFERENCE.inputs,
    layers: layers.map(layerOf),
    loss: "meanSquaredError",
    optimizer: { sgd, adam }[name](options) as Optimizer,
    dtype,
  });
  const parameters = [...decode(dtype, initial.parameters)];
  network.setParameters(
    network.parameters.map(
      (layer) =>
        Object.fromEntries(
          Object.entries(layer).map(([key, { data, shape }]) => [
            key,
            { data: parameters.splice(0, data.length), shape },
          ]),
        ) as object,
    ),
  );
  const statistics = [...decode(dtype, initial.statistics)];
  for (const { runningMean, runningVariance } of network.buffers) {
    for (const tensor of [runningMean, runningVariance])
      tensor?.data.set(statistics.splice(0, tensor.data.length));
  }
  return network;
}

function rowsOf(values: FloatArray, width: number, begin = 0, count = rows) {
  return { data: values.slice(begin * width, (begin + count) * width), shape: [count, width] };
}

const all = [rowsOf(x, WIDTHS.x), rowsOf(y, WIDTHS.y)] as const;

describe("ten steps and PyTorch's steps of networks with norms", () => {
  it.each(REFERENCE.trainings)(
    "give the same result: $layers in $dtype, $optimizer, batches of $batchSize",
    async (training) => {
      const { dtype, batchSize, losses, after } = training;
      const network = await create(training);
      const expectMode = (mode: Mode, isTraining: boolean) => {
        const options = { training: isTraining };
        const { loss, layers } = network.gradients(...all, options);
        expect(Math.abs(loss - mode.loss) / mode.loss).toBeLessThan(TOLERANCE[dtype]);
        expect(network.evaluate(...all, options).loss).toBe(loss);
        expectNear(dtype, valuesOf(layers), mode.gradients);
      };
      for (const [step, expectedLoss] of losses.entries()) {
        const begin = (step * batchSize) % rows;
        const batch = [rowsOf(x, WIDTHS.x, begin, batchSize), rowsOf(y, WIDTHS.y, begin, batchSize)] as const;
        const { loss } = network.fitSync(...batch, { batchSize });
        expect(Math.abs(loss[0]! - expectedLoss) / expectedLoss).toBeLessThan(TOLERANCE[dtype]);
        const expected = after[steps.indexOf(step + 1)];
        if (!expected) continue;
        expectMode(expected.evaluation, false);
        expectMode(expected.training, true);
        expectNear(dtype, network.predict(all[0]).data, expected.evaluation.outputs);
        expectNear(dtype, valuesOf(network.parameters), expected.parameters);
        expectNear(dtype, statisticsOf(network.buffers), expected.statistics);
      }
      network.dispose();
    },
  );
});

describe("one norm and PyTorch's", () => {
  it.each(REFERENCE.passes)(
    "give the same outputs, gradients and statistics: $kind of $inputs inputs [$rows, $units] in $dtype, training $training",
    ({ dtype, kind, training, inputs, ...pass }) => {
      // With the identity as inputs, the kernel of a dense layer is the input of the norm, and its gradient dInputs.
      const network = new CoreNetwork(core, {
        dtype,
        inputs: pass.rows,
        layers: [dense(pass.units, "linear", { useBias: false }), { layerNorm, batchNorm }[kind]()],
        loss: "meanSquaredError",
        optimizer: sgd({ learningRate: 0 }),
        workspaceRows: pass.rows,
      });
      const size = pass.rows * pass.units;
      network.parameters().set(decode(dtype, pass.x));
      network.parameters().set(decode(dtype, pass.initial.parameters), size);
      network.buffers().set(decode(dtype, pass.initial.statistics));
      const identity = Array.from({ length: pass.rows ** 2 }, (_, i) => Number(i % (pass.rows + 1) === 0));
      const samples = network.createSamples(identity, Array(size).fill(0));
      const { address, workspace, kernels, exports } = network;
      kernels.forward(address, workspace, samples.address, 0, pass.rows, Number(training));
      // In float32, the mean of inputs far from 0 has few digits beyond theirs. The deviations of constant inputs are
      // its rounding error, which the scale 1 / √epsilon multiplies by 316.
      const isRounded = dtype === "float32" && (inputs === "far from 0" || inputs.startsWith("constant"));
      const tolerance = isRounded ? 1e-4 : TOLERANCE[dtype];
      expectNear(dtype, network.outputsOfPass(pass.rows), pass.outputs, 1, tolerance);
      const stride = exports.workspace_stride(workspace);
      const dOutputs = network.view(
        exports.workspace_output_gradients(address, workspace),
        pass.units * stride,
      );
      decode(dtype, pass.dOutputs).forEach((value, i) => {
        dOutputs[(i % pass.units) * stride + Math.floor(i / pass.units)] = value;
      });
      kernels.backward(address, workspace, 0);
      const gradients = network.gradients();
      // The gradient of two rows or units is almost 0: a difference of terms of order 1.
      expectNear(dtype, gradients.subarray(0, size), pass.dInputs, inputs === "large" ? 1e-30 : 1, tolerance);
      expectNear(dtype, gradients.subarray(size), pass.gradients, 1, tolerance);
      if (kind === "batchNorm" || !training) expect(network.update()).toBe(true);
      expectNear(dtype, network.buffers(), pass.statistics, 1);
      network.dispose();
    },
  );
});
