// Learning-rate schedules in training.

import { describe, expect, it } from "vitest";
import {
  adam,
  constantRate,
  cosineDecay,
  cosineRestarts,
  createNetwork,
  type DType,
  dense,
  exponentialDecay,
  type FitOptions,
  type LearningRate,
  learningRateAt,
  multiStepDecay,
  type Network,
  oneCycle,
  polynomialDecay,
  reduceOnPlateau,
  sgd,
  stepDecay,
  warmup,
} from "../src/index.js";
import { initialPlateau, plateauAfter } from "../src/schedules/plateau.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";

const ROWS = 50;
const inputs = Array.from({ length: ROWS }, (_, row) => spread(3, -1, 1, row / 7));
const targets = inputs.map((row) => row[0]! * row[1]!);
const BATCHES = 4;
const FIT = { batchSize: 13 } satisfies FitOptions;

function create(learningRate: LearningRate): Promise<Network> {
  return createNetwork({
    inputs: 3,
    layers: [dense(5, "tanh"), dense(1)],
    loss: "meanSquaredError",
    optimizer: adam({ learningRate }),
    seed: 3,
  });
}

function bitsOfNetwork(network: Network): string {
  return bitsOf(valuesOf(network.parameters));
}

/** Trains `epochs` epochs, and sets the rate of each step by hand. */
async function trainByHand(
  rateOf: (step: number, epoch: number) => number,
  epochs: number,
  rates: number[] = [],
): Promise<string> {
  const network = await create(rateOf(0, 0));
  rates.push(rateOf(0, 0));
  let step = 0;
  await network.fit(inputs, targets, {
    ...FIT,
    epochs,
    onBatch() {
      step++;
      const rate = rateOf(step, Math.floor(step / BATCHES));
      rates.push(rate);
      network.setLearningRate(rate);
    },
  });
  return bitsOfNetwork(network);
}

const SCHEDULES: readonly (readonly [string, LearningRate])[] = [
  ["constantRate", constantRate({ learningRate: 0.03, factor: 0.1, steps: 7 })],
  ["stepDecay", stepDecay({ learningRate: 0.05, gamma: 0.5, epochs: 3 })],
  ["multiStepDecay", multiStepDecay({ learningRate: 0.05, steps: [5, 6, 30] })],
  ["exponentialDecay", exponentialDecay({ learningRate: 0.05, gamma: 0.8, epochs: 1 })],
  ["polynomialDecay", polynomialDecay({ learningRate: 0.05, power: 2, steps: 33 })],
  ["cosineDecay", cosineDecay({ learningRate: 0.05, steps: 25 })],
  ["cosineRestarts", cosineRestarts({ learningRate: 0.05, steps: 5, multiplier: 2 })],
  ["oneCycle", oneCycle({ learningRate: 0.05, epochs: 8 })],
  ["warmup", warmup(cosineDecay({ learningRate: 0.05, steps: 20 }), { steps: 10 })],
  ["a function", (step, epoch) => 0.05 / (1 + step + 10 * epoch)],
];

describe.each(SCHEDULES)("a fit with %s", (_, schedule) => {
  const epochs = 10;
  const rateOf = (step: number, epoch: number) => learningRateAt(schedule, step, epoch);

  it("has the bits of a fit whose rate is set before each step", async () => {
    const network = await create(schedule);
    network.fitSync(inputs, targets, { ...FIT, epochs });
    expect(bitsOfNetwork(network)).toBe(await trainByHand(rateOf, epochs));
  });

  it("has the bits of fits of one epoch each, and of a fit with a callback for each step", async () => {
    const network = await create(schedule);
    const { learningRate, loss } = network.fitSync(inputs, targets, { ...FIT, epochs });
    const single = await create(schedule);
    const histories = Array.from({ length: epochs }, () => single.fitSync(inputs, targets, FIT));
    expect(bitsOfNetwork(single)).toBe(bitsOfNetwork(network));
    expect(histories.flatMap((history) => history.learningRate)).toEqual(learningRate);
    expect(histories.flatMap((history) => history.loss)).toEqual(loss);
    const watched = await create(schedule);
    watched.fitSync(inputs, targets, { ...FIT, epochs, onBatch: () => {}, metrics: ["mae"] });
    expect(bitsOfNetwork(watched)).toBe(bitsOfNetwork(network));
  });

  it("reports the rate of the last step of each epoch, and of each step", async () => {
    const network = await create(schedule);
    const seen: number[] = [];
    const epochRates: number[] = [];
    const expected = Array.from({ length: epochs * BATCHES }, (_, step) =>
      rateOf(step, Math.floor(step / BATCHES)),
    );
    const { learningRate } = network.fitSync(inputs, targets, {
      ...FIT,
      epochs,
      onBatch: (info) => void seen.push(info.learningRate),
      onEpoch: (info) => void epochRates.push(info.learningRate),
    });
    expect(seen).toEqual(expected);
    const last = expected.filter((_, step) => step % BATCHES === BATCHES - 1);
    expect(learningRate).toEqual(last);
    expect(epochRates).toEqual(last);
    expect(network.learningRate).toBe(rateOf(epochs * BATCHES, epochs));
    const unwatched = await create(schedule);
    expect(unwatched.fitSync(inputs, targets, { ...FIT, epochs }).learningRate).toEqual(last);
  });
});

describe("a schedule", () => {
  it("gives thousands of steps in one call of the core their rates", async () => {
    const schedule = cosineDecay({ learningRate: 0.01, steps: 9000 });
    const network = await create(schedule);
    const epochs = 2500;
    const { learningRate } = network.fitSync(inputs, targets, { ...FIT, epochs });
    const expected = learningRate.map((_, epoch) => learningRateAt(schedule, (epoch + 1) * BATCHES - 1));
    expect(learningRate).toEqual(expected);
    const single = await create(schedule);
    for (let i = 0; i < 10; i++) single.fitSync(inputs, targets, { ...FIT, epochs: 250 });
    expect(bitsOfNetwork(single)).toBe(bitsOfNetwork(network));
  });

  it("does not depend on how a batch is divided into microbatches", async () => {
    const rows = 600;
    const many = Array.from({ length: rows }, (_, row) => spread(3, -1, 1, row / 7));
    const sums = many.map(([x]) => x!);
    const network = await create(cosineDecay({ learningRate: 0.05, steps: 30 }));
    const options = { batchSize: 300, epochs: 12 };
    const { learningRate } = network.fitSync(many, sums, options);
    expect(learningRate).toEqual(
      learningRate.map((_, epoch) =>
        learningRateAt(cosineDecay({ learningRate: 0.05, steps: 30 }), 2 * epoch + 1),
      ),
    );
    const measured = await create(cosineDecay({ learningRate: 0.05, steps: 30 }));
    // With metrics, the core is called once for each microbatch.
    measured.fitSync(many, sums, { ...options, metrics: ["mae"] });
    expect(bitsOfNetwork(measured)).toBe(bitsOfNetwork(network));
  });

  it("continues at the step of the optimizer after an aborted epoch", async () => {
    const schedule = cosineDecay({ learningRate: 0.05, steps: 40 });
    const network = await create(schedule);
    const seen: number[] = [];
    const fit = (stopAt: number) =>
      network.fitSync(inputs, targets, {
        ...FIT,
        epochs: 5,
        onBatch: ({ learningRate }) => seen.push(learningRate) !== stopAt,
      });
    fit(6);
    fit(20);
    expect(seen).toEqual(seen.map((_, step) => learningRateAt(schedule, step)));
    expect(seen.length).toBe(20);
  });

  it("is part of the steps of applyGradients", async () => {
    const layers = [dense(1, "linear", { useBias: false })];
    const optimizer = sgd({ learningRate: (step) => 2 ** -step });
    const network = await createNetwork({ inputs: 1, layers, loss: "meanSquaredError", optimizer });
    network.setParameters([{ kernel: [[0]] }]);
    for (let step = 0; step < 3; step++) {
      expect(network.learningRate).toBe(2 ** -step);
      network.applyGradients([{ kernel: [[-1]] }]);
    }
    expect(network.parameters[0]?.kernel.data[0]).toBe(1.75);
  });

  it("begins when it is set, and again with resetOptimizer", async () => {
    const network = await create(0.25);
    const seen: number[] = [];
    const onBatch = ({ learningRate }: { learningRate: number }) => void seen.push(learningRate);
    const fit = () => network.fitSync(inputs, targets, { ...FIT, epochs: 1, onBatch });
    const rate: LearningRate = (step, epoch) => 1 / (10 + step + 100 * epoch);
    const first = [0, 1, 2, 3].map((step) => rate(step, 0));
    fit();
    network.setLearningRate(rate);
    expect(network.optimizer.learningRate).toBe(rate);
    fit();
    network.setOptimizer(sgd({ learningRate: rate }));
    fit();
    fit();
    network.resetOptimizer();
    fit();
    network.setLearningRate(0.125);
    fit();
    const second = [4, 5, 6, 7].map((step) => rate(step, 1));
    const constant = (x: number) => [x, x, x, x];
    expect(seen).toEqual([constant(0.25), first, first, second, first, constant(0.125)].flat());
  });

  it("may be set within a fit", async () => {
    const network = await create(0.25);
    const seen: number[] = [];
    const rate: LearningRate = (step, epoch) => 1 / (10 + step + 100 * epoch);
    network.fitSync(inputs, targets, {
      ...FIT,
      epochs: 3,
      onBatch({ learningRate, epoch, batch }) {
        seen.push(learningRate);
        if (epoch === 1 && batch === 2) network.setLearningRate(rate);
        if (epoch === 3 && batch === 1) network.setOptimizer(sgd({ learningRate: 0.5 }));
        if (epoch === 3 && batch === 3) network.setLearningRate(0.0625);
      },
    });
    const epochs = [0, 0, 1, 1, 1, 1, 2];
    const scheduled = epochs.map((epoch, step) => rate(step, epoch));
    expect(seen).toEqual([0.25, 0.25, ...scheduled, 0.5, 0.5, 0.0625]);
  });

  it("that is a function is called once for each step, in order", async () => {
    const calls: (readonly [number, number])[] = [];
    const network = await create((step, epoch) => {
      calls.push([step, epoch]);
      return 0.01;
    });
    calls.length = 0;
    network.fitSync(inputs, targets, { ...FIT, epochs: 200 });
    expect(calls).toEqual(Array.from({ length: 800 }, (_, step) => [step, Math.floor(step / BATCHES)]));
  });

  it("that is a function ends the fit with its exception, or if it returns no rate", async () => {
    const thrown = new Error("mine");
    const network = await create((step) => {
      if (step === 600) throw thrown;
      return step < 300 ? 0.01 : 0.02;
    });
    expect(() => network.fitSync(inputs, targets, { ...FIT, epochs: 200 })).toThrow(thrown);
    expect(network.epoch).toBeGreaterThan(0);
    network.setLearningRate((step) => (step === 5 ? -1 : 0.01));
    const error = errorOf(() => network.fitSync(inputs, targets, { ...FIT, epochs: 2 }));
    expect(error.message).toBe(
      "learningRate is -1 after 5 steps and 1 epochs; expected a finite number of 0 or more.",
    );
    expect(errorOf(() => network.setLearningRate(() => Number.NaN)).code).toBe("invalidOption");
    expect(typeof network.optimizer.learningRate).toBe("function");
  });

  it("that is a function may dispose the network", async () => {
    const network = await create((step) => {
      if (step === 300) network.dispose();
      return 0.01;
    });
    expect(errorOf(() => network.fitSync(inputs, targets, { ...FIT, epochs: 200 })).code).toBe("disposed");
  });

  it("is checked with the optimizer", () => {
    expect(errorOf(() => adam({ learningRate: {} as never })).message).toMatch(
      /^learningRate\.kind is undefined; expected one of "constant",/,
    );
    expect(errorOf(() => adam({ learningRate: null as never })).message).toBe(
      "learningRate is null; expected a finite number of 0 or more.",
    );
    expect(errorOf(() => adam({ learningRate: () => -1 as never, beta1: 2 })).message).toMatch(/^beta1 is 2/);
  });
});

describe("reduceOnPlateau", () => {
  const options = { learningRate: 0.5, factor: 0.5, patience: 1, monitor: "loss" } as const;

  it.each([["loss"], ["validationLoss"], ["mae"], ["validationMae"], ["validationR2"]])(
    "follows %s, in one fit as in fits of one epoch",
    async (monitor) => {
      const plateau = reduceOnPlateau({ ...options, patience: 0, monitor });
      const fit = { ...FIT, metrics: ["mae", "r2"], validationSplit: 0.3 } as const;
      const network = await create(plateau);
      const history = network.fitSync(inputs, targets, { ...fit, epochs: 30 });
      let state = initialPlateau(plateau);
      const rates: number[] = [];
      const values = (history as unknown as Record<string, number[]>)[monitor]!;
      for (const value of values) {
        rates.push(state.learningRate);
        state = plateauAfter(plateau, monitor === "validationR2" ? "max" : "min", state, value);
      }
      expect(history.learningRate).toEqual(rates);
      expect(new Set(rates).size).toBeGreaterThan(2);
      const single = await create(plateau);
      const fits = Array.from({ length: 30 }, () => single.fitSync(inputs, targets, fit));
      expect(fits.flatMap(({ learningRate }) => learningRate)).toEqual(rates);
      expect(bitsOfNetwork(single)).toBe(bitsOfNetwork(network));
    },
  );

  it("needs no other option that watches epochs, and may come after a warm-up", async () => {
    const network = await create(warmup(reduceOnPlateau(options), { epochs: 2, startFactor: 0.5 }));
    const { learningRate } = network.fitSync(inputs, targets, { ...FIT, epochs: 40 });
    expect(learningRate.slice(0, 2)).toEqual([0.25, 0.375]);
    expect(new Set(learningRate).size).toBeGreaterThan(4);
  });

  it("follows validationLoss by default, and without validation the loss", async () => {
    const plateau = reduceOnPlateau({ learningRate: 0.5, factor: 0.5, patience: 0 });
    const network = await create(plateau);
    const rates = network.fitSync(inputs, targets, { ...FIT, epochs: 9, validationSplit: 0.3 }).learningRate;
    const named = await create({ ...plateau, monitor: "validationLoss" });
    expect(named.fitSync(inputs, targets, { ...FIT, epochs: 9, validationSplit: 0.3 }).learningRate).toEqual(
      rates,
    );
    const plain = await create(plateau);
    const loss = await create({ ...plateau, monitor: "loss" });
    const fit = { ...FIT, epochs: 9 };
    expect(plain.fitSync(inputs, targets, fit).learningRate).toEqual(
      loss.fitSync(inputs, targets, fit).learningRate,
    );
  });

  it("is refused if the fit has no such figure", async () => {
    const network = await create(reduceOnPlateau({ ...options, monitor: "validationLoss" }));
    expect(errorOf(() => network.fitSync(inputs, targets, FIT)).message).toBe(
      'optimizer.learningRate.monitor is "validationLoss"; expected one of "loss".',
    );
    network.setLearningRate(0.1);
    const fit = () =>
      network.fitSync(inputs, targets, {
        ...FIT,
        epochs: 3,
        onEpoch: () => network.setLearningRate(reduceOnPlateau({ ...options, monitor: "f1" })),
      });
    expect(errorOf(fit).code).toBe("unknownName");
  });

  it("restarts with resetOptimizer", async () => {
    const network = await create(reduceOnPlateau({ ...options, patience: 0 }));
    network.fitSync(inputs, targets, { ...FIT, epochs: 30 });
    expect(network.learningRate).toBeLessThan(0.5);
    network.resetOptimizer();
    expect(network.learningRate).toBe(0.5);
  });
});

describe("a computed learning rate that the dtype does not hold", () => {
  const create = (learningRate: LearningRate, dtype: DType = "float32") =>
    createNetwork({
      inputs: 1,
      layers: [dense(1)],
      loss: "meanSquaredError",
      dtype,
      optimizer: sgd({ learningRate }),
    });

  it.each([
    [
      "a function",
      (step: number) => (step < 2 ? 0.1 : 1e39),
      "1e+39 after 2 steps and 2 epochs, which is too large",
    ],
    [
      "a function",
      (step: number) => (step < 2 ? 0.1 : 1e-50),
      "1e-50 after 2 steps and 2 epochs, which is too small",
    ],
    [
      "a schedule",
      exponentialDecay({ learningRate: 0.1, gamma: 1e80, epochs: 4 }),
      "after 2 steps and 2 epochs, which is too large",
    ],
  ])("is refused before the step: %s", async (_, learningRate, message) => {
    const network = await create(learningRate);
    const steps = () => network.fitSync([[0]], [0], { epochs: 5, onEpoch: () => {} });
    expect(steps).toThrow(
      expect.objectContaining({ code: "invalidOption", message: expect.stringContaining(message) }),
    );
    network.dispose();
    const wide = await create(learningRate, "float64");
    expect(() => wide.fitSync([[0]], [0], { epochs: 3 })).not.toThrow();
    wide.dispose();
  });

  it("is refused in partialFit, at creation, and by setLearningRate", async () => {
    const refused = expect.objectContaining({ message: expect.stringContaining("too large for float32") });
    const network = await create((step) => (step === 0 ? 0.1 : 1e39));
    network.partialFit([[0]], [0]);
    expect(() => network.partialFit([[0]], [0])).toThrow(refused);
    expect(() => network.setLearningRate(() => 1e39)).toThrow(refused);
    await expect(create(() => 1e39)).rejects.toEqual(refused);
    network.dispose();
  });

  it("may decay to 0", async () => {
    const network = await create(exponentialDecay({ learningRate: 0.1, gamma: 1e-30, epochs: 4 }));
    expect(() => network.fitSync([[0]], [0], { epochs: 6 })).not.toThrow();
    network.dispose();
  });
});
