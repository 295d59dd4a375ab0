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
