import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { StatusNumber } from "../src/abi/structs.js";
import { multiplyByClass } from "../src/data/weights.js";
import {
  type ActivationName,
  adam,
  balancedClassWeights,
  createNetwork,
  crossValidate,
  customMetric,
  type DType,
  dense,
  type FitOptions,
  kFold,
  LOSSES,
  type LossName,
  type Network,
  type NetworkOptions,
  type Reduction,
  sgd,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { createClassifier, points } from "./support/classifier.js";
import { CoreNetwork, type CoreSamples } from "./support/coreNetwork.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";
import { watchTeams } from "./support/teams.js";

const INPUTS = 3;
const OUTPUTS = 3;

function outputOf(loss: LossName): ActivationName {
  if (loss === "sigmoidCrossentropy" || loss === "focal" || loss === "binaryCrossentropy") return "sigmoid";
  if (loss === "poisson") return "softplus";
  return loss.endsWith("ategoricalCrossentropy") || loss === "kullbackLeibler" ? "softmax" : "linear";
}

interface Data {
  readonly inputs: readonly (readonly number[])[];
  readonly targets: readonly (readonly number[])[];
}

function dataFor(loss: LossName, rows: number): Data {
  const cut = (values: number[], width: number) =>
    Array.from({ length: rows }, (_, i) => values.slice(i * width, (i + 1) * width));
  const inputs = cut(spread(rows * INPUTS, -1.5, 1.5, 0.75), INPUTS);
  if (loss === "sparseCategoricalCrossentropy")
    return { inputs, targets: inputs.map((_, i) => [(i * 7) % OUTPUTS]) };
  return { inputs, targets: cut(spread(rows * OUTPUTS, 0, 1, 0.25), OUTPUTS) };
}

function pick({ inputs, targets }: Data, order: readonly number[]): Data {
  return { inputs: order.map((row) => inputs[row]!), targets: order.map((row) => targets[row]!) };
}

function create(loss: LossName, reduction: Reduction, dtype: DType, changes: Partial<NetworkOptions> = {}) {
  return createNetwork({
    inputs: INPUTS,
    layers: [dense(5, "tanh"), dense(OUTPUTS, outputOf(loss), { kernelL2: 0.01 })],
    loss: { name: loss, reduction },
    dtype,
    ...changes,
  });
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  const error = Math.max(...actual.map((x, i) => Math.abs(x - expected[i]!)));
  expect(error / scale).toBeLessThan(tolerance);
}

const TOLERANCE: Record<DType, number> = { float32: 1e-5, float64: 1e-13 };
/** Fewer rows than a vector has lanes, more, and several microbatches whose last one has one row. */
const ROWS = [1, 3, 7, 129];

describe.each(DTYPES)("weights of rows in %s", (dtype) => {
  it.each(LOSSES)("of 2 equal the row twice, and of 0 equal no row: %s", async (loss) => {
    for (const reduction of ["mean", "sum"] as const) {
      const network = await create(loss, reduction, dtype);
      for (const rows of ROWS) {
        const data = dataFor(loss, rows);
        const sampleWeights = Array.from({ length: rows }, (_, i) => (rows === 1 ? 2 : [1, 2, 0][i % 3]!));
        const repeated = pick(
          data,
          sampleWeights.flatMap((weight, row) => Array<number>(weight).fill(row)),
        );
        const actual = network.gradients(data.inputs, data.targets, { sampleWeights });
        const expected = network.gradients(repeated.inputs, repeated.targets);
        expectClose([actual.loss], [expected.loss], TOLERANCE[dtype]);
        expectClose(valuesOf(actual.layers), valuesOf(expected.layers), TOLERANCE[dtype]);
        const { loss: evaluated } = network.evaluate(data.inputs, data.targets, { sampleWeights });
        expect(evaluated).toBe(actual.loss);
        const step = async ({ inputs, targets }: Data, options: FitOptions) => {
          const stepped = await create(loss, reduction, dtype);
          const { loss: losses } = await stepped.fit(inputs, targets, { batchSize: 1000, ...options });
          const values = [...losses, ...valuesOf(stepped.parameters)];
          stepped.dispose();
          return values;
        };
        expectClose(await step(data, { sampleWeights }), await step(repeated, {}), TOLERANCE[dtype]);
      }
      network.dispose();
    }
  });

  it.each(LOSSES)("of 1 give the bits of no weights: %s", async (loss) => {
    for (const rows of ROWS) {
      const { inputs, targets } = dataFor(loss, rows);
      const results = [];
      for (const options of [{}, { sampleWeights: Array<number>(rows).fill(1) }]) {
        const network = await create(loss, "mean", dtype, { optimizer: adam() });
        const { loss: losses } = await network.fit(inputs, targets, { epochs: 3, batchSize: 4, ...options });
        results.push(bitsOf([...losses, ...valuesOf(network.parameters)]));
        network.dispose();
      }
      expect(results[1]).toBe(results[0]);
    }
  });
});

describe("a batch whose weights are all 0", () => {
  const data = dataFor("meanSquaredError", 6);
  const fit = async (changes: FitOptions, rows = [0, 1, 2, 3, 4, 5]) => {
    const network = await create("meanSquaredError", "mean", "float64", {
      optimizer: adam({ learningRate: 0.1 }),
      layers: [dense(5, "tanh"), dense(OUTPUTS)],
    });
    const { inputs, targets } = pick(data, rows);
    const { loss } = await network.fit(inputs, targets, { batchSize: 2, shuffle: false, ...changes });
    const values = valuesOf(network.parameters);
    network.dispose();
    return { loss, values };
  };

  it.each([
    ["first", [0, 0, 1, 1, 1, 1], [2, 3, 4, 5]],
    ["in the middle", [1, 1, 0, 0, 1, 1], [0, 1, 4, 5]],
    ["last", [1, 1, 1, 1, 0, 0], [0, 1, 2, 3]],
  ])("takes no step: %s", async (_, sampleWeights, rows) => {
    const skipped = await fit({ sampleWeights, epochs: 3 });
    const without = await fit({ epochs: 3 }, rows);
    expect(bitsOf(skipped.values)).toBe(bitsOf(without.values));
    expect(skipped.loss).toHaveLength(3);
    expect(bitsOf(skipped.loss)).toBe(bitsOf(without.loss));
  });

  it("does not count in the loss of an epoch, the mean over all rows by their weights", async () => {
    const sampleWeights = [0.5, 1.5, 0, 0, 3, 1];
    const { loss } = await fit({ sampleWeights, shuffle: false });
    const network = await create("meanSquaredError", "mean", "float64", {
      optimizer: adam({ learningRate: 0.1 }),
      layers: [dense(5, "tanh"), dense(OUTPUTS)],
    });
    const lossOf = (rows: number[]) => {
      const { inputs, targets } = pick(data, rows);
      const weights = rows.map((row) => sampleWeights[row]!);
      return network.fitSync(inputs, targets, { sampleWeights: weights, batchSize: 2 }).loss[0]!;
    };
    const [first, last] = [lossOf([0, 1]), lossOf([4, 5])];
    expect(loss[0]).toBeCloseTo((2 * first + 4 * last) / 6, 14);
    network.dispose();
  });
});

describe.each(DTYPES)("weighted training in %s", (dtype) => {
  let core: Core;
  const rows = 300;
  const weights = spread(rows, 0, 2, 0.1).map((weight, i) => (i % 5 === 0 ? 0 : weight));

  beforeAll(async () => {
    core = await sharedCore();
  });

  function load(loss: LossName, workspaceRows = 128): { network: CoreNetwork; samples: CoreSamples } {
    const layers = [dense(5, "tanh"), dense(OUTPUTS, outputOf(loss))];
    const network = new CoreNetwork(core, { dtype, inputs: INPUTS, layers, loss, workspaceRows });
    network.parameters().set(spread(network.parameterCount, -1, 1, 0.4));
    const { inputs, targets } = dataFor(loss, rows);
    const samples = network.createSamples(inputs.flat(), targets.flat());
    const address = network.allocate(rows * network.host.type.size);
    network.view(address, rows).set(weights);
    samples.struct.set({ weights: address });
    return { network, samples };
  }

  it("has the same bits for any microbatch, except the sum of a loss over a microbatch of one row", () => {
    for (const loss of ["meanSquaredError", "sparseCategoricalCrossentropy", "kullbackLeibler"] as const) {
      for (const batchSize of [1, 7, 128, 129, 300]) {
        const results = [128, 256, 384].map((workspaceRows) => {
          const { network, samples } = load(loss, workspaceRows);
          const run = network.createRun(samples, { until: 2, batchSize });
          run.advance();
          expect(run.get("status")).toBe(StatusNumber.Finished);
          const parameters = bitsOf(network.parameters());
          const losses = run.losses().slice();
          network.dispose();
          return { parameters, losses };
        });
        for (const { parameters, losses } of results) {
          expect(parameters).toBe(results[0]!.parameters);
          losses.forEach((value, i) => {
            expect(value / results[0]!.losses[i]!).toBeCloseTo(1, dtype === "float32" ? 6 : 12);
          });
        }
      }
    }
  });

  it("has the same bits when a run is paused after each unit of work, and a loss is evaluated in slices", () => {
    const straight = load("focal");
    const whole = straight.network.createRun(straight.samples, { until: 2, batchSize: 32 });
    whole.advance();
    const pieces = load("focal");
    const run = pieces.network.createRun(pieces.samples, { until: 2, batchSize: 32 });
    while (run.get("status") !== StatusNumber.Finished) run.advance(1);
    expect(bitsOf(pieces.network.parameters())).toBe(bitsOf(straight.network.parameters()));
    expect(bitsOf(run.losses())).toBe(bitsOf(whole.losses()));
    const loss = straight.network.evaluate(straight.samples);
    expect(straight.network.evaluate(straight.samples, 128)).toBe(loss);
    expect(straight.network.computeGradients(straight.samples)).toBe(loss);
    for (const { network } of [straight, pieces]) network.dispose();
  });

  it("refuses weights that are negative or not finite, and weights without a positive, finite sum", () => {
    const { network, samples } = load("huber");
    const address = samples.struct.get("weights");
    const largest = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
    const before = bitsOf(network.parameters());
    const wrong: readonly (readonly [number, number])[] = [
      [-1e-30, 1],
      [Number.NaN, 1],
      [Infinity, 1],
      [0, 0],
      // In float32, the sum is computed in f64, and finite.
      ...(dtype === "float64" ? [[largest, largest] as const] : []),
    ];
    for (const [one, others] of wrong) {
      network.view(address, rows).fill(others);
      network.view(address, rows)[150] = one;
      const run = network.createRun(samples);
      expect(run.advance()).toBe(0);
      expect(run.get("status")).toBe(StatusNumber.InvalidWeight);
      expect(network.evaluate(samples)).toBeNaN();
      expect(network.computeGradients(samples)).toBeNaN();
      const { evaluate_check: check } = network.kernels;
      expect(check(network.address, network.workspace, samples.address, 0, 1, 0)).toBe(
        StatusNumber.InvalidWeight,
      );
    }
    expect(bitsOf(network.parameters())).toBe(before);
    network.view(address, rows).fill(0.5);
    expect(network.evaluate(samples)).not.toBeNaN();
    network.dispose();
  });

  it("uses no learning rate for a batch of weight 0", () => {
    const { network, samples } = load("huber");
    network.view(samples.struct.get("weights"), 100).fill(0);
    const run = network.createRun(samples, { batchSize: 50, rates: [0.1, 0.1, 0.1, 0.1, 0.1] });
    run.advance();
    expect([run.get("status"), run.get("learningRateIndex")]).toEqual([StatusNumber.Finished, 4]);
    network.dispose();
  });

  it("stops at an order out of range before it reads a weight", () => {
    const { network, samples } = load("huber");
    const order = Array.from({ length: rows }, (_, i) => (i === 40 ? 2 ** 32 - 1 : i));
    const run = network.createRun(samples, { batchSize: 50, order });
    expect(run.advance()).toBe(0);
    expect(run.get("status")).toBe(StatusNumber.OrderOutOfRange);
    network.dispose();
  });
});

it("weighted training has the same bits for 1, 2, 3 and 5 threads", async () => {
  const rows = 300;
  const inputs = { data: spread(rows * 64), shape: [rows, 64] };
  const targets = Array.from({ length: rows }, (_, i) => (i * i + 3 * i) % 10);
  const sampleWeights = spread(rows, 0, 3, 0.2).map((weight, i) => (i % 7 ? weight : 0));
  const bits = new Set<string>();
  for (const threads of [1, 2, 3, 5]) {
    const network = await createNetwork({
      inputs: 64,
      layers: [dense(96, "relu"), dense(10, "softmax")],
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam(),
      threads,
    });
    const teams =
      threads > 1 ? watchTeams(await sharedCore(undefined, { numerics: "strict", threads: true })) : [];
    const options = { batchSize: 100, sampleWeights, classWeights: "balanced" } as const;
    const losses = [...(await network.fit(inputs, targets, options)).loss];
    await teams[0]?.assemble(threads - 1);
    losses.push(...(await network.fit(inputs, targets, { ...options, epochs: 2 })).loss);
    if (threads > 1) expect(teams[0]!.calls).toBeGreaterThan(0);
    bits.add(bitsOf([...losses, ...valuesOf(network.parameters)]));
    network.dispose();
  }
  expect(bits.size).toBe(1);
});

describe("class weights", () => {
  interface ClassWeightCase {
    readonly labels: readonly number[];
    readonly weights: Readonly<Record<string, number>>;
  }
  const CASES: readonly ClassWeightCase[] = JSON.parse(
    readFileSync(new URL("reference/losses.json", import.meta.url), "utf8"),
  ).classWeights;
  const oneHot = (labels: readonly number[]) =>
    labels.map((label) => [0, 1, 2].map((i) => Number(i === label)));

  async function fitted(loss: LossName, targets: readonly unknown[], options: FitOptions): Promise<string> {
    const network: Network = await create(loss, "mean", "float64");
    const inputs = dataFor(loss, targets.length).inputs;
    const { loss: losses } = await network.fit(inputs, targets as number[], {
      epochs: 2,
      batchSize: 3,
      ...options,
    });
    const bits = bitsOf([...losses, ...valuesOf(network.parameters)]);
    network.dispose();
    return bits;
  }

  it.each(CASES)(
    "balanced are scikit-learn's, for labels and for one-hot rows: $labels",
    async ({ labels, weights }) => {
      const sampleWeights = labels.map((label) => weights[label]!);
      for (const [loss, targets] of [
        ["sparseCategoricalCrossentropy", labels],
        ["categoricalCrossentropy", oneHot(labels)],
        ["sigmoidCrossentropy", oneHot(labels)],
      ] as const) {
        const expected = await fitted(loss, targets, { sampleWeights });
        expect(await fitted(loss, targets, { classWeights: "balanced" })).toBe(expected);
        expect(await fitted(loss, targets, { classWeights: { 1: 0, ...weights } })).toBe(expected);
        const list = [0, 1, 2].map((label) => weights[label] ?? 0);
        expect(await fitted(loss, targets, { classWeights: list })).toBe(expected);
      }
    },
  );

  it("of many rows are computed with pauses, after which the arrays may be other views", () => {
    const rows = 200_000;
    const labels = Uint8Array.from({ length: rows }, (_, row) => (row * row + row) % 3);
    const values = new Float32Array(3 * rows);
    labels.forEach((label, row) => {
      values[3 * row + label] = 1;
    });
    const weights = new Float64Array(rows).fill(1);
    let pauses = 0;
    const viewOf = <T extends Float32Array | Float64Array>(array: T) => {
      const pause = pauses;
      return new Proxy(array, {
        get: (_, key) => {
          if (pauses !== pause) expect.fail("a view that was opened before a pause was read");
          return array[key as never];
        },
        set: (_, key, value) => Reflect.set(array, key, value),
      });
    };
    const targets = { rows, values: () => viewOf(values), areLabels: false, outputs: 3 };
    for (const _ of multiplyByClass(() => viewOf(weights), "balanced", targets)) pauses++;
    expect(pauses).toBe(6);
    const balanced = balancedClassWeights({ data: values, shape: [rows, 3] });
    expect(weights).toEqual(Float64Array.from(labels, (label) => balanced[label]!));
  });

  it("are multiplied by the weights of the rows", async () => {
    const labels = [0, 1, 2, 1, 0];
    const expected = await fitted("sparseCategoricalCrossentropy", labels, {
      sampleWeights: [2, 12, 5, 0, 1],
    });
    const both = { sampleWeights: [1, 4, 2.5, 0, 0.5], classWeights: [2, 3, 2] };
    expect(await fitted("sparseCategoricalCrossentropy", labels, both)).toBe(expected);
  });

  it("of one column take targets of 0 and 1", async () => {
    const results = [];
    for (const options of [
      { classWeights: "balanced" },
      { sampleWeights: [2, 2 / 3, 2 / 3, 2 / 3] },
    ] as const) {
      const layers = [dense(1, "sigmoid")];
      const network = await create("sigmoidCrossentropy", "mean", "float64", { layers });
      const { inputs } = dataFor("sigmoidCrossentropy", 4);
      const { loss } = await network.fit(inputs, [1, 0, 0, 0], options);
      results.push(bitsOf([...loss, ...valuesOf(network.parameters)]));
      network.dispose();
    }
    expect(results[1]).toBe(results[0]);
  });
});

describe("weights in the training loop", () => {
  const all = points(30);
  const sampleWeights = spread(30, 0, 2, 0.3).map((weight, i) => (i % 4 ? weight : 0));
  const metrics = ["accuracy", "mae"] as const;
  const repeats = all.inputs.map((_, i) => [0, 1, 3][i % 3]!);
  const repeated = <T>(rows: readonly T[]) => rows.flatMap((row, i) => Array<T>(repeats[i]!).fill(row));

  it("count in metrics and the confusion matrix as rows that are repeated", async () => {
    const network = await createClassifier();
    const options = { metrics: [...metrics, "r2", "rocAuc"], confusionMatrix: true } as const;
    const weighted = network.evaluate(all.inputs, all.targets, { ...options, sampleWeights: repeats });
    const expected = network.evaluate(repeated(all.inputs), repeated(all.targets), options);
    for (const name of ["loss", ...options.metrics] as const) {
      expect(weighted[name], name).toBeCloseTo(expected[name], 12);
    }
    expect(weighted.confusionMatrix.toArray()).toEqual(expected.confusionMatrix.toArray());
    network.dispose();
  });

  it("count in the metrics of training rows in their order, also of batches that are skipped", async () => {
    const network = await createClassifier({ optimizer: sgd({ learningRate: 0 }) });
    const options = { epochs: 3, batchSize: 1, metrics, sampleWeights };
    const history = await network.fit(all.inputs, all.targets, options);
    const expected = network.evaluate(all.inputs, all.targets, { metrics, sampleWeights });
    for (const values of [history.loss, history.accuracy, history.mae]) expect(values).toHaveLength(3);
    for (const epoch of [0, 1, 2]) {
      expect(history.loss[epoch]).toBeCloseTo(expected.loss, 12);
      expect(history.accuracy[epoch]).toBeCloseTo(expected.accuracy, 12);
      expect(history.mae[epoch]).toBeCloseTo(expected.mae, 12);
    }
    network.dispose();
  });

  it("of validationData and of a validationSplit are those of evaluate", async () => {
    const rest = [all.inputs.slice(20), all.targets.slice(20)] as const;
    const weights = sampleWeights.slice(20);
    const results = [];
    for (const split of [true, false]) {
      const network = await createClassifier();
      const options = { epochs: 2, batchSize: 7, metrics };
      const history = split
        ? await network.fit(all.inputs, all.targets, { ...options, sampleWeights, validationSplit: 1 / 3 })
        : await network.fit(all.inputs.slice(0, 20), all.targets.slice(0, 20), {
            ...options,
            sampleWeights: sampleWeights.slice(0, 20),
            validationData: [...rest, weights],
          });
      const { loss, accuracy } = network.evaluate(...rest, { metrics, sampleWeights: weights });
      expect(history.validationLoss[1]).toBe(loss);
      expect(history.validationAccuracy[1]).toBe(accuracy);
      results.push(bitsOf([...history.loss, ...history.validationLoss, ...valuesOf(network.parameters)]));
      network.dispose();
    }
    expect(results[1]).toBe(results[0]);
  });

  it("of classes do not count in validation", async () => {
    const network = await createClassifier();
    const options = { batchSize: 7, classWeights: { 0: 1, 1: 5 }, validationSplit: 0.5 };
    const { validationLoss } = await network.fit(all.inputs, all.targets, options);
    const { loss } = network.evaluate(all.inputs.slice(15), all.targets.slice(15));
    expect(validationLoss).toEqual([loss]);
    network.dispose();
  });

  it("of a dataset give the bits of rows with these weights", async () => {
    const results = [];
    for (const keeps of [true, false]) {
      const network = await createClassifier();
      const dataset = await network.createDataset(all.inputs, all.targets);
      const options = {
        batchSize: 7,
        sampleWeights,
        classWeights: "balanced",
        validationSplit: 0.2,
      } as const;
      const history = keeps
        ? await network.fit(dataset, options)
        : await network.fit(all.inputs, all.targets, options);
      const { loss } = keeps
        ? network.evaluate(dataset, { sampleWeights })
        : network.evaluate(all.inputs, all.targets, { sampleWeights });
      results.push(bitsOf([loss, ...history.validationLoss, ...valuesOf(network.parameters)]));
      if (keeps) {
        const plain = network.evaluate(all.inputs, all.targets).loss;
        expect(network.evaluate(dataset).loss).toBe(plain);
        expect(() => network.evaluate(dataset, { sampleWeights: [1, 2] })).toThrow(
          "dataset has 30 rows and sampleWeights has 2; expected one weight for each input.",
        );
      }
      dataset.dispose();
      network.dispose();
    }
    expect(results[1]).toBe(results[0]);
  });

  it("of a batch that is skipped call no onBatch and use no step of a schedule", async () => {
    const weights = all.inputs.map((_, i) => (i % 10 < 5 ? 0 : 1));
    const kept = (rows: readonly unknown[]) => rows.filter((_, i) => weights[i]!) as number[];
    const moments: string[] = [];
    const run = async (inputs: unknown, targets: number[], sampleWeights?: number[]) => {
      const seen = new Set<string>();
      const learningRate = (step: number, epoch: number) => {
        seen.add(`${step} ${epoch}`);
        return 0.1 / (1 + step + 10 * epoch);
      };
      const network = await createClassifier({ optimizer: sgd({ learningRate }) });
      const rates: number[] = [];
      const history = await network.fit(inputs as number[][], targets, {
        epochs: 3,
        batchSize: 5,
        shuffle: false,
        sampleWeights,
        onBatch: ({ learningRate: rate }) => void rates.push(rate),
      });
      moments.push([...seen].join());
      const values = bitsOf([
        ...rates,
        ...history.learningRate,
        ...history.loss,
        ...valuesOf(network.parameters),
      ]);
      expect(rates).toHaveLength(9);
      network.dispose();
      return values;
    };
    const skipping = await run(all.inputs, all.targets, weights);
    expect(skipping).toBe(await run(kept(all.inputs), kept(all.targets)));
    expect(moments[0]).toBe(moments[1]);
  });

  it("follow their rows into the folds of a cross-validation", async () => {
    const seen: (readonly number[])[] = [];
    const metric = customMetric({
      name: "weights",
      direction: "max",
      compute: (_outputs, _targets, weights) => seen.push(Array.from(weights!)),
    });
    const sampleWeights = all.inputs.map((_, i) => i + 1);
    const options = { folds: 3, metrics: [metric], sampleWeights, shuffle: false };
    await crossValidate(() => createClassifier(), all.inputs, all.targets, options);
    const folds = [...kFold(30, { folds: 3 })];
    expect(seen).toEqual(
      folds.flatMap(({ training, validation }) =>
        [validation, training, validation].map((rows) => Array.from(rows, (i) => i + 1)),
      ),
    );
  });
});

describe("weights are refused", () => {
  const inputs = dataFor("sparseCategoricalCrossentropy", 3).inputs;

  it.each<[FitOptions, string, string]>([
    [
      { sampleWeights: [1, 2] },
      "invalidShape",
      "inputs has 3 rows and sampleWeights has 2; expected one weight for each input.",
    ],
    [{ sampleWeights: [1, -2, 0] }, "invalidData", "sampleWeights[1] is -2; expected a weight of 0 or more."],
    [
      { sampleWeights: [1, Number.NaN, 0] },
      "invalidData",
      "sampleWeights[1] is NaN; expected a finite float32 number",
    ],
    [
      { sampleWeights: [1, 1e300, 0] },
      "invalidData",
      "sampleWeights[1] is 1e+300, which is too large for float32",
    ],
    [{ sampleWeights: [0, 0, 0] }, "invalidData", "All sampleWeights are 0; expected at least one above 0."],
    [{ sampleWeights: 5 as never }, "invalidShape", "sampleWeights is 5; expected"],
    [{ sampleWeights: null as never }, "invalidShape", "sampleWeights is null; expected"],
    [
      { classWeights: "even" as never },
      "invalidOption",
      'classWeights is "even"; expected an array or an object',
    ],
    [
      { classWeights: [1, 1] },
      "invalidOption",
      "classWeights has no weight for class 2, the class of targets[2]",
    ],
    [
      { classWeights: [1, 1, -1] },
      "invalidOption",
      "classWeights[2] is -1; expected a finite number of 0 or more.",
    ],
    [
      { classWeights: { 0: 1, 1: 1, 2: 1, 3: 1 } },
      "invalidOption",
      'classWeights has a weight for "3"; expected the',
    ],
    [{ classWeights: [0, 0, 0] }, "invalidData", "All weights are 0; expected at least one above 0."],
    [
      { sampleWeights: [1, 1, 0], validationSplit: 0.3 },
      "invalidData",
      "All sampleWeights of the rows to validate on are 0",
    ],
    [
      { validationData: [inputs, [0, 1, 2], [1, -1, 0]] },
      "invalidData",
      "validationData[2][1] is -1; expected a weight of 0 or more.",
    ],
    [
      { validationData: [inputs, [0, 1, 2], [1, 1]] },
      "invalidShape",
      "validationData[0] has 3 rows and validationData[2] has 2; expected one weight for each input.",
    ],
  ])("%j", async (options, code, message) => {
    const network = await create("sparseCategoricalCrossentropy", "mean", "float32");
    const before = bitsOf(valuesOf(network.parameters));
    const error = errorOf(() => network.fitSync(inputs, [0, 1, 2], options));
    expect(error).toMatchObject({ name: "BackpropError", code, message: expect.stringContaining(message) });
    expect(bitsOf(valuesOf(network.parameters))).toBe(before);
    network.dispose();
  });

  it("for targets that are no classes", async () => {
    const network = await create("meanSquaredError", "mean", "float32");
    const fit = (row: number[]) => () =>
      network.fitSync(inputs, [[1, 0, 0], row, [0, 0, 1]], { classWeights: "balanced" });
    for (const row of [
      [1, 1, 0],
      [0, 0, 0],
      [0.5, 0.5, 0],
    ]) {
      expect(fit(row)).toThrow(
        /^targets\[1\] is .*, which is no class; with classWeights, expected a one-hot row/,
      );
    }
    network.dispose();
  });

  it("for streams", async () => {
    const network = await create("meanSquaredError", "mean", "float32");
    const stream = () => [{ inputs, targets: inputs }];
    expect(() => network.fitSync(stream, { sampleWeights: [1, 1, 1] })).toThrow(
      "sampleWeights is given, but the rows come from a stream",
    );
    expect(() => network.fitSync(stream, { classWeights: "balanced" })).toThrow(
      "classWeights is given, but the rows come from a stream",
    );
    network.dispose();
  });

  it("whose sum is not finite", async () => {
    const network = await create("sparseCategoricalCrossentropy", "mean", "float64");
    const options = { sampleWeights: [1e308, 1e308, 1] };
    expect(() => network.evaluate(inputs, [0, 1, 2], options)).toThrow(
      "The sum of sampleWeights is Infinity",
    );
    network.dispose();
  });
});

it.each([
  [[1e-60, 1], "classWeights[0] is 1e-60, which is too small for float32"],
  [[1, 1e300], "classWeights[1] is 1e+300, which is too large for float32"],
])("refuses class weights that the dtype does not hold: %j", async (classWeights, message) => {
  const network = await createNetwork({
    inputs: 1,
    layers: [dense(2, "softmax")],
    loss: "sparseCategoricalCrossentropy",
  });
  expect(() => network.fitSync([[0], [1]], [0, 1], { classWeights })).toThrow(message);
  network.dispose();
});
