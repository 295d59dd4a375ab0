import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type BackpropError,
  createNetwork,
  dense,
  type Layer,
  type Network,
  numpyRandom,
  sgd,
} from "../src/index.js";
import { TableModel } from "../src/table/model.js";
import {
  createTable,
  loadTableModel,
  readTable,
  type TableEpoch,
  type TableModelState,
  type TableRows,
  type TrainTableError,
  type TrainTableOptions,
  tableModelFromJSON,
  trainTable,
} from "../src/table.js";
import { errorOf, rejectionOf } from "./support/errorOf.js";
import { HOSTILE } from "./support/hostile.js";

function readData(name: string) {
  return readTable(readFileSync(new URL(`../examples/data/${name}.csv`, import.meta.url)));
}

/** Points of a plane, whose class is the sign of x − y. */
function points(count: number) {
  const random = numpyRandom(3);
  const [x, y] = [new Float64Array(count), new Float64Array(count)];
  random.fillUniform(x, -1, 1);
  random.fillUniform(y, -1, 1);
  return Array.from(x, (x, i) => ({ x, y: y[i]!, side: x > y[i]! ? "right" : "left" }));
}

const QUICK = { target: "side", epochs: 30, seed: 1 } as const;

describe("trainTable with its defaults and seed 1", () => {
  it.each([
    ["iris", "class", 0.93],
    ["wine", "class", 0.95],
    ["breastCancer", "class", 0.95],
    ["digits", "class", 0.96],
  ])("reaches its accuracy on the validation rows of %s", async (name, target, accuracy) => {
    const table = await readData(name);
    const { task, validation, report, history } = await trainTable(table, { target, seed: 1 });
    expect(task).toBe("classification");
    expect(validation).toMatchObject({ accuracy: expect.any(Number) });
    expect((validation as { accuracy: number }).accuracy).toBeGreaterThanOrEqual(accuracy);
    expect(report).toMatchObject({ stratified: true, rowsWithoutTarget: 0, batchSize: 32 });
    expect(report.trainingRows + report.validationRows).toBe(table.rows);
    expect(report.validationRows).toBe(Math.ceil(0.2 * table.rows));
    expect(Math.min(...history.validationLoss)).toBe(validation?.loss);
  });

  it("reaches its R² on the validation rows of diabetes", async () => {
    const options = { target: "progression", task: "regression", seed: 1 } as const;
    const { validation, history } = await trainTable(await readData("diabetes"), options);
    expect(validation?.r2).toBeGreaterThanOrEqual(0.35);
    expect(history.validationR2[history.bestEpoch!]).toBeCloseTo(validation!.r2, 5);
    expect(validation!.rmse).toBeGreaterThan(validation!.mae);
  });

  it("drops the pixels of digits that are constant in the training rows", async () => {
    const { report, preprocessor } = await trainTable(await readData("digits"), {
      target: "class",
      seed: 1,
      epochs: 1,
    });
    expect(report.dropped.length).toBeGreaterThan(0);
    expect(report.dropped.every(({ reason }) => reason === "constant")).toBe(true);
    expect(preprocessor.inputs).toHaveLength(64 - report.dropped.length);
  });

  it("gives the same bits everywhere and every time", async () => {
    const table = await readData("iris");
    const train = async (seed: number) =>
      (await trainTable(table, { target: "class", seed, epochs: 20 })).validation;
    const [first, second, other] = [await train(1), await train(1), await train(2)];
    expect(first).toEqual(second);
    expect(first?.loss).not.toBe(other?.loss);
    expect(first?.loss).toBe(0.390936778485775);
  });
});

describe("trainTable chooses the task", () => {
  const repeated = (values: readonly (string | number)[]) =>
    Array.from({ length: 100 }, (_, i) => values[i % values.length]!);

  it.each<[string, readonly (string | number)[], string, string]>([
    ["texts", ["b", "a", "c"], "classification", '"t" has texts, 3 different ones'],
    ["0 and 1", [0, 1], "classification", '"t" is 0 or 1'],
    ["few whole numbers", [10, 2, 1], "classification", '"t" has 3 different whole numbers in 100 rows'],
    [
      "many whole numbers",
      Array.from({ length: 21 }, (_, i) => i),
      "regression",
      '"t" has 21 different whole numbers in 100 rows',
    ],
    ["fractions", [0.5, 1], "regression", '"t" has 2 different numbers in 100 rows'],
  ])("%s", async (_, values, task, reason) => {
    const rows = { x: repeated([1, 2, 3, 4, 5, 6, 7]), t: repeated(values) };
    const model = await trainTable(rows, { target: "t", epochs: 1 });
    expect(model).toMatchObject({ task, reason });
    const classes = [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
    expect(model.classes).toEqual(task === "classification" ? classes : []);
  });

  it("by the rows of each whole number: 5 or more on average are classes", async () => {
    const train = (count: number) => {
      const x = Array.from({ length: count }, (_, i) => i);
      return trainTable({ x, t: x.map((i) => i % 3) }, { target: "t", epochs: 1 });
    };
    expect((await train(14)).task).toBe("regression");
    expect((await train(15)).task).toBe("classification");
  });

  it("unless the option task chooses it", async () => {
    const rows = { x: repeated([1, 2, 3]), t: repeated([1, 2, 5]) };
    const model = await trainTable(rows, { target: "t", task: "regression", epochs: 1 });
    expect(model).toMatchObject({ task: "regression", reason: 'the option task is "regression"' });
    expect(typeof model.predict({ x: 1 })).toBe("number");
  });
});

describe("a model of classes", () => {
  it("predicts the class of one row or of many, with the probability of each class", async () => {
    const model = await trainTable(points(300), { ...QUICK, task: "classification" });
    const { class: name, probability, probabilities } = model.predict({ x: 0.9, y: -0.9 });
    expect(name).toBe("right");
    const { left = 0, right = 0 } = probabilities;
    expect(probability).toBe(right);
    expect(left + right).toBeCloseTo(1, 6);
    expect(probability).toBeGreaterThan(0.5);
    const rows = [
      { x: 0.9, y: -0.9 },
      { x: -0.9, y: 0.9, side: "right" },
    ];
    const predictions = model.predict(rows);
    expect(predictions.map((prediction) => prediction.class)).toEqual(["right", "left"]);
    expect(predictions[0]).toEqual(model.predict(rows[0]!));
    expect(model.predict({ x: [0.9, -0.9], y: [-0.9, 0.9] })).toEqual(predictions);
  });

  it("predicts names that are numbers as numbers", async () => {
    const rows = points(100).map(({ x, y, side }) => ({ x, y, side: side === "left" ? 7 : 9 }));
    const model = await trainTable(rows, { ...QUICK, task: "classification" });
    expect(model.predict({ x: 0.9, y: -0.9 }).class).toBe(9);
    expect(model.evaluate(rows).accuracy).toBeGreaterThan(0.8);
  });

  it("evaluates rows", async () => {
    const rows = points(300);
    const model = await trainTable(rows, { ...QUICK, task: "classification" });
    const { accuracy, confusionMatrix, loss } = model.evaluate([...rows, { x: 0, y: 0, side: null }]);
    const right = model.predict(rows).filter((prediction, i) => prediction.class === rows[i]!.side).length;
    expect(accuracy).toBe(right / 300);
    expect(
      confusionMatrix
        .toArray()
        .flat()
        .reduce((sum, n) => sum + n),
    ).toBe(300);
    expect(loss).toBeGreaterThan(0);
    expect(errorOf(() => model.evaluate([{ x: 1, y: 2, side: "up" }]))).toMatchObject({
      code: "invalidLabel",
      message: '"side" is "up" in a row; expected one of "left", "right".',
    });
    expect(errorOf(() => model.evaluate([{ x: 1, y: 2, side: null }])).message).toMatch(
      /^"side" is missing in all rows/,
    );
  });

  it("counts rare classes more if asked to", async () => {
    const rows = points(400).filter(({ side }, i) => side === "left" || i % 10 === 0);
    const sum = async (balanced: boolean) => {
      const model = await trainTable(rows, { ...QUICK, task: "classification", epochs: 5, balanced });
      return model.predict(rows).reduce((sum, { probabilities: { right = 0 } }) => sum + right, 0);
    };
    expect(await sum(true)).toBeGreaterThan(1.3 * (await sum(false)));
  });
});

describe("a model of numbers", () => {
  it("predicts and evaluates in the units of the table", async () => {
    const rows = points(300).map(({ x, y }) => ({ x, y, price: 1000 + 200 * x - 50 * y }));
    const model = await trainTable(rows, { target: "price", task: "regression", seed: 1 });
    expect(Math.abs(model.predict({ x: 0.5, y: 0.5 }) - 1075)).toBeLessThan(15);
    const predictions = model.predict(rows);
    const errors = rows.map(({ price }, i) => price - predictions[i]!);
    const { r2, rmse, mae } = model.evaluate(rows);
    expect(rmse).toBeCloseTo(Math.hypot(...errors) / Math.sqrt(300), 10);
    expect(mae).toBeCloseTo(errors.reduce((sum, e) => sum + Math.abs(e), 0) / 300, 10);
    expect(r2).toBeGreaterThan(0.98);
  });

  it("learns logarithms if asked to", async () => {
    const rows = points(300).map(({ x, y }) => ({ x, y, price: Math.exp(5 + 3 * x) }));
    const options = { target: "price", task: "regression", log: true, seed: 1 } as const;
    const model = await trainTable(rows, options);
    for (const x of [-0.8, 0, 0.8]) {
      expect(model.predict({ x, y: 0 }) / Math.exp(5 + 3 * x)).toBeCloseTo(1, 0.5);
    }
    const error = await rejectionOf(trainTable([...rows, { x: 0, y: 0, price: 0 }], options));
    expect(error).toMatchObject({
      code: "invalidData",
      message: 'log is true, but "price" is 0 in a row; expected numbers above 0.',
    });
  });

  it("predicts a target that is constant", async () => {
    const rows = { x: [1, 2, 3, 4, 5], t: [7, 7, 7, 7, 7] };
    const model = await trainTable(rows, { target: "t", task: "regression", seed: 1 });
    expect(model.predict({ x: 3 })).toBeCloseTo(7, 0);
  });
});

describe("rows with gaps", () => {
  const cities = ["Rome", "Oslo", "Bern", null];
  const rows = points(200).map(({ x, y, side }, i) => ({
    x: i % 9 === 0 ? null : x,
    y,
    city: cities[i % 4],
    side: i % 50 === 0 ? null : side,
  }));

  it("are imputed, and left out if the target is missing; the report says so", async () => {
    const { report, validation } = await trainTable(rows, { ...QUICK, task: "classification" });
    expect(report.rowsWithoutTarget).toBe(4);
    expect(report.imputed.map(({ column, by }) => [column, typeof by])).toEqual([
      ["x", "number"],
      ["city", "string"],
    ]);
    expect(validation!.accuracy).toBeGreaterThan(0.7);
  });

  it("give embeddings a vector of missing and unknown categories, which is 0 if no training row has one", async () => {
    const options = {
      ...QUICK,
      encoding: "embedding",
      indicator: false,
      columns: { city: { units: 2 } },
    } as const;
    const withGaps = await trainTable(rows, options);
    const withoutGaps = await trainTable(
      rows.map((row) => ({ ...row, city: row.city ?? "Bern" })),
      options,
    );
    const vector = ({ network }: { network: Network<readonly Layer[]> }) =>
      Array.from(
        (network.parameters[0] as { embedding0: { data: Float32Array } }).embedding0.data.subarray(0, 2),
      );
    expect(vector(withoutGaps)).toEqual([0, 0]);
    expect(vector(withGaps)).not.toEqual([0, 0]);
    const row = { x: 0.1, y: 0.2 };
    expect(withGaps.predict({ ...row, city: "Paris" })).toEqual(withGaps.predict({ ...row, city: null }));
  });
});

describe("trainTable", () => {
  it("ends early and restores the best parameters", async () => {
    const { history, validation } = await trainTable(points(100), {
      ...QUICK,
      epochs: 500,
      patience: 3,
      optimizer: sgd({ learningRate: 1 }),
    });
    expect(history.stopped).toBe("earlyStopping");
    expect(history.loss).toHaveLength(history.bestEpoch! + 4);
    expect(validation!.loss).toBe(history.validationLoss[history.bestEpoch!]);
  });

  it("trains on all rows for all epochs without validation", async () => {
    const { history, validation, report } = await trainTable(points(50), { ...QUICK, validation: 0 });
    expect(validation).toBeUndefined();
    expect(report).toMatchObject({ trainingRows: 50, validationRows: 0, stratified: false });
    expect(history.loss).toHaveLength(30);
  });

  it("splits at random if a class has one row", async () => {
    const rows = [...points(50), { x: 9, y: 9, side: "far" }];
    const { report, classes } = await trainTable(rows, { ...QUICK, epochs: 1 });
    expect(report.stratified).toBe(false);
    expect(classes).toEqual(["far", "left", "right"]);
  });

  it("builds the network that the options describe", async () => {
    const { network } = await trainTable(points(50), {
      ...QUICK,
      hidden: [5, 4],
      activation: "tanh",
      dropout: 0.1,
      dtype: "float64",
      batchSize: 7,
    });
    expect(network.summary()).toMatch(
      /dense.+tanh[\s\S]+dropout[\s\S]+dense.+tanh[\s\S]+dropout[\s\S]+dense.+softmax/,
    );
    expect(network.summary()).toContain("float64");
    const linear = await trainTable(points(50), { ...QUICK, hidden: [] });
    expect(linear.network.parameters).toHaveLength(1);
  });

  it("takes larger batches of many rows, so that an epoch has at most 200 steps", async () => {
    const report = async (count: number) =>
      (await trainTable(points(count), { ...QUICK, epochs: 1, hidden: [] })).report;
    expect((await report(8_000)).batchSize).toBe(32);
    expect((await report(8_100)).batchSize).toBe(64);
  });

  it("reports each epoch, and ends if the callback returns false", async () => {
    const epochs: TableEpoch[] = [];
    const { history } = await trainTable(points(50), {
      ...QUICK,
      task: "classification",
      onEpoch(info) {
        epochs.push(info);
        return info.epoch < 3;
      },
    });
    expect(history.stopped).toBe("callback");
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(epochs[2]).toMatchObject({
      accuracy: history.accuracy.at(-1),
      validationAccuracy: expect.any(Number),
    });
  });

  it("keeps the model of a training that is aborted, in the error", async () => {
    const controller = new AbortController();
    const onEpoch = ({ epoch }: TableEpoch) => {
      if (epoch === 5) controller.abort();
    };
    const error = (await rejectionOf(
      trainTable(points(100), { ...QUICK, signal: controller.signal, onEpoch }),
    )) as TrainTableError<"classification">;
    expect(error).toMatchObject({ code: "aborted", history: { stopped: "aborted" } });
    expect(error.model.predict({ x: 1, y: -1 }).class).toBe("right");
    expect(error.model.network.epoch).toBe(5);
  });

  it("passes the exception of a callback through", async () => {
    const boom = new Error("boom");
    const onEpoch = () => {
      throw boom;
    };
    await expect(trainTable(points(50), { ...QUICK, onEpoch })).rejects.toBe(boom);
  });

  it.each<[string, TableRows, object, BackpropError["code"], string]>([
    [
      "a target that is no column",
      points(9),
      { target: "sid" },
      "unknownName",
      'target is "sid"; expected a column: "x", "y", "side".',
    ],
    ["no target", points(9), {}, "unknownName", 'target is undefined; expected a column: "x", "y", "side".'],
    [
      "a target without values",
      { x: [1, 2], t: [null, ""] },
      { target: "t" },
      "invalidData",
      'The target "t" is missing in all rows; expected values.',
    ],
    [
      "one class",
      { x: [1, 2], t: ["a", "a"] },
      { target: "t" },
      "invalidData",
      '"t" is "a" in all rows; expected two classes or more.',
    ],
    [
      "a class in each row",
      { x: Array(30).fill(1), t: Array.from({ length: 30 }, (_, i) => `t${i}`) },
      { target: "t" },
      "invalidData",
      '"t" has 30 classes in 30 rows; expected several rows of each class.',
    ],
    [
      "numbers of texts",
      { x: [1, 2], t: ["a", "b"] },
      { target: "t", task: "regression" },
      "invalidOption",
      'task is "regression", but "t" has texts, such as "a"; expected numbers.',
    ],
    [
      "logarithms of classes",
      points(9),
      { target: "side", log: true },
      "invalidOption",
      'log is true, but the task is a classification; expected log with task: "regression".',
    ],
    [
      "one row",
      { x: [1], t: [1.5] },
      { target: "t" },
      "invalidOption",
      "validation is 0.2 of 1 row, which leaves none to train on; expected a smaller share, or more rows.",
    ],
    [
      "a hidden layer without units",
      points(9),
      { target: "side", hidden: [8, 0] },
      "invalidOption",
      "hidden[1] is 0; expected a positive integer below 2^32.",
    ],
    [
      "all rows for validation",
      points(9),
      { target: "side", validation: 1 },
      "invalidOption",
      "validation is 1; expected a number from 0 to below 1.",
    ],
    [
      "an option that does not exist",
      points(9),
      { target: "side", layers: [] },
      "invalidOption",
      'trainTable has no option "layers"; expected',
    ],
  ])("refuses %s", async (_, rows, options, code, message) => {
    const error = await rejectionOf(trainTable(rows, options as TrainTableOptions));
    expect(error.code).toBe(code);
    expect(error.message.slice(0, message.length)).toBe(message);
  });

  it.each(Object.entries(HOSTILE))("refuses or reads %s", async (_, create) => {
    const options = ["target", "columns", "hidden", "activation", "optimizer", "signal", "seed", "dtype"];
    const attempts = [
      () => trainTable(create() as TableRows, { target: "side", epochs: 1 }),
      () => trainTable(points(9), create() as TrainTableOptions),
      ...options.map(
        (name) => () =>
          trainTable(points(9), { target: "side", epochs: 1, [name]: create() } as TrainTableOptions),
      ),
    ];
    for (const attempt of attempts) {
      await attempt().catch((error) => expect(error).toMatchObject({ name: "BackpropError" }));
    }
  });
});

describe("tableModelFromJSON", () => {
  it.each([
    ["classes", "side"],
    ["numbers", "x"],
  ])("gives a model of %s that predicts the same bits", async (_, target) => {
    const rows = points(60);
    const model = await trainTable(rows, { ...QUICK, target });
    const state = JSON.parse(JSON.stringify(model)) as TableModelState;
    const loaded = tableModelFromJSON(state, await model.network.clone());
    expect(loaded.predict(rows)).toEqual(model.predict(rows));
    expect(loaded.evaluate(rows)).toEqual(model.evaluate(rows));
    expect(loaded.toJSON()).toEqual(model.toJSON());
  });

  it("refuses other states", async () => {
    const model = await trainTable(points(60), { ...QUICK, epochs: 1 });
    const state = model.toJSON();
    const refusal = (given: unknown) =>
      errorOf(() => tableModelFromJSON(given as TableModelState, model.network)).message;
    expect(refusal({ ...state, version: 2 })).toMatch(/^version is 2/);
    expect(refusal({ ...state, target: { ...state.target, classes: ["a", "a"] } })).toMatch(
      /^target\.classes is /,
    );
    expect(refusal({ ...state, target: { task: "regression" } })).toMatch(/^target\.name is undefined/);
    expect(refusal({ ...state, target: { ...state.target, task: "poetry" } })).toMatch(
      /^target\.task is "poetry"|has no option/,
    );
    expect(refusal({ ...state, preprocessor: {} })).toMatch(/^version is undefined/);
    for (const create of Object.values(HOSTILE)) {
      expect(() => tableModelFromJSON(create() as TableModelState, model.network)).toThrow();
      errorOf(() => tableModelFromJSON({ ...state, target: create() } as TableModelState, model.network));
    }
  });
});

describe("tableModelFromJSON refuses a network", () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    x: i,
    z: (i * i) % 7,
    city: ["Bern", "Oslo", "Rome"][i % 3]!,
    side: i % 2 === 0 ? "left" : "right",
  }));
  const train = (options: Partial<TrainTableOptions> = {}) =>
    trainTable(rows, { ...QUICK, target: "side", epochs: 1, ...options } as TrainTableOptions);
  const embedded = { columns: { city: { encoding: "embedding" } } } as const;

  it.each([
    [
      "of other inputs",
      {},
      { columns: { city: { type: "ignore" } } },
      "The network takes rows of 2 inputs, and the preprocessor makes 5.",
    ],
    [
      "of other outputs",
      { columns: { z: { type: "ignore" } } },
      { target: "x", columns: { side: { type: "ignore" } } },
      'The network predicts rows of 1, and the target "side" needs 2, one for each class.',
    ],
    [
      "without the embedding",
      embedded,
      { columns: { city: { type: "category", encoding: "oneHot" } } },
      "The network takes rows of 5 inputs, and the preprocessor makes 3.",
    ],
  ] as const)("%s", async (_, options, others, message) => {
    const [model, { network }] = [await train(options), await train(others as Partial<TrainTableOptions>)];
    expect(errorOf(() => tableModelFromJSON(model.toJSON(), network))).toMatchObject({
      code: "invalidOption",
      message: `${message} Give the network of the model with that state.`,
    });
  });

  it("with an embedding of other categories", async () => {
    const model = await train(embedded);
    const fewer = rows.map((row) => ({ ...row, city: row.city === "Bern" ? "Oslo" : row.city }));
    const { network } = await trainTable(fewer, { ...QUICK, target: "side", epochs: 1, ...embedded });
    expect(errorOf(() => tableModelFromJSON(model.toJSON(), network))).toMatchObject({
      code: "invalidOption",
      message: expect.stringContaining("an embedding of other columns or categories"),
    });
  });
});

describe("a model in a file", () => {
  const predictionsOf = (model: { predict(rows: TableRows): unknown }) => model.predict(points(50));

  it("predicts the same bits after save and loadTableModel, and keeps more metadata", async () => {
    const model = await trainTable(points(200), QUICK);
    const loaded = await loadTableModel(model.save({ metadata: { note: "mine" } }));
    expect(predictionsOf(loaded)).toEqual(predictionsOf(model));
    expect(loaded.toJSON()).toEqual(JSON.parse(JSON.stringify(model)));
    expect(loaded.network.metadata).toMatchObject({ note: "mine" });
  });

  it("is in each checkpoint of a training, which resume finishes with the bits of an uninterrupted one", async () => {
    const rows = points(200);
    const options = { ...QUICK, task: "classification" } as const;
    const whole = await trainTable(rows, options);
    const files: Uint8Array[] = [];
    const save = (file: Uint8Array) => void files.push(file);
    await trainTable(rows, { ...options, checkpoint: { save, everyEpochs: 4 } });
    const { history, network } = await trainTable(rows, {
      ...options,
      resume: await loadTableModel(files[1]!),
    });
    expect(history.loss).toEqual(whole.history.loss);
    expect(history.validationAccuracy).toEqual(whole.history.validationAccuracy);
    expect(JSON.stringify(network.parameters)).toBe(JSON.stringify(whole.network.parameters));
  });

  it("is passed to onEpoch, also while it resumes", async () => {
    const rows = points(100);
    let saved: Uint8Array | undefined;
    await trainTable(rows, {
      ...QUICK,
      onEpoch({ epoch }, model) {
        saved = model.save();
        return epoch < 7;
      },
    });
    const resumed = await trainTable(rows, { ...QUICK, resume: await loadTableModel(saved!) });
    expect(resumed.history.loss).toEqual((await trainTable(rows, QUICK)).history.loss);
  });

  it("is not resumed with other rows, and stays usable", async () => {
    const model = await loadTableModel((await trainTable(points(200), QUICK)).save());
    const error = await rejectionOf(trainTable(points(150), { ...QUICK, resume: model }));
    expect(error).toMatchObject({ code: "invalidOption", message: expect.stringContaining("other rows") });
    expect(predictionsOf(model)).toHaveLength(50);
    await expect(trainTable(points(200), { ...QUICK, resume: {} as never })).rejects.toMatchObject({
      code: "invalidOption",
    });
  });

  it("is not loaded from the file of a network without a table", async () => {
    const network = await createNetwork({ inputs: 1, layers: [dense(1)], loss: "huber" });
    await expect(loadTableModel(network.save())).rejects.toMatchObject({
      code: "invalidFile",
      message: expect.stringContaining("Use loadNetwork"),
    });
  });
});

it("says which rows train and which validate, counted among all rows", async () => {
  const rows = [{ x: 1, y: 2, side: null }, ...points(100)];
  const { split, validation, ...model } = await trainTable(rows, QUICK);
  expect([...split.training, ...split.validation].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  const again = new TableModel(model.network, model.preprocessor, model.target);
  expect(again.evaluate(createTable(rows).select(split.validation))).toEqual(validation);
});

it("selects rows of a table in the given order, and refuses numbers of rows that are not there", () => {
  const table = createTable([{ x: 1 }, { x: 2 }, { x: 3 }]);
  expect(table.select([2, 0]).column("x").values).toEqual(Float64Array.of(3, 1));
  expect(errorOf(() => table.select([3]))).toMatchObject({ code: "invalidOption" });
  expect(errorOf(() => table.select("12" as never))).toMatchObject({ code: "invalidOption" });
  expect(errorOf(() => table.select({ length: 2 }))).toMatchObject({ code: "invalidData" });
});
