// Fits that were interrupted, and resumed from a file.

import { describe, expect, it } from "vitest";
import {
  createNetwork,
  dense,
  type History,
  type Layer,
  loadNetwork,
  type Network,
  sgd,
} from "../src/index.js";

type AnyNetwork = Network<readonly Layer[]>;

const INPUTS = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const TARGETS = INPUTS.map(([x = 0, y = 0]) => x * y - 3);

const create = (seed: number, learningRate: number): Promise<AnyNetwork> =>
  createNetwork<readonly Layer[]>({
    inputs: 2,
    layers: [dense(2, "relu"), dense(1)],
    loss: "meanSquaredError",
    optimizer: sgd({ learningRate }),
    seed,
  });

describe("the warnings of a resumed fit", () => {
  const train = (network: AnyNetwork, options = {}): Promise<History> =>
    network.fit(INPUTS, TARGETS, { epochs: 14, batchSize: 8, onEpoch: () => {}, ...options });

  /** Its first layer dies after epoch 8. Fits look for that after 1, 2, 4, 8, … epochs and at their end. */
  const createDying = () => create(158, 0.02 + 8 / 60);

  it("are those of a fit without interruption, after an abort at the end of any epoch", async () => {
    const { warnings } = await train(await createDying());
    expect(warnings).toMatchObject([{ kind: "deadLayer", epoch: 13 }]);
    for (let end = 1; end < 14; end++) {
      const network = await createDying();
      const controller = new AbortController();
      const onEpoch = ({ epoch = 0 }) => {
        if (epoch === end) controller.abort();
      };
      await train(network, { signal: controller.signal, onEpoch }).catch(() => {});
      const loaded = await loadNetwork(network.save());
      expect(loaded.epoch).toBe(end);
      expect(loaded.history?.warnings).toEqual(network.history?.warnings);
      expect((await train(loaded, { resume: true })).warnings).toEqual(warnings);
    }
  });

  it("are those of a fit without interruption, from the checkpoint of any epoch", async () => {
    const files: Uint8Array[] = [];
    const { warnings } = await train(await createDying(), {
      checkpoint: { save: (file: Uint8Array) => files.push(file) },
    });
    expect(warnings).toMatchObject([{ kind: "deadLayer", epoch: 13 }]);
    expect(files.length).toBe(14);
    for (const file of files) {
      const loaded = await loadNetwork(file);
      expect((await train(loaded, { resume: true })).warnings).toEqual(warnings);
    }
  });

  it("say once that the loss was constant", async () => {
    const network = await create(1, 0);
    await network.fit(INPUTS, TARGETS, { epochs: 20 });
    expect(network.history?.warnings).toMatchObject([{ kind: "constantLoss", epoch: 19 }]);
    const { warnings } = await network.fit(INPUTS, TARGETS, { epochs: 30, resume: true });
    expect(warnings).toMatchObject([{ kind: "constantLoss", epoch: 29 }]);
  });
});

describe("resume refuses conditions that would give other bits than the fit without interruption", () => {
  type Rows = readonly (readonly number[])[];
  interface Given {
    readonly inputs?: Rows;
    readonly targets?: readonly number[];
    readonly options?: object;
  }
  const weights = (of: number) => Array.from({ length: 40 }, (_, i) => 1 + ((i * of) % 3));
  const plus = (rows: readonly number[], index: number) => rows.map((y, i) => (i === index ? y + 1e-3 : y));

  const fit = (network: AnyNetwork, { inputs = INPUTS, targets = TARGETS, options = {} }: Given) =>
    network.fit(inputs, targets, { epochs: 4, batchSize: 8, ...options });

  /** What the interrupted fit is given, what the resumed one is given instead, and the message. */
  const REFUSED: readonly (readonly [string, Given, Given, string])[] = [
    ["batchSize", {}, { options: { batchSize: 4 } }, "another batchSize: 8 instead of 4"],
    ["shuffle", {}, { options: { shuffle: false } }, "another shuffle: true instead of false"],
    [
      "the number of rows",
      {},
      { inputs: INPUTS.slice(1), targets: TARGETS.slice(1) },
      "another number of rows: 40 instead of 39",
    ],
    ["one input", {}, { inputs: INPUTS.map((row, i) => plus(row, i === 39 ? 1 : -1)) }, "other inputs"],
    ["one target", {}, { targets: plus(TARGETS, 17) }, "other targets"],
    ["the order of rows", {}, { inputs: INPUTS.toReversed() }, "other inputs"],
    [
      "no sampleWeights",
      { options: { sampleWeights: weights(1) } },
      {},
      "other sampleWeights or classWeights",
    ],
    [
      "other sampleWeights",
      { options: { sampleWeights: weights(1) } },
      { options: { sampleWeights: weights(2) } },
      "other sampleWeights or classWeights",
    ],
    [
      "another validationSplit",
      { options: { validationSplit: 0.2 } },
      { options: { validationSplit: 0.1 } },
      "another number of rows: 32 instead of 36",
    ],
    [
      "other validationData",
      { options: { validationData: [INPUTS, TARGETS] } },
      { options: { validationData: [INPUTS, plus(TARGETS, 3)] } },
      "other targets to validate on",
    ],
  ];

  it.each(REFUSED)("%s", async (_, before, now, message) => {
    const network = await create(1, 0.01);
    const onEpoch = ({ epoch = 0 }) => epoch < 2;
    await fit(network, { ...before, options: { ...before.options, onEpoch } });
    const loaded = await loadNetwork(network.save());
    const again: Given = {
      ...before,
      ...now,
      options: { ...(now.options ?? (now.inputs ? before.options : {})) },
    };
    for (const each of [network, loaded]) {
      const refused = fit(each, { ...again, options: { ...again.options, resume: true } });
      await expect(refused).rejects.toMatchObject({
        code: "invalidOption",
        message: `resume is true, but the fit had ${message}. Give the same, or begin a new fit without resume.`,
      });
      // The fit is not lost: it can still be resumed.
      const { loss } = await fit(each, { ...before, options: { ...before.options, resume: true } });
      expect(loss.length).toBe(4);
    }
  });

  it("class weights", async () => {
    const network = await createNetwork({
      inputs: 2,
      layers: [dense(1, "sigmoid")],
      loss: "binaryCrossentropy",
      seed: 1,
    });
    const labels = INPUTS.map((_, i) => i % 2);
    const train = (classWeights: object | undefined, options: object) =>
      network.fit(INPUTS, labels, { epochs: 4, classWeights: classWeights as never, ...options });
    await train({ 0: 1, 1: 2 }, { onEpoch: () => false });
    await expect(train({ 0: 1, 1: 3 }, { resume: true })).rejects.toThrow(
      "other sampleWeights or classWeights",
    );
    await expect(train(undefined, { resume: true })).rejects.toThrow("other sampleWeights or classWeights");
    expect((await train({ 0: 1, 1: 2 }, { resume: true })).loss.length).toBe(4);
  });

  it("rows instead of a stream, but not a stream whose items come in another order", async () => {
    const network = await create(1, 0.01);
    const parts = [0, 20].map((begin) => ({
      inputs: INPUTS.slice(begin, begin + 20),
      targets: TARGETS.slice(begin, begin + 20),
    }));
    await network.fit(() => parts, { epochs: 3, onEpoch: () => false });
    await expect(network.fit(INPUTS, TARGETS, { epochs: 3, resume: true })).rejects.toThrow(
      "another number of rows.",
    );
    const { loss } = await network.fit(() => parts.toReversed(), { epochs: 3, resume: true });
    expect(loss.length).toBe(3);
  });

  it("but not the same numbers in other arrays, or a batchSize of more rows than there are", async () => {
    const network = await create(1, 0.01);
    const options = { epochs: 3, batchSize: 64 };
    await network.fit(INPUTS, TARGETS, { ...options, onEpoch: () => false });
    const dataset = await network.createDataset(
      INPUTS.map((row) => Float64Array.from(row)),
      TARGETS,
    );
    const { loss } = await network.fit(dataset, { ...options, batchSize: 40, resume: true });
    expect(loss.length).toBe(3);
  });
});

it("a fit that ends by maxSeconds after an epoch makes a checkpoint of that epoch", async () => {
  const network = await create(1, 0.01);
  const epochs: number[] = [];
  const { stopped, loss } = await network.fit(INPUTS, TARGETS, {
    epochs: 1000,
    maxSeconds: 0.05,
    onEpoch: async ({ epoch }) => {
      if (epoch === 3) await new Promise((resolve) => setTimeout(resolve, 60));
    },
    checkpoint: {
      everyEpochs: 1000,
      save: async (file) => {
        epochs.push((await loadNetwork(file)).epoch);
      },
    },
  });
  expect(stopped).toBe("maxSeconds");
  expect(epochs).toEqual([loss.length]);
});

it("loadNetwork reads a Buffer that is a part of another one, and does not change it", async () => {
  const network = await create(1, 0.01);
  await network.fit(INPUTS, TARGETS, { epochs: 2 });
  const file = network.save();
  const buffer = Buffer.concat([Buffer.from("abc"), file, Buffer.from("xyz")]).subarray(3, -3);
  const loaded = await loadNetwork(buffer);
  expect(JSON.stringify(loaded.parameters)).toBe(JSON.stringify(network.parameters));
  expect(Buffer.compare(buffer, file)).toBe(0);
});
