import { describe, expect, it } from "vitest";
import {
  constant,
  createNetwork,
  type DType,
  dense,
  dropout,
  heNormal,
  type Layer,
  type NetworkOptions,
  sgd,
  type TrainingWarning,
} from "../src/index.js";
import { createClassifier, points } from "./support/classifier.js";
import { DTYPES, spread } from "./support/floats.js";

const { inputs, targets } = points(200);

const kindsOf = (warnings: readonly TrainingWarning[]) => warnings.map(({ kind }) => kind);

const layers = [dense(8, "relu", { kernelInitializer: heNormal() }), dense(4, "relu"), dense(1)] as const;

const create = (changes: Partial<NetworkOptions<readonly Layer[]>> = {}) =>
  createNetwork<readonly Layer[]>({
    inputs: 2,
    layers,
    loss: "meanSquaredError",
    dtype: "float64",
    seed: 5,
    ...changes,
  });

describe("a healthy fit", () => {
  it.each([1, 7, 200])("has no warnings, batches of %i", async (batchSize) => {
    for (const changes of [{}, { layers: [dense(8, "relu"), dropout(0.5), dense(1)] }]) {
      const network = await create(changes);
      for (const onEpoch of [undefined, () => {}]) {
        const { warnings } = network.fitSync(inputs, targets, { epochs: 20, batchSize, onEpoch });
        expect(warnings).toEqual([]);
      }
      network.dispose();
    }
  });

  it("has no warnings if a relu layer is 0 for the last batch alone", async () => {
    // A unit without a bias gives 0 for one row of two.
    const only = dense(1, "relu", { useBias: false, kernelInitializer: constant(1) });
    const network = await create({
      inputs: 1,
      layers: [only, dense(1)],
      optimizer: sgd({ learningRate: 0 }),
    });
    for (const rows of [
      [[1], [-1]],
      [...Array(500).fill([1]), [-1]],
    ]) {
      const options = { batchSize: rows.length - 1, shuffle: false };
      expect(
        network.fitSync(
          rows,
          rows.map(() => 0),
          options,
        ).warnings,
      ).toEqual([]);
    }
    network.dispose();
  });
});

describe("the warning inputScales", () => {
  const scaled = (factor: number) => inputs.map(([a = 0, b = 0]) => [a, factor * b + 3]);

  it.each(DTYPES)("is given if columns differ by a factor above 1000: %s", async (dtype) => {
    const network = await createClassifier({ dtype });
    expect(network.fitSync(scaled(900), targets).warnings).toEqual([]);
    for (const factor of [1200, 1 / 1200]) {
      const { warnings } = network.fitSync(scaled(factor), targets);
      const [wide, narrow] = factor > 1 ? [1, 0] : [0, 1];
      expect(warnings).toEqual([
        {
          kind: "inputScales",
          epoch: 0,
          message: expect.stringMatching(
            new RegExp(
              `^Column ${wide} of the inputs varies 1\\d00 times as much as column ${narrow} .*Scale each column`,
            ),
          ),
        },
      ]);
    }
    network.dispose();
  });

  it("leaves out columns that are constant or almost always 0", async () => {
    const rows = spread(400).map((x, i) => [x, 7, i % 20 === 0 ? 1e-6 : 0]);
    const network = await create({ inputs: 3, optimizer: sgd({ learningRate: 1e-4 }) });
    expect(
      network.fitSync(
        rows,
        rows.map(([x]) => x!),
      ).warnings,
    ).toEqual([]);
    network.dispose();
  });

  it("is found in wide inputs from some of their rows", async () => {
    const width = 3000;
    const rows = Array.from({ length: 100 }, (_, i) =>
      spread(width, -1, 1, i / 100).map((x, j) => (j === 2900 ? 1e5 * x : x)),
    );
    const network = await create({ inputs: width, layers: [dense(1)], optimizer: sgd({ learningRate: 0 }) });
    const { warnings } = network.fitSync(
      rows,
      rows.map(() => 1),
    );
    expect(warnings[0]!.kind).toBe("inputScales");
    expect(warnings[0]!.message).toContain("Column 2900");
    network.dispose();
  });
});

describe("the warning deadLayer", () => {
  const dead = (dtype: DType = "float64") =>
    create({
      dtype,
      layers: [
        dense(8, "tanh"),
        dense(4, "relu", { biasInitializer: constant(-100) }),
        dropout(0.1),
        dense(1),
      ],
    });

  it.each([
    ["of one row", { batchSize: 1 }],
    ["of 7 rows", { batchSize: 7 }],
    ["of all rows", { batchSize: 200 }],
  ])("names the relu layer whose outputs are all 0, batches %s", async (_, options) => {
    for (const dtype of DTYPES) {
      const network = await dead(dtype);
      const { warnings } = network.fitSync(inputs, targets, { ...options, epochs: 3 });
      expect(warnings).toEqual([
        {
          kind: "deadLayer",
          epoch: 2,
          layer: 1,
          message: expect.stringMatching(/^All outputs of layer 1 \(relu\) are 0, .*leakyRelu/),
        },
      ]);
      network.dispose();
    }
  });

  it("is given once, in the first epoch that is watched, and by each fit", async () => {
    const network = await dead();
    for (let fit = 0; fit < 2; fit++) {
      const { warnings } = await network.fit(inputs, targets, { epochs: 9, validationSplit: 0.5 });
      expect(warnings.map(({ kind, epoch }) => [kind, epoch])).toEqual([["deadLayer", 0]]);
    }
    network.dispose();
  });

  it("is found although a validation or a prediction came last", async () => {
    const network = await dead();
    const { warnings } = network.fitSync(inputs, targets, {
      epochs: 3,
      onBatch: () => void network.predict([[0, 0]]),
      validationData: [[[1, 1]], [1]],
    });
    expect(kindsOf(warnings)).toEqual(["deadLayer"]);
    network.dispose();
  });
});

describe("the warning explodingGradients", () => {
  const far = targets.map((x) => 1e6 * x);

  it("names the layers whose gradients are far larger than their parameters", async () => {
    for (const onEpoch of [undefined, () => {}]) {
      const network = await create({
        layers: [dense(4, "tanh"), dense(1)],
        optimizer: sgd({ learningRate: 1e-9 }),
      });
      const { warnings } = network.fitSync(inputs, far, { epochs: 3, onEpoch });
      expect(warnings).toEqual(
        [0, 1].map((layer) => ({
          kind: "explodingGradients",
          epoch: onEpoch ? 0 : 2,
          layer,
          message: expect.stringMatching(
            /^The gradients of layer \d are \d+ times as large as its parameters .*clipNorm/,
          ),
        })),
      );
      network.dispose();
    }
  });
});

describe("the warning constantLoss", () => {
  it("is given if the loss is the same in 10 epochs or more", async () => {
    const network = await create({
      layers: [dense(4, "tanh"), dense(1)],
      optimizer: sgd({ learningRate: 0 }),
    });
    expect(network.fitSync(inputs, targets, { epochs: 9 }).warnings).toEqual([]);
    expect(network.fitSync(inputs, targets, { epochs: 10 }).warnings).toEqual([
      {
        kind: "constantLoss",
        epoch: 9,
        message: expect.stringMatching(/^The loss has not changed in 10 epochs\..*learningRate/),
      },
    ]);
    network.dispose();
  });

  it("is not given if the loss is 0", async () => {
    const network = await create({ layers: [dense(1)] });
    network.setParameters([{ kernel: [[0], [0]], bias: [0] }]);
    const { warnings, loss } = network.fitSync(
      inputs,
      inputs.map(() => 0),
      { epochs: 20 },
    );
    expect([loss.at(-1), warnings]).toEqual([0, []]);
    network.dispose();
  });
});
