import { describe, expect, it } from "vitest";
import { StatusNumber } from "../src/abi/structs.js";
import {
  adam,
  BackpropError,
  batchNorm,
  checkGradients,
  createNetwork,
  customLoss,
  type DType,
  dense,
  dropout,
  type Layer,
  type LossFunction,
  type Network,
  type NetworkOptions,
  sgd,
} from "../src/index.js";
import { sharedCore } from "../src/wasm/core.js";
import { CoreNetwork } from "./support/coreNetwork.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";
import { watchTeams } from "./support/teams.js";

const meanSquares: LossFunction = (outputs, targets, gradient) => {
  const { length } = outputs.data;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const error = outputs.data[i]! - targets.data[i]!;
    sum += error * error;
    gradient.data[i] = (2 * error) / length;
  }
  return sum / length;
};

const ROWS = 300;
const inputs = { data: spread(ROWS * 3, -1, 1, 0.3), shape: [ROWS, 3] };
const targets = { data: spread(ROWS * 2, -1, 1, 0.6), shape: [ROWS, 2] };
const first = (rows: number) => ({
  inputs: { data: inputs.data.slice(0, rows * 3), shape: [rows, 3] },
  targets: { data: targets.data.slice(0, rows * 2), shape: [rows, 2] },
});

function create(
  loss: NetworkOptions["loss"],
  dtype: DType = "float64",
  changes: Partial<NetworkOptions<readonly Layer[]>> = {},
): Promise<Network<readonly Layer[]>> {
  return createNetwork<readonly Layer[]>({
    inputs: 3,
    layers: [dense(5, "tanh", { kernelL2: 0.01 }), dense(2, "linear", { biasL1: 0.02 })],
    loss,
    optimizer: adam({ learningRate: 0.01, ema: 0.9 }),
    dtype,
    seed: 4,
    ...changes,
  });
}

const parametersOf = (network: Network<readonly Layer[]>) => valuesOf(network.parameters);

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  expect(Math.max(...actual.map((x, i) => Math.abs(x - expected[i]!)))).toBeLessThan(tolerance);
}

describe.each(DTYPES)("a mean squared error in JavaScript, in %s,", (dtype) => {
  const tolerance = dtype === "float32" ? 1e-5 : 1e-12;

  it.each([1, 7, 128, 200, 300])(
    "gives the training results of the core's loss, batches of %i rows",
    async (batchSize) => {
      const results = [];
      for (const loss of [customLoss(meanSquares), "meanSquaredError"] as const) {
        const layers = [
          dense(5, "tanh", { kernelL2: 0.01 }),
          dropout(0.3),
          dense(2, "linear", { biasL1: 0.02 }),
        ];
        const network = await create(loss, dtype, { layers });
        const history = await network.fit(inputs, targets, { epochs: 2, batchSize });
        const again = network.fitSync(inputs, targets, { batchSize });
        const { loss: evaluated } = network.evaluate(inputs, targets);
        const { loss: raw } = network.evaluate(inputs, targets, { averaged: false });
        results.push([...history.loss, ...again.loss, evaluated, raw, ...parametersOf(network)]);
        network.dispose();
      }
      expectClose(results[0]!, results[1]!, tolerance);
    },
  );

  it.each([1, 5, 129])("has the gradients of the core's loss for %i rows", async (rows) => {
    const [custom, own] = await Promise.all([
      create(customLoss(meanSquares), dtype),
      create("meanSquaredError", dtype),
    ]);
    const data = first(rows);
    const [actual, expected] = [custom!, own!].map((network) => network.gradients(data.inputs, data.targets));
    expectClose([actual!.loss], [expected!.loss], tolerance);
    expectClose(valuesOf(actual!.layers), valuesOf(expected!.layers), tolerance);
    for (const network of [custom, own]) network!.dispose();
  });
});

describe("a custom loss", () => {
  it("has gradients that equal central differences", async () => {
    const cubes = customLoss((outputs, targets, gradient) => {
      let sum = 0;
      for (let i = 0; i < outputs.data.length; i++) {
        const error = outputs.data[i]! - targets.data[i]! * (i + 1);
        sum += error ** 4;
        gradient.data[i] = 4 * error ** 3;
      }
      return sum;
    });
    const network = await create(cubes);
    const data = first(6);
    expect(checkGradients(network, data.inputs, data.targets).largestError).toBeLessThan(1e-6);
    network.dispose();
  });

  it("gets all rows of a batch in their order, and a gradient of zeros", async () => {
    const seen: { outputs: number[][]; targets: number[][] }[] = [];
    const spy = customLoss((outputs, targets, gradient) => {
      expect(gradient.data.every((x) => x === 0)).toBe(true);
      expect(gradient.shape).toEqual(outputs.shape);
      seen.push({ outputs: outputs.toArray(), targets: targets.toArray() });
      return 0;
    });
    const network = await create(spy, "float64", { optimizer: sgd({ learningRate: 0 }) });
    const expected = network.predict(inputs).toArray();
    await network.fit(inputs, targets, { batchSize: 200, shuffle: false });
    expect(seen.map(({ outputs }) => outputs.length)).toEqual([200, 100]);
    expect(seen.flatMap(({ outputs }) => outputs)).toEqual(expected);
    seen.length = 0;
    await network.fit(inputs, targets, { batchSize: 200 });
    // Shuffled: each row once, with its own target.
    const given = Array.from({ length: ROWS }, (_, row) => targets.data.slice(2 * row, 2 * row + 2));
    const pairs = seen.flatMap((batch) => batch.outputs.map((output, i) => [output, batch.targets[i]]));
    const sorted = (list: unknown[]) => list.map((each) => JSON.stringify(each)).sort();
    expect(sorted(pairs)).toEqual(sorted(expected.map((output, row) => [output, given[row]])));
    expect(sorted(pairs.map(([output]) => output))).not.toEqual(
      pairs.map(([output]) => JSON.stringify(output)),
    );
    network.dispose();
  });

  it("that throws passes its exception through, and leaves the network as before the step", async () => {
    let calls = 0;
    const failure = new Error("no loss today");
    const failing = customLoss((...given) => {
      if (++calls === 3) throw failure;
      return meanSquares(...given);
    });
    const network = await create(failing);
    const twin = await create(customLoss(meanSquares));
    const options = { batchSize: 100, shuffle: false };
    await expect(network.fit(inputs, targets, options)).rejects.toBe(failure);
    const twoSteps = first(200);
    await twin.fit(twoSteps.inputs, twoSteps.targets, options);
    expect(bitsOf(parametersOf(network))).toBe(bitsOf(parametersOf(twin)));
    // It can be trained again.
    expect(network.fitSync(inputs, targets, options).loss).toHaveLength(1);
    for (const each of [network, twin]) each.dispose();
  });

  it.each<[string, LossFunction]>([
    ["a NaN as loss", () => Number.NaN],
    ["an infinite loss", () => Infinity],
    [
      "a NaN in its gradient",
      (_outputs, _targets, gradient) => {
        gradient.data[1] = Number.NaN;
        return 1;
      },
    ],
  ])("diverges with %s, and changes nothing", async (_, compute) => {
    const network = await create(customLoss(compute));
    const before = bitsOf(parametersOf(network));
    await expect(network.fit(inputs, targets)).rejects.toMatchObject({
      name: "BackpropError",
      code: "diverged",
    });
    expect(bitsOf(parametersOf(network))).toBe(before);
    network.dispose();
  });

  it.each<[unknown, string]>([
    [undefined, 'The loss "mine" returned undefined; expected a number.'],
    ["1", 'The loss "mine" returned "1"; expected a number.'],
    [Promise.resolve(1), 'The loss "mine" returned '],
  ])("that returns %s is refused", async (returned, message) => {
    const network = await create(customLoss((() => returned) as never, { name: "mine" }));
    const before = bitsOf(parametersOf(network));
    for (const use of [
      () => network.fitSync(inputs, targets),
      () => network.gradients(inputs, targets),
      () => network.evaluate(inputs, targets),
    ]) {
      const error = errorOf(use) as BackpropError;
      expect(error).toBeInstanceOf(BackpropError);
      expect([error.code, error.message.startsWith(message.slice(0, 40))]).toEqual(["invalidOption", true]);
    }
    expect(bitsOf(parametersOf(network))).toBe(before);
    network.dispose();
  });

  it("that transfers its gradient away is refused", async () => {
    const network = await create(
      customLoss((_outputs, _targets, gradient) => {
        structuredClone(gradient.data, { transfer: [gradient.data.buffer as ArrayBuffer] });
        return 1;
      }),
    );
    expect(() => network.fitSync(inputs, targets)).toThrow("transferred the buffer of its gradient");
    network.dispose();
  });

  it("refuses weights of rows, and a compute that is not a function", async () => {
    const network = await create(customLoss(meanSquares, { name: "squares" }));
    const sampleWeights = Array<number>(ROWS).fill(1);
    expect(() => network.fitSync(inputs, targets, { sampleWeights })).toThrow(
      'The loss "squares" is computed in JavaScript, which gets no weights',
    );
    expect(network.summary()).toContain("loss squares");
    expect(() => customLoss("mse" as never)).toThrow('compute is "mse"; expected a function.');
    expect(() => customLoss(meanSquares, { name: 5 as never })).toThrow("name is 5; expected a string.");
    await expect(create({ name: "custom", compute: meanSquares } as never)).rejects.toMatchObject({
      code: "invalidOption",
    });
    network.dispose();
  });

  it("refuses weights with a dataset, with validation data and of classes", async () => {
    const network = await create(customLoss(meanSquares, { name: "squares" }));
    const sampleWeights = Array<number>(ROWS).fill(1);
    const dataset = await network.createDataset(inputs, targets);
    for (const use of [
      () => network.fitSync(dataset, { sampleWeights }),
      () => network.fitSync(inputs, targets, { validationData: [inputs, targets, sampleWeights] }),
      () => network.fitSync(inputs, targets, { classWeights: [1, 2] }),
      () => network.evaluate(dataset, { sampleWeights }),
      () => network.gradients(inputs, targets, { sampleWeights }),
    ]) {
      expect(errorOf(use)).toMatchObject({ code: "invalidOption" });
      expect(use).toThrow('The loss "squares" is computed in JavaScript, which gets no weights');
    }
    dataset.dispose();
    network.dispose();
  });

  it.each(DTYPES)(
    "trains on streams, with metrics and validation, as that of the core in %s",
    async (dtype) => {
      const part = (begin: number, end: number) => ({
        inputs: { data: inputs.data.slice(begin * 3, end * 3), shape: [end - begin, 3] },
        targets: { data: targets.data.slice(begin * 2, end * 2), shape: [end - begin, 2] },
      });
      // The second item needs a larger workspace than the first.
      const stream = () => [part(0, 40), part(40, 250), part(250, ROWS)];
      const results = [];
      for (const loss of [customLoss(meanSquares), "meanSquaredError"] as const) {
        const network = await create(loss, dtype);
        const steps: number[] = [];
        const history = await network.fit(stream, {
          epochs: 2,
          batchSize: 150,
          metrics: ["mae"],
          validationData: stream,
          onBatch: (batch) => void steps.push(batch.loss),
        });
        const split = await network.fit(inputs, targets, {
          epochs: 2,
          batchSize: 150,
          metrics: ["rmse"],
          validationSplit: 0.5,
        });
        const one = network.partialFit(inputs, targets, { batchSize: 140 });
        const again = network.partialFit(inputs, targets, { batchSize: 140 });
        const evaluation = network.evaluate(inputs, targets, { metrics: ["mae", "rmse"] });
        results.push([
          ...steps,
          ...[history.loss, history.mae, history.validationLoss, history.validationMae].flatMap((x) => [
            ...x!,
          ]),
          ...[split.loss, split.rmse, split.validationLoss, split.validationRmse].flatMap((x) => [...x!]),
          one,
          again,
          ...Object.values(evaluation as object),
          ...parametersOf(network),
        ]);
        network.dispose();
      }
      expectClose(results[0]!, results[1]!, dtype === "float32" ? 1e-5 : 1e-12);
    },
  );

  it("with batch norm and dropout trains, evaluates and differentiates as that of the core", async () => {
    const results = [];
    for (const loss of [customLoss(meanSquares), "meanSquaredError"] as const) {
      const layers = [dense(5, "tanh", { kernelL2: 0.01 }), batchNorm(), dropout(0.3), dense(2)];
      const network = await create(loss, "float64", { layers });
      const history = await network.fit(inputs, targets, { epochs: 2, batchSize: 150 });
      const trained = network.evaluate(inputs, targets, { training: true });
      const raw = network.evaluate(inputs, targets, { training: true, averaged: false });
      const gradients = network.gradients(inputs, targets, { training: true });
      results.push([
        ...history.loss,
        trained.loss,
        raw.loss,
        gradients.loss,
        ...valuesOf(gradients.layers),
        ...parametersOf(network),
      ]);
      network.dispose();
    }
    expectClose(results[0]!, results[1]!, 1e-12);
  });

  it("trains row by row with plain SGD as that of the core", async () => {
    const results = [];
    for (const loss of [customLoss(meanSquares), "meanSquaredError"] as const) {
      const layers = [dense(5, "tanh"), dense(2)];
      const network = await create(loss, "float64", { layers, optimizer: sgd({ learningRate: 0.1 }) });
      const history = await network.fit(inputs, targets, { epochs: 2, batchSize: 1 });
      results.push([...history.loss, ...parametersOf(network)]);
      network.dispose();
    }
    expectClose(results[0]!, results[1]!, 1e-12);
  });

  it.each<[string, (network: Network<readonly Layer[]>) => unknown]>([
    ["fitSync", (network) => network.fitSync(inputs, targets)],
    ["partialFit", (network) => network.partialFit(inputs, targets)],
    ["gradients", (network) => network.gradients(inputs, targets)],
    ["evaluate", (network) => network.evaluate(inputs, targets, { metrics: ["mae"] })],
  ])("that disposes the network ends %s", async (_, use) => {
    const holder: { network?: Network<readonly Layer[]> } = {};
    const loss = customLoss((...given) => {
      holder.network!.dispose();
      return meanSquares(...given);
    });
    holder.network = await create(loss);
    expect(errorOf(() => use(holder.network!))).toMatchObject({ code: "disposed" });
  });

  it.each<[string, (network: Network<readonly Layer[]>) => unknown]>([
    ["fitSync", (network) => network.fitSync(inputs, targets)],
    ["partialFit", (network) => network.partialFit(inputs, targets)],
    ["gradients", (network) => network.gradients(inputs, targets)],
  ])("cannot train the network during %s", async (_, use) => {
    const holder: { network?: Network<readonly Layer[]> } = {};
    const loss = customLoss((...given) => {
      holder.network!.partialFit(inputs, targets);
      return meanSquares(...given);
    });
    holder.network = await create(loss);
    expect(errorOf(() => use(holder.network!))).toMatchObject({ code: "busy" });
    holder.network.dispose();
  });

  it("may predict and evaluate while it is computed", async () => {
    const results = [];
    for (const predicts of [false, true]) {
      const holder: { network?: Network<readonly Layer[]> } = {};
      const loss = customLoss((...given) => {
        if (predicts) holder.network!.predict(inputs);
        return meanSquares(...given);
      });
      holder.network = await create(loss);
      await holder.network.fit(inputs, targets, { epochs: 2, batchSize: 200 });
      results.push(bitsOf(parametersOf(holder.network)));
      holder.network.dispose();
    }
    expect(results[1]).toBe(results[0]);
  });

  it("trains with the same bits for 1, 2 and 3 threads", async () => {
    const bits = new Set<string>();
    for (const threads of [1, 2, 3]) {
      const layers = [dense(96, "relu"), dense(2)];
      const network = await create(customLoss(meanSquares), "float32", { layers, threads });
      const teams =
        threads > 1 ? watchTeams(await sharedCore(undefined, { numerics: "strict", threads: true })) : [];
      await network.fit(inputs, targets, { batchSize: 150 });
      await teams[0]?.assemble(threads - 1);
      await network.fit(inputs, targets, { batchSize: 150 });
      bits.add(bitsOf(parametersOf(network)));
      network.dispose();
    }
    expect(bits.size).toBe(1);
  });
});

describe("the core", () => {
  async function load(workspaceRows: number) {
    const network = new CoreNetwork(await sharedCore(), {
      dtype: "float64",
      inputs: 3,
      layers: [dense(2)],
      loss: customLoss(meanSquares),
      workspaceRows,
    });
    const samples = network.createSamples(inputs.data, targets.data);
    return { network, samples };
  }

  it("asks the host for the loss of each batch, and refuses to compute it", async () => {
    const { network, samples } = await load(384);
    const run = network.createRun(samples, { batchSize: 150 });
    for (const row of [0, 150]) {
      run.advance();
      expect([run.get("lossIsDue"), run.get("row"), run.get("status")]).toEqual([
        1,
        row,
        StatusNumber.Running,
      ]);
      run.set({ hostLoss: row });
    }
    run.advance();
    expect([run.get("lossIsDue"), run.get("status")]).toEqual([0, StatusNumber.Finished]);
    expect(run.losses()[0]).toBeCloseTo(75, 12);
    expect(network.evaluate(samples)).toBeNaN();
    expect(network.computeGradients(samples)).toBeNaN();
    const { evaluate_check: check } = network.kernels;
    expect(check(network.address, network.workspace, samples.address, 0, 1, 0)).toBe(StatusNumber.NoLoss);
    network.dispose();
  });

  it("refuses a workspace that is too small for a batch, weights, and progress that cannot be", async () => {
    const { network, samples } = await load(128);
    const statusOf = (fields: object, weights = 0) => {
      samples.struct.set({ weights });
      const run = network.createRun(samples, { batchSize: 100, ...fields });
      expect(run.advance()).toBe(0);
      return run.get("status");
    };
    expect(statusOf({ batchSize: 200 })).toBe(StatusNumber.InvalidRows);
    expect(statusOf({ lossIsDue: 1 })).toBe(StatusNumber.InvalidProgress);
    expect(statusOf({ lossIsDue: 1, isInBatch: 1, batchEnd: 100 })).toBe(StatusNumber.InvalidProgress);
    const weights = network.allocate(8 * ROWS);
    network.view(weights, ROWS).fill(1);
    expect(statusOf({}, weights)).toBe(StatusNumber.NoLoss);
    network.dispose();
  });
});
