import { describe, expect, it } from "vitest";
import { type AsyncFitOptions, adam, type BatchInfo, type EpochInfo, sgd } from "../src/index.js";
import { createClassifier, points } from "./support/classifier.js";
import { errorOf } from "./support/errorOf.js";
import { bitsOf } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";

const { inputs, targets } = points(50);

const aTask = () => new Promise((resolve) => setTimeout(resolve));

describe("onEpoch", () => {
  it("is called after each epoch with its figures, and network.epoch counts the epochs of all fits", async () => {
    const network = await createClassifier();
    network.fitSync(inputs, targets, { epochs: 2 });
    for (const fit of ["fit", "fitSync"] as const) {
      const before = network.epoch;
      const infos: EpochInfo<"accuracy">[] = [];
      const options: AsyncFitOptions<readonly ["accuracy"]> = {
        epochs: 4,
        validationSplit: 0.5,
        metrics: ["accuracy"],
        onEpoch: (info) => {
          infos.push(info);
          expect(network.epoch).toBe(before + info.epoch);
        },
      };
      const history =
        fit === "fit"
          ? await network.fit(inputs, targets, options)
          : network.fitSync(inputs, targets, options);
      expect(infos).toEqual(
        [0, 1, 2, 3].map((i) => ({
          epoch: i + 1,
          epochs: 4,
          loss: history.loss[i],
          validationLoss: history.validationLoss[i],
          accuracy: history.accuracy[i],
          validationAccuracy: history.validationAccuracy[i],
          learningRate: 0.05,
          milliseconds: history.milliseconds[i],
        })),
      );
      expect(network.epoch).toBe(before + 4);
    }
    network.dispose();
  });

  it("ends the fit by returning false, or a promise of false", async () => {
    const network = await createClassifier();
    for (const onEpoch of [
      ({ epoch }: EpochInfo) => epoch < 3,
      async ({ epoch }: EpochInfo) => {
        await aTask();
        return epoch < 3;
      },
    ]) {
      const { stopped, loss } = await network.fit(inputs, targets, { epochs: 10, onEpoch });
      expect([stopped, loss.length]).toEqual(["callback", 3]);
    }
    const others = [undefined, 0, null, "", true, {}];
    const history = network.fitSync(inputs, targets, {
      epochs: 6,
      onEpoch: ({ epoch }) => others[epoch - 1],
    });
    expect([history.stopped, history.loss.length]).toEqual(["epochs", 6]);
    network.dispose();
  });

  it("is waited for by fit", async () => {
    const network = await createClassifier();
    const events: string[] = [];
    await network.fit(inputs, targets, {
      epochs: 3,
      onEpoch: async ({ epoch }) => {
        events.push(`begin ${epoch}`);
        await aTask();
        expect(network.epoch).toBe(epoch);
        events.push(`end ${epoch}`);
      },
    });
    expect(events).toEqual([1, 2, 3].flatMap((epoch) => [`begin ${epoch}`, `end ${epoch}`]));
    network.dispose();
  });

  it("ends the fit with the exception that it throws or rejects with", async () => {
    const network = await createClassifier();
    const reason = new Error("from within");
    const throws = ({ epoch }: EpochInfo) => {
      if (epoch === 2) throw reason;
    };
    expect(() => network.fitSync(inputs, targets, { epochs: 9, onEpoch: throws })).toThrow(reason);
    expect(network.epoch).toBe(2);
    await expect(network.fit(inputs, targets, { epochs: 9, onEpoch: throws })).rejects.toBe(reason);
    const rejects = async (info: EpochInfo) => throws(info);
    await expect(network.fit(inputs, targets, { epochs: 9, onEpoch: rejects })).rejects.toBe(reason);
    expect(network.epoch).toBe(6);
    network.dispose();
  });

  it("may predict, evaluate, and set the learning rate and the optimizer", async () => {
    const network = await createClassifier();
    const twin = await createClassifier();
    network.fitSync(inputs, targets, {
      epochs: 6,
      batchSize: 7,
      onEpoch: ({ epoch }) => {
        expect(network.evaluate(inputs, targets).loss).toBeGreaterThan(0);
        network.predict(inputs);
        if (epoch === 2) network.setLearningRate(0.01);
        if (epoch === 4) network.setOptimizer(sgd({ learningRate: 0.3, momentum: 0.5 }));
      },
    });
    twin.fitSync(inputs, targets, { epochs: 2, batchSize: 7 });
    twin.setLearningRate(0.01);
    twin.fitSync(inputs, targets, { epochs: 2, batchSize: 7 });
    twin.setOptimizer(sgd({ learningRate: 0.3, momentum: 0.5 }));
    twin.fitSync(inputs, targets, { epochs: 2, batchSize: 7 });
    expect(bitsOf(valuesOf(network.parameters))).toBe(bitsOf(valuesOf(twin.parameters)));
    for (const each of [network, twin]) each.dispose();
  });

  it("may not begin another fit, nor dispose the network and go on", async () => {
    const network = await createClassifier();
    const again = () => network.fitSync(inputs, targets);
    expect(errorOf(() => network.fitSync(inputs, targets, { onEpoch: again })).code).toBe("busy");
    const onEpoch = () => network.dispose();
    expect(errorOf(() => network.fitSync(inputs, targets, { epochs: 3, onEpoch })).code).toBe("disposed");
  });
});

describe("onBatch", () => {
  it("is called after each step with the loss of its batch", async () => {
    const network = await createClassifier({ optimizer: sgd({ learningRate: 0.1 }) });
    const twin = await createClassifier({ optimizer: sgd({ learningRate: 0.1 }) });
    const infos: BatchInfo[] = [];
    const options = { epochs: 2, batchSize: 20, shuffle: false };
    const { loss } = network.fitSync(inputs, targets, {
      ...options,
      onBatch: (info) => {
        infos.push(info);
        expect(network.epoch).toBe(info.batch === 3 ? info.epoch : info.epoch - 1);
      },
    });
    const expected = [0, 1].flatMap((epoch) =>
      [0, 20, 40].map((begin, i) => {
        const rows = [inputs.slice(begin, begin + 20), targets.slice(begin, begin + 20)] as const;
        const batchLoss = twin.evaluate(...rows).loss;
        twin.fitSync(...rows, { batchSize: 20 });
        return { epoch: epoch + 1, epochs: 2, batch: i + 1, batches: 3, loss: batchLoss, learningRate: 0.1 };
      }),
    );
    expect(infos).toEqual(expected.map((info) => ({ ...info, loss: expect.closeTo(info.loss, 12) })));
    const [a, b, c] = infos;
    expect(0.4 * a!.loss + 0.4 * b!.loss + 0.2 * c!.loss).toBeCloseTo(loss[0]!, 12);
    expect(bitsOf(valuesOf(network.parameters))).toBe(bitsOf(valuesOf(twin.parameters)));
    for (const each of [network, twin]) each.dispose();
  });

  it.each([1, 7, 50])("does not change the bits by predicting, batches of %i", async (batchSize) => {
    for (const optimizer of [sgd({ learningRate: 0.1 }), adam()]) {
      const [watched, plain] = [await createClassifier({ optimizer }), await createClassifier({ optimizer })];
      const options = { epochs: 3, batchSize };
      let calls = 0;
      const history = await watched.fit(inputs, targets, {
        ...options,
        onBatch: async () => {
          calls++;
          if (calls % 10 === 0) await aTask();
          watched.predict(inputs.slice(0, 3));
        },
      });
      expect(calls).toBe(3 * Math.ceil(50 / batchSize));
      expect(bitsOf(history.loss)).toBe(bitsOf(plain.fitSync(inputs, targets, options).loss));
      expect(bitsOf(valuesOf(watched.parameters))).toBe(bitsOf(valuesOf(plain.parameters)));
      for (const each of [watched, plain]) each.dispose();
    }
  });

  it("sets the learning rate of the next step", async () => {
    const [network, twin] = [await createClassifier(), await createClassifier()];
    const rates = [0.1, 0.02, 0.3];
    network.setLearningRate(rates[0]!);
    network.fitSync(inputs, targets, {
      batchSize: 20,
      shuffle: false,
      onBatch: ({ batch, learningRate }) => {
        expect(learningRate).toBe(rates[batch - 1]);
        network.setLearningRate(rates[batch] ?? 1);
      },
    });
    for (const [i, rate] of rates.entries()) {
      twin.setLearningRate(rate);
      twin.fitSync(inputs.slice(20 * i, 20 * i + 20), targets.slice(20 * i, 20 * i + 20), { shuffle: false });
    }
    expect(bitsOf(valuesOf(network.parameters))).toBe(bitsOf(valuesOf(twin.parameters)));
    for (const each of [network, twin]) each.dispose();
  });

  it("ends the fit within an epoch by returning false; the steps are kept, and the epoch does not count", async () => {
    const [network, twin] = [await createClassifier(), await createClassifier()];
    const onBatch = ({ epoch, batch }: BatchInfo) => !(epoch === 2 && batch === 1);
    const options = { batchSize: 20, shuffle: false };
    const { stopped, loss } = network.fitSync(inputs, targets, { ...options, epochs: 5, onBatch });
    expect([stopped, loss.length, network.epoch]).toEqual(["callback", 1, 1]);
    twin.fitSync(inputs, targets, options);
    twin.fitSync(inputs.slice(0, 20), targets.slice(0, 20), options);
    expect(bitsOf(valuesOf(network.parameters))).toBe(bitsOf(valuesOf(twin.parameters)));
    for (const each of [network, twin]) each.dispose();
  });
});

describe("fitSync", () => {
  it.each(["onEpoch", "onBatch"] as const)("refuses %s that returns a promise", async (name) => {
    const network = await createClassifier();
    const error = errorOf(() => network.fitSync(inputs, targets, { [name]: async () => {} }));
    expect(error.message).toBe(
      `${name} returned a promise, for which fitSync cannot wait. Use fit, or a function that returns nothing.`,
    );
    expect(error).toMatchObject({ code: "invalidOption", history: { stopped: "callback" } });
    network.dispose();
  });
});

describe("network.epochs", () => {
  it("gives one item for each epoch, and the bits of fit", async () => {
    const [network, twin] = [await createClassifier(), await createClassifier()];
    const options = { epochs: 4, batchSize: 7, validationSplit: 0.5, metrics: ["accuracy"] } as const;
    const items: EpochInfo<"accuracy">[] = [];
    const events: string[] = [];
    for await (const epoch of network.epochs(inputs, targets, {
      ...options,
      onEpoch: () => events.push("onEpoch"),
    })) {
      items.push(epoch);
      events.push("item");
      await aTask();
      expect(network.epoch).toBe(epoch.epoch);
    }
    const history = twin.fitSync(inputs, targets, options);
    expect(events).toEqual(Array(4).fill(["onEpoch", "item"]).flat());
    expect(bitsOf(items.map(({ loss }) => loss))).toBe(bitsOf(history.loss));
    expect(items.map(({ accuracy }) => accuracy)).toEqual(history.accuracy);
    expect(bitsOf(valuesOf(network.parameters))).toBe(bitsOf(valuesOf(twin.parameters)));
    for (const each of [network, twin]) each.dispose();
  });

  it("ends the fit when the loop is left, and the network can be trained further", async () => {
    const network = await createClassifier();
    for await (const { epoch } of network.epochs(inputs, targets, { epochs: 100 })) {
      expect(errorOf(() => network.fitSync(inputs, targets)).code).toBe("busy");
      if (epoch === 3) break;
    }
    expect(network.epoch).toBe(3);
    const reason = new Error("from the body");
    const body = async () => {
      for await (const _ of network.epochs(inputs, targets, { epochs: 100 })) throw reason;
    };
    await expect(body()).rejects.toBe(reason);
    expect(network.epoch).toBe(4);
    network.fitSync(inputs, targets);
    expect(network.epoch).toBe(5);
    network.dispose();
  });

  it("returns the history, and restores the best parameters when the loop is left", async () => {
    const network = await createClassifier();
    const epochs = network.epochs(inputs, targets, { epochs: 2 });
    expect(network.epoch).toBe(0);
    expect((await epochs.next()).done).toBe(false);
    expect((await epochs.next()).done).toBe(false);
    expect(await epochs.next()).toMatchObject({ done: true, value: { stopped: "epochs" } });
    network.setOptimizer(sgd({ learningRate: 0 }));
    let best = "";
    const earlyStopping = { monitor: "loss" };
    for await (const { epoch } of network.epochs(inputs, targets, {
      epochs: 9,
      batchSize: 50,
      earlyStopping,
    })) {
      if (epoch === 1) best = bitsOf(valuesOf(network.parameters));
      network.setOptimizer(sgd({ learningRate: 3 }));
      if (epoch === 2) break;
    }
    expect(bitsOf(valuesOf(network.parameters))).toBe(best);
    network.dispose();
  });

  it("throws in the loop what fit rejects with", async () => {
    const network = await createClassifier();
    const loop = async (options: object) => {
      for await (const { epoch } of network.epochs(inputs, targets, { epochs: 5, ...options })) {
        if (epoch === 2) network.dispose();
      }
    };
    await expect(loop({ epochs: 0 })).rejects.toMatchObject({ code: "invalidOption" });
    await expect(loop({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    const reason = new Error("of onEpoch");
    const onEpoch = () => Promise.reject(reason);
    await expect(loop({ onEpoch })).rejects.toBe(reason);
    await expect(loop({})).rejects.toMatchObject({ code: "disposed" });
  });
});
