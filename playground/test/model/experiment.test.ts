import * as library from "backprop-wasm";
import { describe, expect, it } from "vitest";
import { decodeExperiment, encodeExperiment } from "../../src/experiment/address.js";
import { withDataset, withLoss } from "../../src/experiment/change.js";
import { checkExperiment } from "../../src/experiment/check.js";
import {
  ACTIVATION_NAMES,
  COMMON_OPTIMIZER_FIELDS,
  DATASETS,
  type DatasetName,
  LAYER_KINDS,
  LOSS_CHOICES,
  LOSS_NAMES,
  MAX_POINTS,
  OPTIMIZERS,
  type OptimizerName,
  SCHEDULES,
  type ScheduleName,
} from "../../src/experiment/choices.js";
import { DEFAULT_EXPERIMENT, type Experiment, type TableChoice } from "../../src/experiment/experiment.js";
import { ExperimentError, type Fields } from "../../src/experiment/fields.js";
import { networkRecipe, print } from "../../src/experiment/recipe.js";

const TABLE: TableChoice = {
  file: "Wohnungen – Zürich.csv",
  hash: "ab".repeat(32),
  target: "Preis €",
  columns: ["Fläche m²", "日本"],
  classes: 0,
};

const RICH: Experiment = {
  ...withDataset(DEFAULT_EXPERIMENT, "table", TABLE),
  layers: [
    { kind: "dense", units: 3, activation: "relu", useBias: false, kernelInitializer: "normal()" },
    { kind: "dropout", rate: 0.25 },
    { kind: "batchNorm" },
  ],
  optimizer: { name: "rprop", options: { etas: [0.4, 1.3] } },
  schedule: { name: "multiStepDecay", options: { epochs: [5, 50] }, warmup: 3 },
  epochs: 1234,
  seed: 2 ** 32 - 1,
  random: "torch",
  dtype: "float64",
  threads: 4,
};

function changed(change: object): unknown {
  return { ...DEFAULT_EXPERIMENT, ...change };
}

describe("an address", () => {
  it("holds the whole experiment, in characters that no program changes", () => {
    for (const experiment of [DEFAULT_EXPERIMENT, RICH]) {
      const code = encodeExperiment(experiment);
      expect(code).toMatch(/^1\.[\w-]*$/);
      expect(decodeExperiment(code)).toEqual(experiment);
      expect(decodeExperiment(`#${code}`)).toEqual(experiment);
    }
  });

  it("is short for what differs little from the first experiment of the page, and may be absent", () => {
    expect(encodeExperiment(DEFAULT_EXPERIMENT).length).toBeLessThan(20);
    expect(encodeExperiment({ ...DEFAULT_EXPERIMENT, epochs: 100 }).length).toBeLessThan(50);
    expect(decodeExperiment("")).toBe(DEFAULT_EXPERIMENT);
    expect(decodeExperiment("#")).toBe(DEFAULT_EXPERIMENT);
  });

  it("is the same text in all versions, so that addresses that people have shared still open", () => {
    const spiral = withDataset(DEFAULT_EXPERIMENT, "spiral");
    expect(encodeExperiment({ ...spiral, epochs: 100 })).toBe(
      "1.eyJkYXRhIjp7ImRhdGFzZXQiOiJzcGlyYWwifSwiZXBvY2hzIjoxMDB9",
    );
  });

  const whole = encodeExperiment(RICH);

  it.each([
    ["cut off", whole.slice(0, -5), "The address is not whole: copy all of it, to its last character."],
    ["with a wrong character", `${whole}!`, "The address is not whole"],
    ["of another version", `9${whole.slice(1)}`, 'The address begins with "9."; expected "1.".'],
    ["of another page", "#section-2", 'The address begins with "se"; expected "1.".'],
    ["of no object", `1.${btoa("5")}`, "The experiment is 5; expected an object."],
    ["of null", `1.${btoa("null")}`, "The experiment is null; expected an object."],
    ["with data that are no object", `1.${btoa('{"data":7}')}`, "data is 7; expected an object."],
  ])("%s is refused in a sentence", (_, code, sentence) => {
    expect(() => decodeExperiment(code)).toThrow(ExperimentError);
    expect(() => decodeExperiment(code)).toThrow(sentence);
  });
});

describe("an experiment that cannot be is refused in a sentence", () => {
  const { data } = DEFAULT_EXPERIMENT;

  it.each<[string, object, string]>([
    ["an unknown name", { extra: 1 }, 'The experiment has no "extra"; it has data, layers, output,'],
    [
      "a number out of range",
      { batchSize: 1e9 },
      "experiment.batchSize is 1000000000; expected an integer from 1 to 5000.",
    ],
    ["a fraction", { epochs: 1.5 }, "experiment.epochs is 1.5; expected an integer from 0 to 10000000."],
    [
      "a seed that is text",
      { seed: "1" },
      'experiment.seed is "1"; expected an integer from 0 to 4294967295.',
    ],
    [
      "an unknown data set",
      { data: { ...data, dataset: "mnist" } },
      'data.dataset is "mnist"; expected one of xor,',
    ],
    [
      "a missing value",
      { data: { ...data, noise: undefined } },
      "data.noise is undefined; expected a number from 0 to 1.",
    ],
    ["a table without a choice", { data: { ...data, dataset: "table" } }, "data.table must be given"],
    [
      "a table that names no columns",
      { data: { ...data, table: { ...TABLE, columns: [] } } },
      "data.table.columns is []; expected the names",
    ],
    [
      "a table that predicts the target from itself",
      { data: { ...data, table: { ...TABLE, columns: [TABLE.target] } } },
      "data.table.columns names a column twice, or the target",
    ],
    [
      "a hash that is none",
      { data: { ...data, table: { ...TABLE, hash: "x" } } },
      'data.table.hash is "x"; expected 64 hexadecimal digits.',
    ],
    [
      "a file in another folder",
      { data: { ...data, table: { ...TABLE, file: "../secret.csv" } } },
      'data.table.file is "../secret.csv"; expected the name of a file, without a folder.',
    ],
    [
      "a point off the plane",
      { data: { ...data, points: [[0, 3, 1]] } },
      "data.points[0] is [0,3,1]; expected [x, y, class], with x and y from -2 to 2",
    ],
    [
      "too many points",
      { data: { ...data, points: Array(MAX_POINTS + 1).fill([0, 0, 1]) } },
      "expected at most 500 points.",
    ],
    [
      "points on numbers",
      {
        ...withDataset(DEFAULT_EXPERIMENT, "plane"),
        data: { ...data, dataset: "plane", points: [[0, 0, 1]] },
      },
      'Points cannot be drawn on the data set "plane"',
    ],
    ["an unknown layer", { layers: [{ kind: "conv" }] }, 'layers[0].kind is "conv"; expected one of dense,'],
    [
      "an option of another layer",
      { layers: [{ kind: "dropout", units: 4 }] },
      'layers[0] has no "units"; it has rate.',
    ],
    ["a property of all objects", { layers: [{ kind: "toString" }] }, 'layers[0].kind is "toString"'],
    [
      "too many layers",
      { layers: Array(13).fill({ kind: "prelu" }) },
      "The network has 13 layers before its output layer; expected at most 12.",
    ],
    [
      "a loss of another task",
      { data: { ...data, dataset: "sine" } },
      'The loss "Sigmoid cross-entropy" is for classes, but the data set "sine" is for number',
    ],
    [
      "a wrong output activation",
      { output: { activation: "relu" } },
      'The loss "Sigmoid cross-entropy" needs the output activation "sigmoid"',
    ],
    [
      "Nesterov without momentum",
      { optimizer: { name: "sgd", options: { nesterov: true } } },
      "Nesterov momentum needs a momentum above 0.",
    ],
    [
      "differences with a norm",
      { layers: [{ kind: "batchNorm" }], gradients: "forwardDifferences" },
      "Gradients by forward differences are for dense layers",
    ],
    [
      "an unknown schedule",
      { schedule: { name: "fast", options: {}, warmup: 0 } },
      'schedule.name is "fast"; expected one of none,',
    ],
    ["a schedule without warm-up", { schedule: { name: "none", options: {} } }, 'schedule lacks "warmup".'],
  ])("%s", (_, change, sentence) => {
    expect(() => checkExperiment(changed(change))).toThrow(ExperimentError);
    expect(() => checkExperiment(changed(change))).toThrow(sentence);
  });

  it("but each choice of the tables can be", () => {
    for (const dataset of Object.keys(DATASETS) as DatasetName[]) {
      const table = dataset === "table" ? TABLE : undefined;
      checkExperiment(withDataset(DEFAULT_EXPERIMENT, dataset, table));
    }
    for (const loss of LOSS_NAMES) {
      const dataset = loss === "quantile" ? "sine" : "xor";
      checkExperiment(withLoss(withDataset(DEFAULT_EXPERIMENT, dataset), loss));
    }
  });
});

describe("the tables", () => {
  it("name all activations and losses of the library", () => {
    expect([...ACTIVATION_NAMES].sort()).toEqual([...library.ACTIVATIONS].sort());
    expect([...LOSS_NAMES].sort()).toEqual([...library.LOSSES].sort());
  });

  const functions = library as unknown as Record<string, (options?: object) => Record<string, unknown>>;

  function defaultsOf(fields: Fields): Record<string, unknown> {
    return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.default]));
  }

  it.each(Object.keys(OPTIMIZERS) as OptimizerName[])("have the library's defaults for %s", (name) => {
    expect(functions[name]!()).toMatchObject(defaultsOf(OPTIMIZERS[name].fields));
    const common = Object.fromEntries(Object.keys(COMMON_OPTIMIZER_FIELDS).map((option) => [option, 0.5]));
    expect(functions[name]!(common)).toMatchObject(common);
  });

  it("have the library's defaults for layers, but for those that have none", () => {
    for (const kind of ["layerNorm", "batchNorm"] as const) {
      expect(functions[kind]!()).toMatchObject(defaultsOf(LAYER_KINDS[kind].fields));
    }
  });

  it.each(Object.keys(SCHEDULES).filter((name) => name !== "none") as ScheduleName[])(
    "have defaults that the schedule %s takes",
    (name) => {
      const options = { learningRate: 0.1, ...defaultsOf(SCHEDULES[name].fields) };
      expect(functions[name]!(options)).toMatchObject(options);
    },
  );

  it("suggest an output activation that the loss takes", () => {
    for (const { activation, suggested } of Object.values(LOSS_CHOICES)) {
      expect([undefined, suggested]).toContain(activation);
    }
  });
});

describe("a change", () => {
  it("of the data set keeps a loss that suits, and else takes the usual one", () => {
    const lossOf = (experiment: Experiment, dataset: DatasetName) =>
      withDataset(experiment, dataset).loss.name;
    expect(lossOf(DEFAULT_EXPERIMENT, "moons")).toBe("sigmoidCrossentropy");
    expect(lossOf(DEFAULT_EXPERIMENT, "sine")).toBe("meanSquaredError");
    expect(lossOf(DEFAULT_EXPERIMENT, "digits")).toBe("sparseCategoricalCrossentropy");
    expect(lossOf(withLoss(withDataset(DEFAULT_EXPERIMENT, "sine"), "huber"), "plane")).toBe("huber");
    expect(lossOf(withDataset(DEFAULT_EXPERIMENT, "digits"), "moons")).toBe("sparseCategoricalCrossentropy");
  });

  it("from classes to numbers, or back, sets the usual loss and its output activation", () => {
    const sine = withDataset(withLoss(DEFAULT_EXPERIMENT, "huber"), "sine");
    expect([sine.loss.name, sine.output.activation]).toEqual(["meanSquaredError", "linear"]);
    const moons = withDataset(withLoss(sine, "huber"), "moons");
    expect([moons.loss.name, moons.output.activation]).toEqual(["sigmoidCrossentropy", "sigmoid"]);
  });

  it("of the data set removes drawn points", () => {
    const drawn = {
      ...DEFAULT_EXPERIMENT,
      data: { ...DEFAULT_EXPERIMENT.data, points: [[0, 0, 1]] as const },
    };
    expect(withDataset(drawn, "moons").data.points).toEqual([]);
  });
});

describe("a recipe", () => {
  it("is printed as the library's functions are called", () => {
    const experiment = { ...RICH, loss: { name: "huber", options: { delta: 2 } } } as const;
    expect(print(networkRecipe(experiment, 4))).toBe(
      "{ inputs: 4, layers: [" +
        'dense(3, "relu", { useBias: false, kernelInitializer: normal() }), dropout(0.25), batchNorm(), dense(1, "linear")' +
        '], loss: { name: "huber", delta: 2 }, ' +
        "optimizer: rprop({ learningRate: warmup(multiStepDecay({ learningRate: 0.01, epochs: [5, 50], gamma: 0.1 }), { epochs: 3 }), etas: [0.4, 1.3] }), " +
        'dtype: "float64", random: torchRandom(4294967295) }',
    );
  });
});
