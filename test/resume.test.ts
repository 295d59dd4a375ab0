import { describe, expect, it } from "vitest";
import {
  type AsyncFitOptions,
  adam,
  batchNorm,
  createNetwork,
  dense,
  dropout,
  type History,
  type Layer,
  loadNetwork,
  type Network,
  reduceOnPlateau,
} from "../src/index.js";
import { rejectionOf } from "./support/errorOf.js";
import { bitsOf, spread } from "./support/floats.js";
import { statisticsOf, valuesOf } from "./support/parameters.js";

type AnyNetwork = Network<readonly Layer[]>;

const EPOCHS = 10;
const ROWS = 60;
const inputs = { data: spread(ROWS * 3), shape: [ROWS, 3] };
const targets = { data: spread(ROWS, -1, 1, 0.3), shape: [ROWS, 1] };

/** Everything that could differ after an interruption. */
const OPTIONS = {
  epochs: EPOCHS,
  batchSize: 16,
  validationSplit: 0.25,
  metrics: ["mae"],
  earlyStopping: { patience: 3 },
} as const satisfies AsyncFitOptions;

function create(): Promise<AnyNetwork> {
  return createNetwork<readonly Layer[]>({
    inputs: 3,
    layers: [dense(6, "relu"), batchNorm(), dropout(0.2), dense(1)],
    loss: "meanSquaredError",
    optimizer: adam({ learningRate: reduceOnPlateau({ learningRate: 0.01, patience: 1 }), ema: 0.9 }),
    seed: 5,
  });
}

/** The bits of all that training changes, and of all figures but the times. */
function bitsAfter(network: AnyNetwork, { milliseconds, ...history }: History): string {
  const { parameters, averagedParameters, buffers, epoch } = network;
  const values = [valuesOf(parameters), valuesOf(averagedParameters), statisticsOf(buffers)].map(bitsOf);
  return JSON.stringify([...values, epoch, history, milliseconds.length]);
}

const whole = await create();
const wholeHistory = await whole.fit(inputs, targets, OPTIONS);
const WHOLE = bitsAfter(whole, wholeHistory);
const DONE = wholeHistory.loss.length;

describe("a fit that is resumed", () => {
  it.each(Array.from({ length: DONE }, (_, i) => i + 1))(
    "equals one without interruption: stopped after epoch %i",
    async (stop) => {
      const network = await create();
      await network.fit(inputs, targets, { ...OPTIONS, onEpoch: ({ epoch }) => epoch < stop });
      const history = await network.fit(inputs, targets, { ...OPTIONS, resume: true });
      expect(bitsAfter(network, { ...history, stopped: wholeHistory.stopped })).toBe(WHOLE);
    },
  );

  it.each([1, 3])("equals it after saving and loading, with %i threads", async (threads) => {
    const network = await create();
    await network.fit(inputs, targets, { ...OPTIONS, onEpoch: ({ epoch }) => epoch < 2 });
    const loaded = await loadNetwork(network.save(), { threads });
    expect(bitsAfter(loaded, await loaded.fit(inputs, targets, { ...OPTIONS, resume: true }))).toBe(WHOLE);
    loaded.dispose();
  });

  it("equals it after a checkpoint of each epoch", async () => {
    const files: Uint8Array[] = [];
    const checkpoint = { save: (file: Uint8Array) => void files.push(file) };
    await (await create()).fit(inputs, targets, { ...OPTIONS, checkpoint });
    expect(files).toHaveLength(DONE);
    for (const file of files) {
      const loaded = await loadNetwork(file);
      expect(bitsAfter(loaded, loaded.fitSync(inputs, targets, { ...OPTIONS, resume: true }))).toBe(WHOLE);
    }
  });

  it("equals it after an abort at the end of an epoch", async () => {
    const network = await create();
    const controller = new AbortController();
    const onEpoch = ({ epoch }: { epoch: number }) => {
      if (epoch === 2) controller.abort();
    };
    const { signal } = controller;
    const error = await rejectionOf(network.fit(inputs, targets, { ...OPTIONS, signal, onEpoch }));
    expect(error.code).toBe("aborted");
    const history = await network.fit(inputs, targets, { ...OPTIONS, resume: true });
    expect(bitsAfter(network, history)).toBe(WHOLE);
  });

  it("may have more epochs than the first", async () => {
    const { earlyStopping, ...options } = OPTIONS;
    const [network, other] = [await create(), await create()];
    await network.fit(inputs, targets, { ...options, epochs: 4 });
    const history = await network.fit(inputs, targets, { ...options, resume: true });
    expect(bitsAfter(network, history)).toBe(bitsAfter(other, await other.fit(inputs, targets, options)));
  });

  it("reads a stream from the beginning of the next epoch", async () => {
    const stream = async function* () {
      for (let row = 0; row < 40; row += 20) {
        const rows = (data: readonly number[], width: number) => ({
          data: data.slice(row * width, (row + 20) * width),
          shape: [20, width],
        });
        yield { inputs: rows(inputs.data, 3), targets: rows(targets.data, 1) };
      }
    };
    const [network, other] = [await create(), await create()];
    await network.fit(stream, { epochs: 5, onEpoch: ({ epoch }) => epoch < 2 });
    const loaded = await loadNetwork(network.save());
    const history = await loaded.fit(stream, { epochs: 5, resume: true });
    expect(bitsAfter(loaded, history)).toBe(bitsAfter(other, await other.fit(stream, { epochs: 5 })));
  });
});

describe("resume", () => {
  const stoppedAfter = async (stop: number, options: AsyncFitOptions = OPTIONS) => {
    const network = await create();
    await network.fit(inputs, targets, { ...options, onEpoch: ({ epoch }) => epoch < stop });
    return network;
  };
  const resumed = (network: AnyNetwork, options: AsyncFitOptions) =>
    rejectionOf(network.fit(inputs, targets, { ...OPTIONS, ...options, resume: true }));

  it("is refused without a fit to resume", async () => {
    const error = await resumed(await create(), {});
    expect(error.code).toBe("invalidOption");
    expect(error.message).toMatch(/^resume is true, but the network has no fit to resume/);
  });

  it.each([
    ["epochs is 1, and the fit has finished 2", { epochs: 1 }],
    ["the fit was validated", { validationSplit: undefined, earlyStopping: undefined }],
    ['the figures of the fit were "validationLoss", "mae", "validationMae"', { metrics: ["rmse"] }],
    ['the fit monitored "validationLoss"', { earlyStopping: { monitor: "loss" } }],
  ] satisfies [string, AsyncFitOptions][])("is refused with other options: %s", async (message, options) => {
    const error = await resumed(await stoppedAfter(2), options);
    expect(error.code).toBe("invalidOption");
    expect(error.message).toContain(message);
  });

  it.each<[string, (network: AnyNetwork) => unknown]>([
    ["partialFit", (network) => network.partialFit(inputs, targets)],
    ["setParameters", (network) => network.setParameters(network.parameters)],
    ["applyGradients", (network) => network.applyGradients(network.gradients(inputs, targets).layers)],
    [
      "a fit that stopped within an epoch",
      async (network) => {
        const stop = { ...OPTIONS, earlyStopping: undefined, onBatch: () => false };
        await network.fit(inputs, targets, stop);
      },
    ],
  ])("is refused after %s", async (_, change) => {
    const network = await stoppedAfter(2);
    await change(network);
    expect(network.history).toBeUndefined();
    expect((await resumed(network, {})).message).toMatch(/no fit to resume/);
  });

  it("is refused with restoreBest if the fit kept no best parameters", async () => {
    const network = await stoppedAfter(2, { ...OPTIONS, earlyStopping: { patience: 3, restoreBest: false } });
    expect((await resumed(network, {})).message).toContain("the fit kept no best parameters");
  });

  it("does not read the history that the fit returned", async () => {
    const network = await create();
    const { loss } = await network.fit(inputs, targets, { ...OPTIONS, onEpoch: ({ epoch }) => epoch < 2 });
    (loss as number[]).length = 0;
    expect(network.history!.loss).toHaveLength(2);
    const history = await network.fit(inputs, targets, { ...OPTIONS, resume: true });
    expect(bitsAfter(network, history)).toBe(WHOLE);
  });

  it("leaves the fit that can be resumed alone when it is refused", async () => {
    const network = await stoppedAfter(2);
    await resumed(network, { epochs: 1 });
    const history = await network.fit(inputs, targets, { ...OPTIONS, resume: true });
    expect(bitsAfter(network, history)).toBe(WHOLE);
  });

  it("keeps the warnings of the first part, and adds none of them twice", async () => {
    const scales = { data: inputs.data.map((x, i) => (i % 3 === 0 ? 1e6 * x : x)), shape: inputs.shape };
    const network = await create();
    await network.fit(scales, targets, { epochs: 4, onEpoch: ({ epoch }) => epoch < 2 });
    const { warnings } = await network.fit(scales, targets, { epochs: 4, resume: true });
    expect(warnings.map(({ kind }) => kind)).toEqual(["inputScales"]);
  });
});

describe("a checkpoint", () => {
  it("is made every so many epochs, and after the last", async () => {
    const epochs: number[] = [];
    const network = await create();
    const checkpoint = { everyEpochs: 4, save: () => void epochs.push(network.epoch) };
    await network.fit(inputs, targets, { epochs: 10, checkpoint });
    expect(epochs).toEqual([4, 8, 10]);
  });

  it("is awaited", async () => {
    let isSaved = false;
    const save = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      isSaved = true;
    };
    await (await create()).fit(inputs, targets, { checkpoint: { save } });
    expect(isSaved).toBe(true);
  });

  it("ends the fit with its exception, and the network keeps what was trained", async () => {
    const network = await create();
    const failure = new Error("disk full");
    const save = () => Promise.reject(failure);
    await expect(network.fit(inputs, targets, { epochs: 3, checkpoint: { save } })).rejects.toBe(failure);
    expect(network.epoch).toBe(1);
  });

  it("is refused if it returns a promise to fitSync", async () => {
    const network = await create();
    const checkpoint = { save: async () => {} };
    expect(() => network.fitSync(inputs, targets, { checkpoint })).toThrow(/checkpoint returned a promise/);
  });

  it("does not end the fit if it returns false", async () => {
    const { loss } = await (await create()).fit(inputs, targets, {
      epochs: 3,
      checkpoint: { save: () => false },
    });
    expect(loss).toHaveLength(3);
  });

  it("has the history so far, as interrupted", async () => {
    const files: Uint8Array[] = [];
    const checkpoint = { everyEpochs: 2, save: (file: Uint8Array) => void files.push(file) };
    await (await create()).fit(inputs, targets, { epochs: 3, checkpoint });
    const { history } = await loadNetwork(files[0]!);
    expect(history).toMatchObject({ stopped: "interrupted", loss: [expect.any(Number), expect.any(Number)] });
  });

  it.each([
    [{ checkpoint: 5 }, /checkpoint is given 5/],
    [{ checkpoint: {} }, /checkpoint\.save is undefined; expected a function/],
    [
      { checkpoint: { save: () => {}, everyEpochs: 0 } },
      /checkpoint\.everyEpochs is 0; expected a positive integer/,
    ],
    [{ resume: 1 }, /resume is 1; expected a boolean/],
  ])("options are checked: %j", async (options, message) => {
    const error = await rejectionOf((await create()).fit(inputs, targets, options as AsyncFitOptions));
    expect(error.message).toMatch(message);
  });
});
