import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { DType } from "../src/dtype.js";
import {
  checkGradients,
  createNetwork,
  type DropoutLayer,
  dense,
  dropout,
  type Layer,
  type Network,
  type NetworkOptions,
  numpyRandom,
  type RandomStream,
  sgd,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, floats, spread } from "./support/floats.js";
import { keeps } from "./support/keepMask.js";
import { valuesOf } from "./support/parameters.js";
import { watchTeams } from "./support/teams.js";

let threadsCore: Core;

beforeAll(async () => {
  threadsCore = await sharedCore(undefined, { threads: true });
});

function bitsOfParameters(network: Network<readonly Layer[]>): string {
  return bitsOf(valuesOf(network.parameters));
}

/** A matrix of numbers of one dtype as { data, shape }. */
function matrix(dtype: DType, rows: number, columns: number, seed = 0.5) {
  return { data: floats(dtype, spread(rows * columns, -1, 1, seed)), shape: [rows, columns] as const };
}

/**
 * Reads what some layers compute in training. A dense layer follows them, with one unit for each row and a kernel of
 * zeros. Row r has the target 1 for unit r and 0 for all others, so the gradient of kernel[u][r] is −2 / rows² times
 * output u for row r. With the learning rate rows² / 2, one step sets kernel[u][r] to that output. This is exact if
 * `rows` is a power of two.
 */
class Probe {
  readonly #network: Network<readonly Layer[]>;
  readonly #rows: number;
  readonly #units: number;

  private constructor(network: Network<readonly Layer[]>, rows: number, units: number) {
    this.#network = network;
    this.#rows = rows;
    this.#units = units;
  }

  static async create(layers: Layer[], rows: number, units: number, changes: Partial<NetworkOptions> = {}) {
    const network = await createNetwork({
      inputs: units,
      layers: [...layers, dense(rows, "linear", { useBias: false })],
      loss: "meanSquaredError",
      optimizer: sgd({ learningRate: rows ** 2 / 2 }),
      ...changes,
    });
    return new Probe(network, rows, units);
  }

  /** The outputs [rows, units] of the next step. */
  step(inputs: ReturnType<typeof matrix>): number[][] {
    const [rows, units] = [this.#rows, this.#units];
    const parameters = this.#network.parameters.map(({ kernel }) =>
      kernel ? { kernel: { data: Array(units * rows).fill(0), shape: [units, rows] } } : {},
    );
    this.#network.setParameters(parameters);
    const targets = {
      data: Array.from({ length: rows * rows }, (_, i) => Number(i % (rows + 1) === 0)),
      shape: [rows, rows],
    };
    this.#network.fitSync(inputs, targets, { batchSize: rows, shuffle: false });
    const { data } = this.#network.parameters.at(-1)!.kernel!;
    return Array.from({ length: rows }, (_, r) =>
      Array.from({ length: units }, (_, u) => data[u * rows + r]!),
    );
  }

  dispose(): void {
    this.#network.dispose();
  }
}

/** The outputs of a dropout layer in each of `steps` steps. */
async function outputsOf(
  dtype: DType,
  rate: number,
  [rows, units]: readonly [number, number],
  steps: number,
  changes: Partial<NetworkOptions> = {},
) {
  const probe = await Probe.create([dropout(rate)], rows, units, { dtype, ...changes });
  const outputs = Array.from({ length: steps }, () => probe.step(matrix(dtype, rows, units)));
  probe.dispose();
  return outputs;
}

describe.each(DTYPES)("dropout of %s in training", (dtype) => {
  const round = dtype === "float32" ? Math.fround : (value: number) => value;

  it("multiplies its inputs by the mask and by 1 / (1 − rate), bit for bit", async () => {
    for (const rate of [0, 0.1, 0.5, 0.9]) {
      for (const seed of [0, 7, 2 ** 32 - 1]) {
        for (const rows of [2, 16, 64]) {
          const { data } = matrix(dtype, rows, 3);
          const steps = await outputsOf(dtype, rate, [rows, 3], 3, { seed });
          steps.forEach((outputs, step) => {
            const expected = outputs.map((_, row) =>
              Array.from({ length: 3 }, (_, unit) =>
                keeps(row, unit, { seed, step, layer: 0, rate })
                  ? round(data[row * 3 + unit]! * round(1 / (1 - rate)))
                  : 0,
              ),
            );
            expect(outputs).toEqual(expected);
          });
        }
      }
    }
  });

  it("drops the same units in a batch that passes in several microbatches", async () => {
    const [outputs] = await outputsOf(dtype, 0.25, [300, 2], 1, { seed: 5 });
    const kept = outputs!.map((row) => row.map((value) => value !== 0));
    const expected = kept.map((_, row) =>
      [0, 1].map((unit) => keeps(row, unit, { seed: 5, step: 0, layer: 0, rate: 0.25 })),
    );
    expect(kept).toEqual(expected);
  });

  it("drops different elements for each step, layer, unit and seed", async () => {
    const key = { seed: 0, step: 0, layer: 0 };
    const mask = async (layers: Layer[], { seed, step, layer, unit }: typeof key & { unit: number }) => {
      const probe = await Probe.create(layers, 64, 2, { dtype, seed });
      let outputs: number[][] = [];
      for (let i = 0; i <= step; i++) outputs = probe.step(matrix(dtype, 64, 2));
      probe.dispose();
      const kept = outputs.map((row) => row[unit] !== 0);
      expect(kept).toEqual(kept.map((_, row) => keeps(row, unit, { seed, step, layer, rate: 0.5 })));
      return kept.join();
    };
    const one = [dropout(0.5)];
    const masks = [
      await mask(one, { ...key, unit: 0 }),
      await mask(one, { ...key, unit: 1 }),
      await mask(one, { ...key, unit: 0, step: 1 }),
      await mask(one, { ...key, unit: 0, seed: 1 }),
      await mask([dropout(0), dropout(0.5)], { ...key, unit: 0, layer: 1 }),
    ];
    expect(new Set(masks).size).toBe(masks.length);
  });

  it("drops the fraction `rate` and keeps the mean, within 4 standard deviations", async () => {
    const [rows, units] = [256, 64];
    const ones = { data: floats(dtype, rows * units).fill(1), shape: [rows, units] as const };
    for (const rate of [0.1, 0.5, 0.9]) {
      const probe = await Probe.create([dropout(rate)], rows, units, { dtype, seed: 3 });
      const outputs = probe.step(ones).flat();
      probe.dispose();
      const dropped = outputs.filter((value) => value === 0).length;
      const deviation = Math.sqrt(rows * units * rate * (1 - rate));
      expect(Math.abs(dropped - rows * units * rate)).toBeLessThan(4 * deviation);
      const sum = outputs.reduce((total, value) => total + value, 0);
      expect(Math.abs(sum - rows * units)).toBeLessThan((4 * deviation) / (1 - rate) + 1e-3);
    }
  });

  it("gives the same bits for 1, 2, 3 and 5 threads", async () => {
    const inputs = matrix(dtype, 428, 64);
    const targets = Array.from({ length: 428 }, (_, i) => (i * i + 3 * i) % 10);
    const train = async (threads: number) => {
      const teams = watchTeams(threadsCore);
      const network = await createNetwork({
        inputs: 64,
        layers: [dropout(0.2), dense(97, "relu"), dropout(0.5), dense(10, "softmax")],
        loss: "sparseCategoricalCrossentropy",
        dtype,
        threads,
      });
      // 300 rows pass in microbatches of 128, 128 and 44; the batch that comes last in an epoch has 128.
      const options = { epochs: 3, batchSize: 300, shuffle: false };
      const first = network.fitSync(inputs, targets, options);
      if (threads > 1) await teams[0]!.assemble(threads - 1);
      const second = network.fitSync(inputs, targets, options);
      const bits = createHash("sha256").update(bitsOfParameters(network)).digest("hex");
      const result = { bits, losses: [...first.loss, ...second.loss], threads: teams[0]?.threads ?? 0 };
      network.dispose();
      return result;
    };
    const alone = await train(1);
    expect(alone.threads).toBe(0);
    for (const threads of [2, 3, 5]) expect(await train(threads)).toEqual({ ...alone, threads });
  });

  it("changes nothing with a rate of 0", async () => {
    for (const batchSize of [1, 4, 12]) {
      const [without, zero] = await Promise.all(
        [
          [dense(5, "tanh"), dense(2)],
          [dropout(0), dense(5, "tanh"), dropout(0), dense(2), dropout(0)],
        ].map((layers) => createProblem(layers, { dtype })),
      );
      for (const { network, inputs, targets } of [without!, zero!])
        network.fitSync(inputs, targets, { epochs: 5, batchSize });
      expect(bitsOfParameters(zero!.network)).toBe(bitsOfParameters(without!.network));
      without!.network.dispose();
      zero!.network.dispose();
    }
  });

  it("gives the same bits in ten fits of one epoch as in one fit of ten", async () => {
    const layers = [dense(5, "tanh"), dropout(0.3), dense(2)];
    const [once, often] = [await createProblem(layers, { dtype }), await createProblem(layers, { dtype })];
    const options = { batchSize: 5 };
    const { loss } = once.network.fitSync(once.inputs, once.targets, { ...options, epochs: 10 });
    const losses: number[] = [];
    for (let i = 0; i < 10; i++) {
      losses.push(...(await often.network.fit(once.inputs, once.targets, { ...options, epochs: 1 })).loss);
      // Evaluation between two fits draws no masks.
      often.network.evaluate(once.inputs, once.targets);
    }
    expect(losses).toEqual(loss);
    expect(bitsOfParameters(often.network)).toBe(bitsOfParameters(once.network));
    once.network.dispose();
    often.network.dispose();
  });

  it("is not disturbed by predict and evaluate during a fit", async () => {
    const layers = [dense(5, "tanh"), dropout(0.3), dense(2)];
    const [alone, disturbed] = [
      await createProblem(layers, { dtype }),
      await createProblem(layers, { dtype }),
    ];
    const { inputs, targets, network } = disturbed;
    alone.network.fitSync(inputs, targets, { epochs: 30000, batchSize: 5 });
    let calls = 0;
    await network.fit(inputs, targets, {
      epochs: 30000,
      batchSize: 5,
      onProgress: () => {
        calls++;
        network.predict(inputs);
        network.evaluate(inputs, targets);
      },
    });
    expect(calls).toBeGreaterThan(1);
    expect(bitsOfParameters(network)).toBe(bitsOfParameters(alone.network));
    network.dispose();
    alone.network.dispose();
  });
});

describe("dropout of float32 and float64", () => {
  it("drops the same units", async () => {
    const zeros = async (dtype: DType) =>
      (await outputsOf(dtype, 0.4, [64, 7], 3, { seed: 11 })).map((outputs) =>
        outputs.map((row) => row.map((value) => value === 0)),
      );
    expect(await zeros("float32")).toEqual(await zeros("float64"));
  });
});

/** 12 rows for a network of 3 inputs and 2 outputs. */
async function createProblem(layers: readonly Layer[], changes: Partial<NetworkOptions> = {}) {
  const network = await createNetwork({
    inputs: 3,
    layers,
    loss: "meanSquaredError",
    optimizer: sgd({ learningRate: 0.1 }),
    dtype: "float64",
    seed: 9,
    ...changes,
  });
  return {
    network: network as Network,
    inputs: matrix("float64", 12, 3),
    targets: matrix("float64", 12, 2, 0.2),
  };
}

/** The definition of training by SGD in float64: dense layers (tanh, linear) and dropout, mean squared error. */
class ReferenceNetwork {
  readonly #layers: readonly Layer[];
  readonly #seed: number;
  readonly #learningRate: number;
  /** For each dense layer, the kernel [inputs][units] with the bias as its last row; for dropout layers, no rows. */
  readonly #kernels: readonly number[][][];
  #step = 0;

  constructor(
    network: Network,
    layers: readonly Layer[],
    { seed, learningRate }: { seed: number; learningRate: number },
  ) {
    this.#layers = layers;
    this.#seed = seed;
    this.#learningRate = learningRate;
    this.#kernels = network.parameters.map(({ kernel, bias }) =>
      kernel ? [...kernel.toArray(), bias!.toArray()] : [],
    );
  }

  get values(): number[] {
    return this.#kernels.flat(2);
  }

  train(inputs: readonly number[][], targets: readonly number[][]): void {
    const gradients = this.#kernels.map((kernel) => kernel.map((row) => row.map(() => 0)));
    inputs.forEach((x, row) => {
      const scales = this.#layers.map(
        (layer, index) => (_: number, unit: number) => this.#scaleOf(layer, index, row, unit),
      );
      const values = [x];
      this.#layers.forEach((layer, i) => {
        const input = values.at(-1)!;
        if (layer.kind === "dropout")
          values.push(input.map((value, unit) => value * scales[i]!(value, unit)));
        else values.push(this.#denseOutputs(i, input, layer.kind === "dense" && layer.activation === "tanh"));
      });
      const outputs = values.at(-1)!;
      let d = outputs.map((value, j) => (2 * (value - targets[row]![j]!)) / (inputs.length * outputs.length));
      for (let i = this.#layers.length - 1; i >= 0; i--) {
        const layer = this.#layers[i]!;
        if (layer.kind !== "dense") {
          d = d.map((value, unit) => value * scales[i]!(value, unit));
          continue;
        }
        const y = values[i + 1]!;
        if (layer.kind === "dense" && layer.activation === "tanh")
          d = d.map((value, j) => value * (1 - y[j]! ** 2));
        const input = [...values[i]!, 1];
        for (const [k, value] of input.entries()) {
          for (const [j, dj] of d.entries()) gradients[i]![k]![j]! += value * dj;
        }
        d = values[i]!.map((_, k) => d.reduce((sum, dj, j) => sum + dj * this.#kernels[i]![k]![j]!, 0));
      }
    });
    for (const [i, kernel] of this.#kernels.entries()) {
      for (const [k, row] of kernel.entries()) {
        for (const j of row.keys()) row[j]! -= this.#learningRate * gradients[i]![k]![j]!;
      }
    }
    this.#step++;
  }

  #denseOutputs(i: number, input: readonly number[], isTanh: boolean): number[] {
    const kernel = this.#kernels[i]!;
    return kernel.at(-1)!.map((bias, j) => {
      const logit = input.reduce((sum, value, k) => sum + value * kernel[k]![j]!, bias);
      return isTanh ? Math.tanh(logit) : logit;
    });
  }

  #scaleOf(layer: Layer, index: number, row: number, unit: number): number {
    const { rate } = layer as DropoutLayer;
    return keeps(row, unit, { seed: this.#seed, step: this.#step, layer: index, rate }) ? 1 / (1 - rate) : 0;
  }
}

const STACKS: Record<string, Layer[]> = {
  "between dense layers": [dense(6, "tanh"), dropout(0.4), dense(4, "tanh"), dropout(0.2), dense(2)],
  first: [dropout(0.3), dense(5, "tanh"), dense(2)],
  last: [dense(5, "tanh"), dense(2), dropout(0.3)],
  "twice in a row": [dense(5, "tanh"), dropout(0.3), dropout(0.5), dense(2)],
  "twice in a row before the first dense layer": [dropout(0.3), dropout(0.5), dense(2, "tanh")],
  "first and last": [dropout(0.1), dense(2, "tanh"), dropout(0.6)],
};

describe.each(Object.entries(STACKS))("a network with dropout %s", (_, layers) => {
  it.each([1, 5, 12])("trains as its definition, within 1e-12, in batches of %i", async (batchSize) => {
    const { network, inputs, targets } = await createProblem(layers);
    const reference = new ReferenceNetwork(network, layers, { seed: 9, learningRate: 0.1 });
    const rowsOf = ({ data, shape: [rows, columns] }: typeof inputs) =>
      Array.from({ length: rows }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
    const [x, y] = [rowsOf(inputs), rowsOf(targets)];
    for (let epoch = 0; epoch < 5; epoch++) {
      for (let begin = 0; begin < 12; begin += batchSize) {
        reference.train(x.slice(begin, begin + batchSize), y.slice(begin, begin + batchSize));
      }
    }
    network.fitSync(inputs, targets, { epochs: 5, batchSize, shuffle: false });
    const expected = reference.values;
    const error = Math.max(...valuesOf(network.parameters).map((value, i) => Math.abs(value - expected[i]!)));
    expect(error).toBeLessThan(1e-12);
    network.dispose();
  });

  it("predicts, evaluates and computes gradients with the bits of the network without dropout", async () => {
    const without = layers.filter(({ kind }) => kind === "dense");
    for (const dtype of DTYPES) {
      const { network, inputs, targets } = await createProblem(layers, { dtype });
      network.fitSync(inputs, targets, { epochs: 2, batchSize: 5 });
      const plain = await createProblem(without, { dtype });
      plain.network.setParameters(network.parameters.filter(({ kernel }) => kernel));
      const one = { data: inputs.data.slice(0, 3), shape: [1, 3] };
      const resultOf = (each: Network) => {
        const { loss, layers } = each.gradients(inputs, targets);
        return {
          predictions: bitsOf(each.predict(inputs).data),
          prediction: bitsOf(each.predict(one).data),
          loss: each.evaluate(inputs, targets).loss,
          gradients: { loss, bits: bitsOf(valuesOf(layers)) },
        };
      };
      expect(resultOf(network)).toEqual(resultOf(plain.network));
      network.dispose();
      plain.network.dispose();
    }
  });

  it("has gradients that match central differences, in evaluation and in training", async () => {
    const { network, inputs, targets } = await createProblem(layers);
    for (const training of [false, true]) {
      expect(checkGradients(network, inputs, targets, { training }).largestError).toBeLessThan(1e-7);
    }
    network.dispose();
  });

  it("has the loss and the gradients of the coming step with `training`, bit for bit", async () => {
    for (const dtype of DTYPES) {
      const { network, inputs, targets } = await createProblem(layers, {
        dtype,
        optimizer: sgd({ learningRate: 1 }),
      });
      network.fitSync(inputs, targets);
      const before = valuesOf(network.parameters);
      const { loss } = network.evaluate(inputs, targets, { training: true });
      const gradients = network.gradients(inputs, targets, { training: true });
      expect(loss).not.toBe(network.evaluate(inputs, targets).loss);
      expect(network.fitSync(inputs, targets).loss).toEqual([loss]);
      expect(gradients.loss).toBe(loss);
      const steps = valuesOf(gradients.layers);
      expect(valuesOf(network.parameters)).toEqual([
        ...floats(
          dtype,
          before.map((value, i) => value - steps[i]!),
        ),
      ]);
      network.dispose();
    }
  });

  it("restores its parameters from JSON, where dropout layers are {}", async () => {
    const { network, inputs, targets } = await createProblem(layers);
    network.fitSync(inputs, targets, { epochs: 2 });
    layers.forEach((layer, i) => {
      expect(Object.keys(network.parameters[i]!)).toEqual(layer.kind === "dropout" ? [] : ["kernel", "bias"]);
    });
    const copy = await createProblem(layers, { seed: 10 });
    copy.network.setParameters(JSON.parse(JSON.stringify(network.parameters)));
    expect(bitsOfParameters(copy.network)).toBe(bitsOfParameters(network));
    network.dispose();
    copy.network.dispose();
  });
});

describe("the key of dropout", () => {
  /** A stream that records the keys drawn from it. */
  function recorded(): { random: RandomStream; keys: number[] } {
    const stream = numpyRandom(4);
    const keys: number[] = [];
    const random: RandomStream = {
      fillUniform(out, low, high) {
        stream.fillUniform(out, low, high);
        if (high === 2 ** 32) keys.push(Math.floor(out[0]!));
      },
      fillNormal: (out, mean, deviation) => stream.fillNormal(out, mean, deviation),
    };
    return { random, keys };
  }

  it("is drawn by the first call with `training`", async () => {
    for (const call of ["evaluate", "gradients"] as const) {
      const { random, keys } = recorded();
      const { network, inputs, targets } = await createProblem([dropout(0.5), dense(2)], {
        random,
        seed: undefined as never,
      });
      const compute = (training: boolean) =>
        call === "evaluate"
          ? network.evaluate(inputs, targets, { training })
          : network.gradients(inputs, targets, { training });
      compute(false);
      expect(keys).toHaveLength(0);
      for (let i = 0; i < 2; i++) compute(true);
      expect(keys).toHaveLength(1);
      network.dispose();
    }
  });

  it("is drawn once, at the first fit, if only `random` is given", async () => {
    const { random, keys } = recorded();
    const probe = await Probe.create([dropout(0.5)], 64, 2, { random });
    expect(keys).toHaveLength(0);
    for (let step = 0; step < 3; step++) {
      const kept = probe.step(matrix("float32", 64, 2)).map((row) => row.map((value) => value !== 0));
      expect(keys).toHaveLength(1);
      const key = { seed: keys[0]!, step, layer: 0, rate: 0.5 };
      expect(kept).toEqual(kept.map((_, row) => [0, 1].map((unit) => keeps(row, unit, key))));
    }
    probe.dispose();
  });

  it("is not drawn for a network without dropout whose rows are not shuffled", async () => {
    const { random, keys } = recorded();
    const { network, inputs, targets } = await createProblem([dense(2)], {
      random,
      seed: undefined as never,
    });
    network.fitSync(inputs, targets, { shuffle: false });
    expect(keys).toHaveLength(0);
    network.dispose();
  });
});

describe("dropout()", () => {
  it("equals a layer written by hand, { kind, rate }", async () => {
    expect(dropout(0.5)).toEqual({ kind: "dropout", rate: 0.5 });
    const train = async (layer: Layer) => {
      const { network, inputs, targets } = await createProblem([layer, dense(2)]);
      network.fitSync(inputs, targets, { epochs: 3 });
      const bits = bitsOfParameters(network);
      network.dispose();
      return bits;
    };
    expect(await train({ kind: "dropout", rate: 0.5 })).toBe(await train(dropout(0.5)));
    expect(await train(dropout(0.4))).not.toBe(await train(dropout(0.5)));
  });

  it.each([1, -0.1, 2, Number.NaN, Infinity, "0.5", null, undefined])(
    "throws invalidOption for a rate of %j",
    async (rate) => {
      const error = errorOf(() => dropout(rate as number));
      expect(error.code).toBe("invalidOption");
      expect(error.message).toMatch(/^rate is .+; expected a number from 0 to below 1\.$/);
      const layers = [dense(2), { kind: "dropout", rate } as DropoutLayer, dense(2)];
      await expect(createProblem(layers)).rejects.toMatchObject({
        name: "BackpropError",
        code: "invalidOption",
        message: expect.stringMatching(/^layers\[1\]\.rate is .+; expected a number from 0 to below 1\.$/),
      });
    },
  );

  it("refuses unknown keys of a layer written by hand", async () => {
    const layer = { kind: "dropout", rate: 0.5, units: 3 } as DropoutLayer;
    await expect(createProblem([layer, dense(2)])).rejects.toMatchObject({
      code: "invalidOption",
      message: 'layers[0] has no option "units"; expected "kind", "rate".',
    });
    await expect(createProblem([{ kind: "Dropout", rate: 0.5 } as never, dense(2)])).rejects.toMatchObject({
      code: "unknownName",
      message: expect.stringMatching(/^layers\[0\]\.kind is "Dropout"; expected one of .*"dropout"/),
    });
  });

  it("appears in the summary with its rate, its output shape and 0 parameters", async () => {
    const { network } = await createProblem([dense(5, "tanh"), dropout(0.25), dense(2)]);
    expect(network.summary()).toMatch(/^dropout 1 +rate 0\.25 +\[rows, 5\] +0$/m);
    network.dispose();
  });
});
