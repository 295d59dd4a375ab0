import { readFileSync } from "node:fs";
import { adam, createNetwork, dense, hashParameters, loadNetwork, splitRows } from "backprop-wasm";
import { spiral } from "backprop-wasm/datasets";
import { fromOnnx } from "backprop-wasm/formats";
import { beforeEach, describe, expect, it } from "vitest";
import { withDataset, withLoss } from "../../src/experiment/change.js";
import { DIGITS } from "../../src/experiment/digits.js";
import { DEFAULT_EXPERIMENT, type Experiment } from "../../src/experiment/experiment.js";
import type { Frame, Surface } from "../../src/training/messages.js";
import { Client } from "./client.js";

const SPIRAL = withDataset(DEFAULT_EXPERIMENT, "spiral");
const DIGITS_FILE = readFileSync(new URL("../../../examples/data/digits.csv", import.meta.url));

/** An epoch of 5000 batches, which takes longer than a slice. */
const SLOW: Experiment = {
  ...SPIRAL,
  data: { ...SPIRAL.data, rows: 5000, validation: 0 },
  layers: [{ kind: "dense", units: 64, activation: "tanh" }],
  batchSize: 1,
};

let client: Client;

beforeEach(() => {
  client = new Client();
});

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The network of SPIRAL after one fit of so many epochs. */
async function fitOnce(epochs: number) {
  const { inputs, targets } = spiral({ rows: 400, noise: 0, seed: 1 });
  const { training } = splitRows(inputs, targets, { validation: 0.2, seed: 1 });
  const network = await createNetwork({
    inputs: 2,
    layers: [dense(8, "tanh"), dense(8, "tanh"), dense(1, "sigmoid")],
    loss: "sigmoidCrossentropy",
    optimizer: adam({ learningRate: 0.01 }),
    seed: 1,
  });
  await network.fit(training.inputs, training.targets, { epochs });
  return network;
}

async function hashOfOneFit(epochs: number): Promise<string> {
  return hashParameters(await fitOnce(epochs));
}

async function stepsPerSecondOfFit(): Promise<number> {
  const [epochs, begin] = [10_000, performance.now()];
  await fitOnce(epochs);
  return (10 * epochs * 1000) / (performance.now() - begin);
}

function round(x: number): string {
  return Math.round(x).toLocaleString("en");
}

describe("a network that is opened", () => {
  it("is described, and its first frame has an untrained network", async () => {
    const opened = await client.open(SPIRAL);
    const frame = await client.frame();
    expect(opened).toMatchObject({
      task: "classes",
      inputs: 2,
      inputNames: ["x", "y"],
      classes: ["0", "1"],
      layers: [
        { kind: "dense", units: 8, activation: "tanh", parameters: 24 },
        { kind: "dense", units: 8, activation: "tanh", parameters: 72 },
        { kind: "dense", units: 1, activation: "sigmoid", parameters: 9 },
      ],
      parameters: 105,
      trainingRows: 320,
      validationRows: 80,
      steps: 10,
      threads: 1,
    });
    expect(opened.rows!.points).toHaveLength(800);
    expect(opened.rows!.isValidation.filter((value) => value === 1)).toHaveLength(80);
    expect(frame).toMatchObject({ epoch: 0, step: 0, totalSteps: 0, stepsPerSecond: 0 });
    expect(frame.loss).toBeGreaterThan(0.5);
    expect(frame.weights.map(({ kernel, bias }) => [kernel.length, bias.length])).toEqual([
      [16, 8],
      [64, 8],
      [8, 1],
    ]);
  });

  it("replaces the one before only if it can be: otherwise what was trained stays", async () => {
    await client.open(SPIRAL);
    const { hash } = await client.runTo(20);
    const wide = { kind: "dense", units: 1024, activation: "relu" } as const;
    const tooLarge = { ...SPIRAL, layers: [wide, wide, wide, wide] };
    await expect(client.open(tooLarge)).rejects.toThrow(
      "The network would have 3,152,897 parameters; expected at most 2,000,000. Take fewer units, or fewer columns.",
    );
    const impossible = { ...SPIRAL, batchSize: 0 };
    await expect(client.open(impossible)).rejects.toThrow(
      "experiment.batchSize is 0; expected an integer from 1 to 5000.",
    );
    const network = await loadNetwork((await client.export("safetensors")).bytes);
    expect([network.epoch, hashParameters(network)]).toEqual([20, hash]);
    expect((await client.runTo(30)).hash).toBe(await hashOfOneFit(30));
  });
});

describe("training", () => {
  it("has the bits of one fit, whatever paused it: batches, epochs, and a change of speed", async () => {
    await client.open(SPIRAL);
    client.send({ kind: "step" });
    expect(await client.frame(({ step }) => step === 1)).toMatchObject({ epoch: 0, totalSteps: 1, step: 1 });
    for (let step = 2; step <= 9; step++) {
      client.send({ kind: "step" });
      await client.frame((frame) => frame.step === step);
    }
    client.send({ kind: "step" });
    const first = await client.frame(({ epoch }) => epoch === 1);
    expect(first).toMatchObject({ step: 0, totalSteps: 10 });
    expect(first.hash).toBe(await hashOfOneFit(1));
    client.send({ kind: "step" });
    await client.frame(({ totalSteps }) => totalSteps === 11);
    client.send({ kind: "epoch" });
    const second = await client.frame(({ epoch, stepsPerSecond }) => epoch === 2 && stepsPerSecond === 0);
    expect(second.hash).toBe(await hashOfOneFit(2));
    client.send({ kind: "speed", epochsPerSecond: 200 });
    client.run(1000);
    await client.frame(({ epoch }) => epoch > 10);
    client.send({ kind: "pause" });
    await client.frame(({ stepsPerSecond }) => stepsPerSecond === 0);
    client.send({ kind: "speed", epochsPerSecond: Number.POSITIVE_INFINITY });
    const last = await client.runTo(1000);
    expect(last).toMatchObject({ step: 0, totalSteps: 10_000 });
    expect(last.hash).toBe(await hashOfOneFit(1000));
    expect(client.failures).toEqual([]);
  });

  it("takes the step and the epoch that are asked for while it trains", async () => {
    await client.open(SPIRAL);
    await client.runTo(100);
    // All in one turn of the event loop: the fit of some epochs has begun when the step is asked for.
    client.run();
    client.send({ kind: "pause" });
    client.send({ kind: "step" });
    const { totalSteps } = await client.frame(({ step }) => step === 1);
    expect(totalSteps % 10).toBe(1);
    client.run();
    await client.frame(({ epoch }) => 10 * epoch > totalSteps + 1000);
    client.send({ kind: "epoch" });
    expect(await client.frame(({ stepsPerSecond }) => stepsPerSecond === 0)).toMatchObject({ step: 0 });
  });

  it("reports each state once, and trains no further when it is paused", async () => {
    await client.open(SPIRAL);
    client.run();
    await client.frame(({ epoch }) => epoch > 100);
    client.send({ kind: "pause" });
    const { epoch } = await client.frame(({ stepsPerSecond }) => stepsPerSecond === 0);
    await sleep(50);
    expect(client.frames.at(-1)!.epoch).toBe(epoch);
    expect(client.states).toEqual(["running", "paused"]);
  });

  it("pauses within an epoch that takes long, shows it, and finishes it with the same bits", async () => {
    await client.open(SLOW);
    client.run(2);
    await client.frame(({ step }) => step > 100);
    const asked = performance.now();
    client.send({ kind: "pause" });
    const paused = await client.frame(({ stepsPerSecond }) => stepsPerSecond === 0);
    expect(performance.now() - asked).toBeLessThan(1000);
    expect(paused.epoch).toBe(0);
    expect(paused.step).toBeGreaterThan(100);
    expect(paused.step).toBeLessThan(5000);
    const { hash } = await client.runTo(2);
    const other = new Client();
    await other.open(SLOW);
    expect((await other.runTo(2)).hash).toBe(hash);
  });

  it("waits at the given speed", async () => {
    await client.open(SPIRAL);
    client.send({ kind: "speed", epochsPerSecond: 100 });
    const begin = performance.now();
    client.run();
    await client.frame(({ epoch }) => epoch >= 30);
    expect(performance.now() - begin).toBeGreaterThan(270);
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  it("begins again with the same bits after a reset, also within an epoch", async () => {
    await client.open(SPIRAL);
    client.send({ kind: "step" });
    await client.frame(({ step }) => step === 1);
    client.send({ kind: "reset" });
    await client.frame(({ totalSteps }) => totalSteps === 0);
    const { hash, totalSteps } = await client.runTo(5);
    expect([totalSteps, hash]).toEqual([50, await hashOfOneFit(5)]);
  });

  it("trains 2-8-8-1 at 40 % or more of the steps a second of a plain fit without frames", async ({
    annotate,
  }) => {
    await client.open(SPIRAL);
    client.run();
    await client.frame(({ totalSteps }) => totalSteps > 10_000);
    const [begin, first] = [performance.now(), client.frames.at(-1)!];
    const count = client.frames.length;
    await sleep(1000);
    const seconds = (performance.now() - begin) / 1000;
    const steps = (client.frames.at(-1)!.totalSteps - first.totalSteps) / seconds;
    const frames = (client.frames.length - count) / seconds;
    client.send({ kind: "pause" });
    const unwatched = await stepsPerSecondOfFit();
    await annotate(
      `${round(steps)} steps and ${round(frames)} frames a second; ${round(unwatched)} steps in a fit`,
    );
    expect(steps / unwatched).toBeGreaterThan(0.4);
    expect(frames).toBeGreaterThan(5);
  });

  it.each([
    ["at once", 2],
    ["after many epochs", 1.05],
  ])("says in a sentence that it diverged %s, and keeps what was trained", async (_, learningRate) => {
    const plane = withDataset(DEFAULT_EXPERIMENT, "plane");
    await client.open({ ...plane, layers: [], optimizer: { name: "sgd", options: { learningRate } } });
    client.run();
    await expect.poll(() => client.failures.length).toBe(1);
    await sleep(50);
    const { hash, epoch, step, totalSteps } = client.frames.at(-1)!;
    expect(client.failures).toEqual([
      expect.stringMatching(/^Training diverged: .+ What was trained before stays\./),
    ]);
    expect(client.states).toEqual(["running", "paused"]);
    const network = await loadNetwork((await client.export("safetensors")).bytes);
    expect(hashParameters(network)).toBe(hash);
    expect(totalSteps).toBe(10 * epoch + step);
    expect(totalSteps).toBeGreaterThan(0);
    for (const { data } of Object.values(network.parameters[0]!))
      expect(data.every(Number.isFinite)).toBe(true);
  });
});

describe("a frame", () => {
  it("is made only after the one before was drawn, and the newest then", async () => {
    const slow = new Client(false);
    await slow.open(SPIRAL);
    await slow.frame();
    slow.run(500);
    await sleep(300);
    expect(slow.frames).toHaveLength(1);
    slow.drawn();
    const { epoch, curves } = await slow.frame();
    expect(epoch).toBe(500);
    expect(curves.epochs.at(-1)).toBe(500);
  });

  it("has the loss of each epoch once, and validation figures of the moment", async () => {
    await client.open(SPIRAL);
    for (const until of [1, 50, 51, 300]) await client.runTo(until);
    const epochs = client.frames.flatMap(({ curves }) => Array.from(curves.epochs));
    expect(epochs).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    const last = client.frames.at(-1)!;
    expect(last.metrics).toEqual({
      accuracy: expect.any(Number),
      validationAccuracy: expect.any(Number),
    });
    expect(last.curves.evaluatedEpochs).toEqual(Float64Array.of(300));
    expect(last.curves.validationLoss).toEqual(Float64Array.of(last.validationLoss));
  });

  it("has at most 512 points of a curve, the last epoch among them", async () => {
    const slow = new Client(false);
    const truth = withDataset(DEFAULT_EXPERIMENT, "truthTable");
    await slow.open({ ...truth, data: { ...truth.data, validation: 0 } });
    await slow.frame();
    slow.run(20_001);
    await sleep(500);
    slow.drawn();
    const { curves } = await slow.frame(({ epoch }) => epoch === 20_001);
    expect(curves.epochs.length).toBeGreaterThan(100);
    expect(curves.epochs.length).toBeLessThanOrEqual(512);
    expect(curves.epochs.at(-1)).toBe(20_001);
    expect(curves.loss).toHaveLength(curves.epochs.length);
  });

  it("has a surface whose cells are predictions at their middles, first the smallest y", async () => {
    await client.open(withDataset(DEFAULT_EXPERIMENT, "plane"));
    const { picture, metrics } = await client.runTo(200);
    const { validationR2 } = metrics;
    const { bounds, columns, rows, values, range } = picture as Surface;
    expect(validationR2).toBeGreaterThan(0.99);
    expect(bounds).toEqual({ x: [-1.2, 1.2], y: [-1.2, 1.2] });
    expect(range[0]).toBeLessThan(-0.7);
    const at = (column: number, row: number) => values[row * columns + column]!;
    const middle = (i: number, count: number) => -1.2 + (2.4 * (i + 0.5)) / count;
    for (const [column, row] of [
      [10, 20],
      [40, 15],
      [30, 50],
    ] as const) {
      expect(at(column, row)).toBeCloseTo((middle(column, columns) + middle(row, rows)) / 2, 1);
    }
  });

  it("has a curve for one input", async () => {
    await client.open(withDataset(DEFAULT_EXPERIMENT, "sine"));
    const { picture } = await client.runTo(1500);
    if (picture.kind !== "curve") throw new Error(picture.kind);
    expect(picture.x).toHaveLength(200);
    for (const i of [30, 70, 100, 130]) {
      expect(Math.abs(picture.y[i]! - Math.sin(2 * Math.PI * picture.x[i]!))).toBeLessThan(0.2);
    }
  });

  it("has a confusion matrix of the validation rows for digits", async () => {
    const digits = withDataset(DEFAULT_EXPERIMENT, "digits");
    expect(digits.loss.name).toBe("sparseCategoricalCrossentropy");
    const opened = await client.open(digits, DIGITS_FILE);
    expect(opened.classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(opened.notes).toContainEqual(expect.stringContaining("pixel_0_0"));
    const { picture, metrics } = await client.runTo(10);
    const { validationAccuracy } = metrics;
    if (picture.kind !== "confusion") throw new Error(picture.kind);
    expect(picture.of).toBe("validation");
    const diagonal = Array.from({ length: 10 }, (_, i) => picture.counts[11 * i]!);
    const right = diagonal.reduce((sum, count) => sum + count, 0);
    expect(picture.counts.reduce((sum, count) => sum + count, 0)).toBe(opened.validationRows);
    expect(right / opened.validationRows).toBe(validationAccuracy);
    expect(right / opened.validationRows).toBeGreaterThan(0.8);
  });

  it("has the activation of the unit that is hovered, which for the output unit is the prediction", async () => {
    await client.open(SPIRAL);
    await client.runTo(50);
    client.send({ kind: "hover", unit: { layer: 2, unit: 0 } });
    const output = await client.frame(({ unit }) => unit !== undefined);
    expect((output.unit!.picture as Surface).values).toEqual((output.picture as Surface).values);
    client.send({ kind: "hover", unit: { layer: 0, unit: 3 } });
    const hidden = await client.frame(({ unit }) => unit?.layer === 0);
    const { kernel, bias } = hidden.weights[0]!;
    const rows = (await client.open(SPIRAL)).rows!;
    for (const row of [0, 50, 199]) {
      const [x, y] = [rows.points[2 * row]!, rows.points[2 * row + 1]!];
      const expected = Math.tanh(x * kernel[3]! + y * kernel[11]! + bias[3]!);
      expect(hidden.unit!.rows[row]).toBeCloseTo(expected, 5);
    }
    client.send({ kind: "hover", unit: undefined });
    expect((await client.frame()).unit).toBeUndefined();
  });

  it("counts classes right for losses whose targets are −1 and 1", async () => {
    const { rows } = await client.open(withLoss(DEFAULT_EXPERIMENT, "hinge"));
    const { metrics, picture } = await client.runTo(1);
    const network = await loadNetwork((await client.export("safetensors")).bytes);
    const { data } = network.predict({ data: rows!.points, shape: [400, 2] });
    const right = data.filter(
      (output, row) => !rows!.isValidation[row] && Number(output > 0) === rows!.targets[row],
    );
    expect(metrics).toMatchObject({ accuracy: right.length / 320 });
    expect((picture as Surface).range).toEqual([-1, 1]);
  });
});

describe("what is taken away", () => {
  it("is the trained network in each format", async () => {
    await client.open(SPIRAL);
    const { hash, picture } = await client.runTo(100);
    const files = await Promise.all(
      (["safetensors", "onnx", "javascript", "c", "program"] as const).map((format) => client.export(format)),
    );
    const [safetensors, onnx, javascript, c, program] = files;
    expect(hashParameters(await loadNetwork(safetensors!.bytes))).toBe(hash);
    expect(hashParameters(await fromOnnx(onnx!.bytes, { loss: "sigmoidCrossentropy" }))).toBe(hash);
    const source = new TextDecoder().decode(javascript!.bytes);
    const { predict } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
    const { values, columns } = picture as Surface;
    const middle = -1.2 + 2.4 / columns / 2;
    expect(predict([middle, middle])[0]).toBeCloseTo(values[0]!, 5);
    expect(new TextDecoder().decode(c!.bytes)).toContain("PREDICT_INPUTS");
    expect(new TextDecoder().decode(program!.bytes)).toContain("epochs: 100");
    expect(files.map(({ name }) => name)).toEqual([
      ...["network.safetensors", "network.onnx", "predict.js", "predict.h", "train.mjs"],
    ]);
  });

  it("is of the moment while it trains, and within an epoch", async () => {
    await client.open(SPIRAL);
    client.run();
    const during = await loadNetwork((await client.export("safetensors")).bytes);
    expect(during.epoch).toBeGreaterThanOrEqual(0);
    client.send({ kind: "pause" });
    client.send({ kind: "step" });
    const { hash } = await client.frame(({ step }) => step === 1);
    const within = await loadNetwork((await client.export("safetensors")).bytes);
    expect(hashParameters(within)).toBe(hash);
  });
});

describe("a CSV file", () => {
  const csv = (text: string) => new TextEncoder().encode(text);
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i % 7},${i % 3 === 0 ? "" : i % 5},${i % 2 ? "yes" : "no"},${i * 1.5}`,
  );
  const file = csv(`a,b,answer,price\n${rows.join("\n")}\n`);

  async function ofFile(target: string, columns: readonly string[]): Promise<Experiment> {
    const info = await client.inspect(file);
    const { classes } = info.columns.find(({ name }) => name === target)!;
    return withDataset(DEFAULT_EXPERIMENT, "table", {
      file: "f.csv",
      hash: info.hash,
      target,
      columns,
      classes,
    });
  }

  it("is described by its columns, and by the classes that they have as targets", async () => {
    expect(await client.inspect(file)).toEqual({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      rows: 60,
      columns: [
        { name: "a", type: "number", distinct: 7, classes: 7 },
        { name: "b", type: "number", distinct: 5, classes: 5 },
        { name: "answer", type: "category", distinct: 2, classes: 2 },
        { name: "price", type: "number", distinct: 60, classes: 0 },
      ],
    });
  });

  it("is trained on, with notes about what was replaced", async () => {
    const opened = await client.open(await ofFile("answer", ["a", "b", "price"]), file);
    expect(opened.inputNames).toEqual(["a", "b", "b is missing", "price"]);
    expect(opened.classes).toEqual(["no", "yes"]);
    expect(opened.notes).toEqual([expect.stringContaining("The column b is missing in")]);
    const { picture } = await client.runTo(5);
    expect(picture).toMatchObject({ kind: "confusion" });
  });

  it("is trained on without the rows whose target is missing, with a note", async () => {
    const opened = await client.open(await ofFile("b", ["a", "answer"]), file);
    expect(opened.trainingRows + opened.validationRows).toBe(40);
    expect(opened.classes).toEqual(["0", "1", "2", "3", "4"]);
    expect(opened.notes).toEqual(["The target b is missing in 20 rows, which are left out."]);
  });

  it("whose target is missing in every row is refused in a sentence", async () => {
    const empty = csv("a,b\n1,\n2,\n");
    const { hash } = await client.inspect(empty);
    const table = { file: "f.csv", hash, target: "b", columns: ["a"], classes: 0 };
    await expect(client.open(withDataset(DEFAULT_EXPERIMENT, "table", table), empty)).rejects.toThrow(
      'The target "b" is missing in every row: choose another target.',
    );
  });

  it("gives predictions in the units of the file for a number", async () => {
    await client.open(await ofFile("price", ["a", "b"]), file);
    const { picture } = await client.runTo(5);
    if (picture.kind !== "scatter") throw new Error(picture.kind);
    expect(picture.range).toEqual([0, 88.5]);
    expect(Array.from(picture.targets).every((price) => price % 1.5 === 0)).toBe(true);
    const mean = picture.predictions.reduce((sum, value) => sum + value, 0) / picture.predictions.length;
    expect(mean).toBeGreaterThan(20);
    expect(mean).toBeLessThan(70);
  });

  it("that is bad is refused in a sentence, and what was trained stays", async () => {
    await client.open(SPIRAL);
    const { hash } = await client.runTo(5);
    const bad: [Uint8Array, RegExp][] = [
      [csv("a,b\n1,2\n3\n"), /^Line 3 has 1 cell; expected 2/],
      [csv(""), /./],
      [csv("a\n1\n2\n"), /^The file has one column; expected two or more/],
      [Uint8Array.of(0xff, 0xfe, 0x80, 0x81), /./],
    ];
    for (const [bytes, sentence] of bad) await expect(client.inspect(bytes)).rejects.toThrow(sentence);
    const experiment = await ofFile("answer", ["a"]);
    await expect(client.open(experiment, csv("a,answer\n1,yes\n2,no\n"))).rejects.toThrow(
      /^The file has the hash .+, but the experiment was made with f\.csv, whose hash is .+: choose that file\.$/,
    );
    await expect(client.open(experiment)).rejects.toThrow(
      "This experiment needs the file f.csv: choose it, or drop it here.",
    );
    expect(hashParameters(await loadNetwork((await client.export("safetensors")).bytes))).toBe(hash);
    const frames: readonly Frame[] = client.frames;
    expect(frames.at(-1)!.hash).toBe(hash);
  });

  it("of digits is the file that the page has", async () => {
    const { hash, rows, columns } = await client.inspect(DIGITS_FILE);
    expect([hash, rows]).toEqual([DIGITS.hash, 1797]);
    expect(columns.at(-1)).toEqual({
      name: DIGITS.target,
      type: "number",
      distinct: 10,
      classes: DIGITS.classes,
    });
    expect(DIGITS.columns).toEqual(columns.slice(0, -1).map(({ name }) => name));
  });
});
