// Layer norm and batch norm: what holds for any numbers. pytorchNorms.test.ts compares the numbers.

import { beforeAll, describe, expect, it } from "vitest";
import { PauseNumber, StatusNumber } from "../src/abi/structs.js";
import {
  adam,
  batchNorm,
  checkGradients,
  createNetwork,
  type DType,
  dense,
  dropout,
  type Layer,
  layerNorm,
  type Network,
  type NetworkOptions,
  sgd,
} from "../src/index.js";
import { type Core, sharedCore } from "../src/wasm/core.js";
import { CoreNetwork } from "./support/coreNetwork.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, floats, spread } from "./support/floats.js";
import { statisticsOf, valuesOf } from "./support/parameters.js";
import { watchTeams } from "./support/teams.js";

type AnyNetwork = Network<readonly Layer[]>;

const NORMS = { layerNorm, batchNorm };
const KINDS = Object.keys(NORMS) as (keyof typeof NORMS)[];

let core: Core;
let threadsCore: Core;

beforeAll(async () => {
  core = await sharedCore();
  threadsCore = await sharedCore(undefined, { threads: true });
});

function create(layers: readonly Layer[], changes: Partial<NetworkOptions> = {}): Promise<AnyNetwork> {
  return createNetwork({
    inputs: 3,
    layers,
    loss: "meanSquaredError",
    optimizer: sgd({ learningRate: 0.1 }),
    dtype: "float64",
    seed: 9,
    ...changes,
  }) as unknown as Promise<AnyNetwork>;
}

function matrix(dtype: DType, rows: number, columns: number, seed = 0.5) {
  return { data: floats(dtype, spread(rows * columns, -1, 1, seed)), shape: [rows, columns] as const };
}

function problem(rows: number, dtype: DType = "float64", inputs = 3) {
  return [matrix(dtype, rows, inputs), matrix(dtype, rows, 2, 0.2)] as const;
}

/** Gives gamma, beta and the running statistics values other than 0 and 1. */
function vary(network: AnyNetwork): void {
  network.parameters.forEach(({ gamma, beta }, i) => {
    gamma?.data.set(spread(gamma.data.length, 0.5, 1.5, 0.1 + i / 7));
    beta?.data.set(spread(beta.data.length, -1, 1, 0.2 + i / 7));
  });
  network.buffers.forEach(({ runningMean, runningVariance }, i) => {
    runningMean?.data.set(spread(runningMean.data.length, -0.5, 0.5, 0.3 + i / 7));
    runningVariance?.data.set(spread(runningVariance.data.length, 0.5, 2, 0.4 + i / 7));
  });
}

function stateOf(network: AnyNetwork): { parameters: string; statistics: string } {
  return {
    parameters: bitsOf(valuesOf(network.parameters)),
    statistics: bitsOf(statisticsOf(network.buffers)),
  };
}

const EVERYTHING: readonly Layer[] = [
  batchNorm(),
  dense(5, "tanh"),
  layerNorm(),
  dropout(0.3),
  batchNorm(),
  dense(2, "tanh"),
];

const STACKS: Record<string, readonly Layer[]> = {
  "layer norm": [dense(5, "tanh"), layerNorm(), dense(2)],
  "layer norm first": [layerNorm(), dense(5, "tanh"), dense(2)],
  // An epsilon of 1, because the outputs of two units change abruptly where both are equal.
  "layer norm last": [dense(5, "tanh"), dense(2), layerNorm({ epsilon: 1 })],
  "batch norm": [dense(5, "tanh"), batchNorm(), dense(2)],
  "batch norm first": [batchNorm(), dense(5, "tanh"), dense(2)],
  "batch norm last": [dense(5, "tanh"), dense(2), batchNorm()],
  "two batch norms in a row": [dense(5, "tanh"), batchNorm(), batchNorm({ momentum: 0.5 }), dense(2)],
  everything: EVERYTHING,
};

describe.each(Object.entries(STACKS))("a network with %s", (_, layers) => {
  const needsBatch = layers.some(({ kind }) => kind === "batchNorm");

  it("has gradients that match central differences, in evaluation and in training", async () => {
    const network = await create(layers);
    vary(network);
    for (const rows of [2, 5, 12, 131]) {
      for (const training of [false, true]) {
        const { largestError, at } = checkGradients(network, ...problem(rows), { training });
        expect(largestError, `${rows} rows, ${at}`).toBeLessThan(1e-7);
      }
    }
    if (!needsBatch) expect(checkGradients(network, ...problem(1)).largestError).toBeLessThan(1e-7);
    network.dispose();
  });

  it("takes the step of the gradients in training, bit for bit", async () => {
    for (const dtype of DTYPES) {
      const network = await create(layers, { dtype, optimizer: sgd({ learningRate: 1 }) });
      vary(network);
      const samples = problem(300, dtype);
      const before = valuesOf(network.parameters);
      const gradients = network.gradients(...samples, { training: true });
      const { loss } = network.evaluate(...samples, { training: true });
      expect(gradients.loss).toBe(loss);
      expect(network.fitSync(...samples, { batchSize: 300 }).loss).toEqual([loss]);
      const steps = valuesOf(gradients.layers);
      const expected = floats(
        dtype,
        before.map((value, i) => value - steps[i]!),
      );
      expect(bitsOf(floats(dtype, valuesOf(network.parameters)))).toBe(bitsOf(expected));
      network.dispose();
    }
  });

  it("predicts the same bits for a row alone and in any batch", async () => {
    for (const dtype of DTYPES) {
      const network = await create(layers, { dtype });
      const [inputs, targets] = problem(300, dtype);
      network.fitSync(inputs, targets, { epochs: 2, batchSize: 50 });
      const all = network.predict(inputs);
      for (const row of [0, 1, 77, 299]) {
        const one = { data: inputs.data.slice(row * 3, row * 3 + 3), shape: [1, 3] };
        expect(bitsOf(network.predict(one).data)).toBe(bitsOf(all.data.slice(row * 2, row * 2 + 2)));
      }
      network.dispose();
    }
  });

  it("changes nothing in evaluate, gradients and predict", async () => {
    const network = await create(layers);
    vary(network);
    const before = stateOf(network);
    const [inputs, targets] = problem(12);
    for (const training of [false, true]) {
      network.evaluate(inputs, targets, { training });
      network.gradients(inputs, targets, { training });
    }
    network.predict(inputs);
    expect(stateOf(network)).toEqual(before);
    network.dispose();
  });

  it("changes no parameter with a learning rate of 0", async () => {
    const network = await create(layers, { optimizer: sgd({ learningRate: 0 }) });
    vary(network);
    const before = stateOf(network);
    network.fitSync(...problem(12), { epochs: 3, batchSize: 5 });
    const after = stateOf(network);
    expect(after.parameters).toBe(before.parameters);
    if (needsBatch) expect(after.statistics).not.toBe(before.statistics);
    network.dispose();
  });

  it("gives the same bits in ten fits of one epoch as in one fit of ten, with evaluations between", async () => {
    const [once, often] = [await create(layers), await create(layers)];
    const samples = problem(12);
    const { loss } = once.fitSync(...samples, { epochs: 10, batchSize: 5 });
    const losses: number[] = [];
    for (let i = 0; i < 10; i++) {
      losses.push(...(await often.fit(...samples, { batchSize: 5 })).loss);
      for (const training of [false, true]) often.gradients(...problem(200), { training });
    }
    expect(losses).toEqual(loss);
    expect(stateOf(often)).toEqual(stateOf(once));
    once.dispose();
    often.dispose();
  });

  it("is not disturbed by predict and evaluate during a fit", async () => {
    const [alone, disturbed] = [await create(layers), await create(layers)];
    const [inputs, targets] = problem(12);
    const options = { epochs: 20000, batchSize: 5 };
    alone.fitSync(inputs, targets, options);
    let calls = 0;
    const onProgress = () => {
      calls++;
      disturbed.predict(inputs);
      for (const training of [false, true]) disturbed.evaluate(...problem(150), { training });
    };
    await disturbed.fit(inputs, targets, { ...options, onProgress });
    expect(calls).toBeGreaterThan(1);
    expect(stateOf(disturbed)).toEqual(stateOf(alone));
    alone.dispose();
    disturbed.dispose();
  });
});

describe.each(DTYPES)("norms of %s", (dtype) => {
  it.each(KINDS)("give the same bits for 1, 2, 3 and 5 threads: %s", async (kind) => {
    const norm = NORMS[kind];
    const inputs = matrix(dtype, 428, 64);
    const targets = Array.from({ length: 428 }, (_, i) => (i * i + 3 * i) % 10);
    const train = async (threads: number) => {
      const teams = watchTeams(threadsCore);
      const network = (await createNetwork({
        inputs: 64,
        layers: [norm(), dense(97, "relu"), norm(), dropout(0.5), dense(10, "softmax")],
        loss: "sparseCategoricalCrossentropy",
        optimizer: adam(),
        dtype,
        threads,
      })) as unknown as AnyNetwork;
      const options = { epochs: 3, batchSize: 300, shuffle: false };
      const first = network.fitSync(inputs, targets, options);
      if (threads > 1) await teams[0]!.assemble(threads - 1);
      const second = network.fitSync(inputs, targets, options);
      const result = { state: stateOf(network), losses: [...first.loss, ...second.loss] };
      const used = teams[0]?.threads ?? 0;
      network.dispose();
      return { result, used };
    };
    const alone = await train(1);
    for (const threads of [2, 3, 5]) {
      const { result, used } = await train(threads);
      expect(used).toBe(threads);
      expect(result.losses).toEqual(alone.result.losses);
      expect(result.state.parameters === alone.result.state.parameters).toBe(true);
      expect(result.state.statistics).toBe(alone.result.state.statistics);
    }
  });

  it.each(KINDS)("give the same bits for any length of the microbatches: %s", (kind) => {
    const results = [128, 256, 384].map((workspaceRows) => {
      const network = new CoreNetwork(core, {
        dtype,
        inputs: 3,
        layers: [dense(5, "tanh"), NORMS[kind](), dense(2)],
        loss: "meanSquaredError",
        workspaceRows,
      });
      network.parameters().set(spread(network.parameterCount, 0.1, 1));
      network.buffers().set(spread(network.buffers().length, 0.5, 1));
      const [inputs, targets] = problem(300, dtype);
      const loss = network.computeGradients(network.createSamples(inputs.data, targets.data));
      const gradients = bitsOf(network.gradients());
      network.dispose();
      return { loss, gradients };
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

describe("layer norm", () => {
  it("gives each row outputs of mean 0 and variance 1, before gamma and beta", async () => {
    const network = await create([layerNorm({ epsilon: 1e-12 })], { inputs: 7 });
    const rows = network.predict(matrix("float64", 9, 7)).toArray();
    for (const row of rows) {
      const mean = row.reduce((sum, x) => sum + x / 7, 0);
      expect(mean).toBeCloseTo(0, 12);
      expect(row.reduce((sum, x) => sum + (x - mean) ** 2 / 7, 0)).toBeCloseTo(1, 9);
    }
    network.dispose();
  });

  it("of a row does not depend on the other rows in training either", () => {
    const outputsOf = (data: readonly number[]) => {
      const network = new CoreNetwork(core, {
        dtype: "float32",
        inputs: 3,
        layers: [layerNorm()],
        loss: "meanSquaredError",
      });
      network.parameters().set([1, 2, 3, 0.1, 0.2, 0.3]);
      const rows = data.length / 3;
      const samples = network.createSamples(data, Array(data.length).fill(0));
      network.kernels.forward(network.address, network.workspace, samples.address, 0, rows, 1);
      const outputs = network.outputsOfPass(rows);
      network.dispose();
      return outputs;
    };
    const row = [0.25, -1, 3];
    const alone = outputsOf(row);
    expect(outputsOf([...spread(30), ...row, ...spread(9)]).slice(30, 33)).toEqual(alone);
  });

  it("of one unit is beta, with gradients of 0 for its inputs", async () => {
    const network = await create([dense(1), layerNorm(), dense(2)]);
    network.parameters[1]!.beta!.data.set([0.5]);
    const twice = network.predict(problem(2)[0]).toArray();
    expect(twice[0]).toEqual(twice[1]);
    const { layers } = network.gradients(...problem(4));
    expect([...layers[0]!.kernel!.data, ...layers[0]!.bias!.data]).toEqual([0, 0, 0, 0]);
    network.dispose();
  });

  it("of a constant row is beta", async () => {
    const network = await create([layerNorm()]);
    network.parameters[0]!.beta!.data.set([1, 2, 3]);
    expect(network.predict([[4, 4, 4]]).toArray()).toEqual([[1, 2, 3]]);
    network.dispose();
  });

  it("makes a row NaN whose variance overflows, so that a fit diverges", async () => {
    const network = await create([layerNorm(), dense(2)], { dtype: "float32" });
    const huge = [[1e30, -1e30, 0]];
    expect([...network.predict(huge).data]).toEqual([Number.NaN, Number.NaN]);
    expect([...network.predict([[1e18, -1e18, 0]]).data].every(Number.isFinite)).toBe(true);
    const before = stateOf(network);
    expect(errorOf(() => network.fitSync(huge, [[0, 0]]))).toMatchObject({ code: "diverged" });
    expect(stateOf(network)).toEqual(before);
    network.dispose();
  });
});

describe("batch norm", () => {
  it("begins with a running mean of 0 and variance of 1, gamma 1 and beta 0", async () => {
    const network = await create([dense(2), batchNorm()]);
    expect(network.buffers).toEqual([{}, expect.anything()]);
    const { runningMean, runningVariance } = network.buffers[1]!;
    expect([runningMean!.toArray(), runningVariance!.toArray()]).toEqual([
      [0, 0],
      [1, 1],
    ]);
    const { gamma, beta } = network.parameters[1]!;
    expect([gamma!.toArray(), beta!.toArray()]).toEqual([
      [1, 1],
      [0, 0],
    ]);
    network.dispose();
  });

  it("predicts with running statistics that the user writes to the live views", async () => {
    const network = await create([batchNorm({ epsilon: 2 ** -20 })], { inputs: 1 });
    network.buffers[0]!.runningMean!.data[0] = 3;
    network.buffers[0]!.runningVariance!.data[0] = 4 - 2 ** -20;
    expect(network.predict([[7]]).data[0]).toBe(2);
    expect(() => Object.assign(network, { buffers: [] })).toThrow(TypeError);
    expect(Object.isFrozen(network.buffers) && Object.isFrozen(network.buffers[0])).toBe(true);
    network.dispose();
  });

  it("changes its statistics only in steps that are taken", () => {
    const network = new CoreNetwork(core, {
      dtype: "float64",
      inputs: 3,
      layers: [batchNorm(), dense(2)],
      loss: "meanSquaredError",
      optimizer: sgd({ learningRate: 1e300 }),
    });
    network.parameters().set(spread(network.parameterCount));
    network.buffers().set([0, 0, 0, 1, 1, 1]);
    const [inputs, targets] = problem(12);
    const samples = network.createSamples(
      inputs.data,
      targets.data.map((x) => x * 1e100),
    );
    const before = network.buffers().slice();
    const run = network.createRun(samples);
    run.advance();
    expect(run.get("status")).toBe(StatusNumber.StepNotFinite);
    expect(network.buffers()).toEqual(before);
    // The step of another call does not take them over.
    network.setLearningRate(0);
    expect(network.update()).toBe(true);
    expect(network.buffers()).toEqual(before);
    // The run tries its step again.
    run.advance();
    expect(run.get("status")).toBe(StatusNumber.Finished);
    expect(network.buffers()).not.toEqual(before);
    network.dispose();
  });

  it("takes over the statistics of the step's own batch after an evaluation in training", () => {
    const statisticsAfter = (isDisturbed: boolean) => {
      const network = new CoreNetwork(core, {
        dtype: "float64",
        inputs: 3,
        layers: [batchNorm(), dense(2)],
        loss: "meanSquaredError",
      });
      network.parameters().set(spread(network.parameterCount));
      const [inputs, targets] = problem(12);
      const samples = network.createSamples(inputs.data, targets.data);
      const run = network.createRun(samples, { pauses: PauseNumber.Batch });
      run.advance();
      expect(run.get("status")).toBe(StatusNumber.BatchEnded);
      const { address, workspace, kernels } = network;
      const [others, otherTargets] = problem(7);
      const other = network.createSamples(others.data, otherTargets.data).address;
      if (isDisturbed) expect(kernels.evaluate(address, workspace, other, 0, 7, 0, 1)).toBeGreaterThan(0);
      run.advance();
      expect(run.get("status")).toBe(StatusNumber.Finished);
      const state = bitsOf(network.buffers());
      network.dispose();
      return state;
    };
    expect(statisticsAfter(true)).toBe(statisticsAfter(false));
  });

  it("refuses a step that would make a running variance infinite", async () => {
    const network = await create([batchNorm(), dense(2)], { dtype: "float32" });
    const before = stateOf(network);
    const huge = [
      [1e30, 0, 0],
      [-1e30, 0, 0],
    ];
    expect(errorOf(() => network.fitSync(huge, problem(2)[1]))).toMatchObject({ code: "diverged" });
    expect(stateOf(network)).toEqual(before);
    network.dispose();
  });

  it("of constant features is beta, and their running variance approaches 0", async () => {
    const network = await create([batchNorm({ momentum: 0.5 }), dense(2)]);
    const constant = { data: Array(18).fill(0.1), shape: [6, 3] };
    const { loss } = network.evaluate(constant, problem(6)[1], { training: true });
    const zeros = { data: Array(18).fill(0), shape: [6, 3] };
    expect(loss).toBeCloseTo(network.evaluate(zeros, problem(6)[1]).loss, 12);
    network.fitSync(constant, problem(6)[1], { epochs: 40, batchSize: 6 });
    for (const value of statisticsOf(network.buffers).slice(3)) expect(value).toBeLessThan(1e-11);
    for (const value of statisticsOf(network.buffers).slice(0, 3)) expect(value).toBeCloseTo(0.1, 10);
    network.dispose();
  });

  it("has the statistics of a batch of 1000 rows, to the last bits of float32", async () => {
    const rows = 1000;
    const network = await create([batchNorm({ momentum: 1 })], { dtype: "float32", inputs: 2 });
    const inputs = matrix("float32", rows, 2);
    network.fitSync(inputs, inputs, { batchSize: rows });
    const expected = [0, 1].map((unit) => {
      const column = Array.from({ length: rows }, (_, row) => inputs.data[row * 2 + unit]!);
      const mean = column.reduce((sum, x) => sum + x, 0) / rows;
      return [mean, column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (rows - 1)];
    });
    const actual = statisticsOf(network.buffers);
    expect(Math.abs(actual[0]! - expected[0]![0]!)).toBeLessThan(1e-9);
    expect(actual[2]).toBe(Math.fround(expected[0]![1]!));
    expect(actual[3]).toBe(Math.fround(expected[1]![1]!));
    network.dispose();
  });

  it.each([
    [
      33,
      32,
      "batchSize is 32, which leaves a last batch of one of 33 rows, but layers[1] is a batchNorm",
      33,
    ],
    [41, 20, "batchSize is 20, which leaves a last batch of one of 41 rows", 21],
    [3, 2, "batchSize is 2, which leaves a last batch of one of 3 rows", 3],
    [4, 1, "batchSize is 1, but layers[1] is a batchNorm", 2],
  ])("refuses %i rows in batches of %i before training begins", async (rows, batchSize, text, better) => {
    const network = await create([dense(2), batchNorm(), dense(2)]);
    const before = stateOf(network);
    const error = errorOf(() => network.fitSync(...problem(rows), { batchSize }));
    expect(error).toMatchObject({ code: "invalidOption" });
    expect(error.message).toContain(text);
    expect(error.message).toContain(`Use a batchSize such as ${better}.`);
    expect(stateOf(network)).toEqual(before);
    expect(network.fitSync(...problem(rows), { batchSize: better }).loss).toHaveLength(1);
    network.dispose();
  });

  it("refuses a single row in training", async () => {
    const network = await create([batchNorm(), dense(2)]);
    for (const use of [
      () => network.fitSync(...problem(1)),
      () => network.evaluate(...problem(1), { training: true }),
      () => network.gradients(...problem(1), { training: true }),
    ]) {
      const error = errorOf(use);
      expect(error).toMatchObject({ code: "invalidShape" });
      expect(error.message).toBe(
        "inputs has one row, but layers[0] is a batchNorm, which needs at least 2 rows in each batch of training.",
      );
    }
    expect(network.evaluate(...problem(1)).loss).toBeGreaterThan(0);
    network.dispose();
  });

  it("frees the memory of a large batch after the fit", async () => {
    const network = await create([batchNorm(), dense(2)]);
    const samples = problem(5000);
    const used = () => core.memory.buffer.byteLength;
    network.fitSync(...samples, { batchSize: 5000 });
    const before = used();
    for (let i = 0; i < 20; i++) {
      network.fitSync(...samples, { batchSize: 5000 });
      network.evaluate(...samples, { training: true });
    }
    expect(used()).toBe(before);
    network.dispose();
  });

  it("averages parameters, not statistics, with `ema`", async () => {
    const network = await create([batchNorm(), dense(2)], {
      optimizer: sgd({ learningRate: 0.1, ema: 0.9 }),
    });
    network.fitSync(...problem(12), { epochs: 5, batchSize: 6 });
    const plain = await create([batchNorm(), dense(2)]);
    plain.setParameters(network.averagedParameters);
    network.buffers.forEach(({ runningMean, runningVariance }, i) => {
      plain.buffers[i]!.runningMean?.data.set(runningMean!.data);
      plain.buffers[i]!.runningVariance?.data.set(runningVariance!.data);
    });
    const [inputs] = problem(12);
    expect(bitsOf(plain.predict(inputs).data)).toBe(bitsOf(network.predict(inputs).data));
    network.dispose();
    plain.dispose();
  });
});

describe("batches that the core refuses", () => {
  const withNetwork = (use: (network: CoreNetwork) => void) => {
    const network = new CoreNetwork(core, {
      dtype: "float32",
      inputs: 3,
      layers: [batchNorm(), dense(2)],
      loss: "meanSquaredError",
    });
    use(network);
    network.dispose();
  };
  const samplesOf = (network: CoreNetwork, rows: number) =>
    network.createSamples(problem(rows)[0].data, problem(rows)[1].data);

  it.each([
    [1, 1],
    [2, 1],
    [33, 32],
    [129, 129],
    [300, 200],
  ])("%i rows in batches of %i", (rows, batchSize) => {
    withNetwork((network) => {
      const run = network.createRun(samplesOf(network, rows), { batchSize });
      expect(run.advance()).toBe(0);
      expect(run.get("status")).toBe(StatusNumber.InvalidBatchSize);
    });
  });

  it("%i rows in training that are not the whole batch", () => {
    withNetwork((network) => {
      const { address, workspace, kernels } = network;
      const { address: samples } = samplesOf(network, 20);
      const check = (begin: number, end: number, training: number) =>
        kernels.evaluate_check(address, workspace, samples, begin, end, training);
      expect(check(0, 20, 1)).toBe(StatusNumber.Ok);
      expect(check(0, 10, 0)).toBe(StatusNumber.Ok);
      expect(check(0, 10, 1)).toBe(StatusNumber.InvalidRows);
      expect(check(10, 20, 1)).toBe(StatusNumber.InvalidRows);
      expect(kernels.compute_gradients(address, workspace, samples, 0, 10, 0, 1)).toBeNaN();
      // A batch that the host forms itself may be any rows, but not one.
      expect(kernels.forward(address, workspace, samples, 4, 9, 1)).toBe(StatusNumber.Ok);
      expect(kernels.forward(address, workspace, samples, 4, 5, 1)).toBe(StatusNumber.InvalidRows);
      expect(kernels.forward(address, workspace, samples, 4, 5, 0)).toBe(StatusNumber.Ok);
      const large = samplesOf(network, 129).address;
      expect(kernels.evaluate_check(address, workspace, large, 0, 129, 0)).toBe(StatusNumber.Ok);
      expect(kernels.evaluate_check(address, workspace, large, 0, 129, 1)).toBe(StatusNumber.InvalidRows);
    });
  });
});

describe("options of norms", () => {
  it("have PyTorch's defaults, and equal layers written by hand", () => {
    expect(layerNorm()).toEqual({ kind: "layerNorm", epsilon: 1e-5, trainable: true });
    expect(batchNorm()).toEqual({ kind: "batchNorm", momentum: 0.1, epsilon: 1e-5, trainable: true });
  });

  it.each([0, -1, Number.NaN, Infinity, "1", null])("refuse an epsilon of %s", async (epsilon) => {
    for (const kind of KINDS) {
      const error = errorOf(() => NORMS[kind]({ epsilon } as never));
      expect(error).toMatchObject({ code: "invalidOption" });
      expect(error.message).toMatch(/^epsilon is .+; expected a finite number above 0\.$/);
      const layer = { ...NORMS[kind](), epsilon } as never;
      await expect(create([dense(2), layer])).rejects.toThrow(/^layers\[1\]\.epsilon is /);
    }
  });

  it.each([-0.1, 1.1, Number.NaN, "1", null])("refuse a momentum of %s", (momentum) => {
    const error = errorOf(() => batchNorm({ momentum } as never));
    expect(error).toMatchObject({ code: "invalidOption" });
    expect(error.message).toMatch(/^momentum is .+; expected a number from 0 to 1\.$/);
  });

  it("refuse an epsilon that is 0 in float32, and unknown names", async () => {
    await expect(create([layerNorm({ epsilon: 1e-50 })], { dtype: "float32" })).rejects.toThrow(
      "layers[0].epsilon is 1e-50, which is too small for float32",
    );
    expect(() => layerNorm({ momentum: 0.1 } as never)).toThrow('layerNorm has no option "momentum"');
    await expect(create([{ kind: "batchNorm", momentum: 0.1 } as never])).rejects.toMatchObject({
      code: "invalidOption",
    });
  });

  it("appear in the summary", async () => {
    const network = await create([layerNorm(), batchNorm(), dense(2)]);
    expect(network.summary()).toContain("layerNorm 0  epsilon 0.00001  [rows, 3]           6");
    expect(network.summary()).toContain("batchNorm 1  momentum 0.1     [rows, 3]           6");
    network.dispose();
  });

  it("let parameters be restored from JSON", async () => {
    const [saved, loaded] = [await create(EVERYTHING), await create(EVERYTHING, { seed: 1 })];
    vary(saved);
    loaded.setParameters(JSON.parse(JSON.stringify(saved.parameters)));
    expect(stateOf(loaded).parameters).toBe(stateOf(saved).parameters);
    const [inputs, targets] = problem(12);
    loaded.applyGradients(saved.gradients(inputs, targets).layers);
    const wrong = saved.parameters.map((layer) => ({ ...layer, ...(layer.gamma ? { gamma: [1] } : {}) }));
    expect(errorOf(() => loaded.setParameters(wrong))).toMatchObject({ code: "invalidShape" });
    saved.dispose();
    loaded.dispose();
  });
});
