import { describe, expect, it } from "vitest";
import {
  createNetwork,
  crossValidate,
  dense,
  kFold,
  type Network,
  sgd,
  stratifiedFolds,
} from "../src/index.js";
import { spread } from "./support/floats.js";

const ROWS = 23;
const inputs = Array.from({ length: ROWS }, (_, row) => spread(2, -1, 1, row / 7));
const labels = inputs.map(([x, y]) => Number(x! + y! > 0));

function create(seed: number): Promise<Network> {
  return createNetwork({
    inputs: 2,
    layers: [dense(4, "tanh"), dense(2, "softmax")],
    loss: "sparseCategoricalCrossentropy",
    optimizer: sgd({ learningRate: 0.5 }),
    seed,
  });
}

const FIT = { epochs: 5, batchSize: 4 };

describe("crossValidate", () => {
  it.each([false, true])("evaluates a new network for each fold (stratify %s)", async (stratify) => {
    const result = await crossValidate(create, inputs, labels, {
      folds: 3,
      seed: 4,
      stratify,
      metrics: ["accuracy"],
      ...FIT,
    });
    const options = { folds: 3, seed: 4 };
    const folds = stratify ? stratifiedFolds(labels, options) : kFold(ROWS, options);
    const expected = [];
    for (const { training, validation } of folds) {
      const network = await create(expected.length);
      const select = <T>(rows: readonly T[], order: Uint32Array) => Array.from(order, (row) => rows[row]!);
      const history = await network.fit(select(inputs, training), select(labels, training), FIT);
      const validationLabels = select(labels, validation);
      const { loss } = network.evaluate(select(inputs, validation), validationLabels);
      const right = network
        .predict(select(inputs, validation))
        .toArray()
        .filter(([a, b], row) => Number(b! > a!) === validationLabels[row]);
      expected.push({ figures: { loss, accuracy: right.length / validation.length }, history });
    }
    expect(result.folds.map(({ figures }) => figures)).toEqual(expected.map(({ figures }) => figures));
    expect(result.folds.map(({ history }) => history.loss)).toEqual(
      expected.map(({ history }) => history.loss),
    );
  });

  it("lets early stopping monitor the metrics of each epoch", async () => {
    const { folds } = await crossValidate(create, inputs, labels, {
      folds: 2,
      metrics: ["accuracy"],
      validationSplit: 0.3,
      earlyStopping: { monitor: "validationAccuracy", patience: 3 },
      epochs: 100,
    });
    for (const { history } of folds) {
      const { validationAccuracy } = history as unknown as { validationAccuracy: number[] };
      expect(history.stopped).toBe("earlyStopping");
      expect(history.bestEpoch).toBe(validationAccuracy.indexOf(Math.max(...validationAccuracy)));
      expect(validationAccuracy).toHaveLength(history.bestEpoch! + 4);
    }
  });

  it("has the mean and the standard deviation of each figure", async () => {
    const { folds, mean, standardDeviation } = await crossValidate(create, inputs, labels, {
      folds: 3,
      metrics: ["f1"],
      ...FIT,
    });
    for (const name of ["loss", "f1"]) {
      const values = folds.map(({ figures }) => figures[name]!);
      const average = values.reduce((a, b) => a + b) / 3;
      expect(mean[name]).toBeCloseTo(average, 14);
      const variance = values.map((x) => (x - average) ** 2).reduce((a, b) => a + b) / 3;
      expect(standardDeviation[name]).toBeCloseTo(Math.sqrt(variance), 14);
    }
  });

  it("disposes each network, also when a fit fails", async () => {
    const networks: Network[] = [];
    const created = async (fold: number) => {
      networks.push(await create(fold));
      return networks.at(-1)!;
    };
    await crossValidate(created, inputs, labels, { folds: 2 });
    await expect(crossValidate(created, inputs, labels, { epochs: 0 })).rejects.toThrow(/^epochs is 0/);
    await expect(crossValidate(created, inputs, labels, { metrics: ["mae"] })).rejects.toThrow(/"mae"/);
    expect(networks.length).toBe(4);
    for (const network of networks) expect(() => network.predict(inputs)).toThrow(/disposed/);
  });

  it("passes exceptions of `create` on, and refuses results that are not networks", async () => {
    const error = new Error("mine");
    const throwing = () => Promise.reject(error);
    await expect(crossValidate(throwing, inputs, labels)).rejects.toBe(error);
    await expect(crossValidate((() => 3) as never, inputs, labels)).rejects.toThrow(
      "create returned 3; expected a network, as createNetwork makes it.",
    );
    await expect(crossValidate(3 as never, inputs, labels)).rejects.toThrow(
      /^create is 3; expected a function/,
    );
    await expect(crossValidate(create, inputs, labels, { fold: 3 } as never)).rejects.toThrow(
      /no option "fold"/,
    );
    await expect(crossValidate(create, inputs, labels, { folds: 24 })).rejects.toThrow(/^rows is 23/);
  });
});

it.each([null, 5])("refuses %s as options", async (options) => {
  await expect(crossValidate(async () => null as never, [[1]], [1], options as never)).rejects.toMatchObject({
    code: "invalidOption",
  });
});
