import { describe, expect, it } from "vitest";
import {
  adadelta,
  adagrad,
  adam,
  adamW,
  batchNorm,
  cosineDecay,
  createNetwork,
  customLoss,
  customMetric,
  dense,
  dropout,
  embedding,
  gaussianNoise,
  type Layer,
  type LearningRate,
  type Loss,
  type LossName,
  layerNorm,
  loadNetwork,
  type Network,
  nadam,
  type Optimizer,
  prelu,
  reduceOnPlateau,
  rmsprop,
  rprop,
  sgd,
  torchRandom,
  warmup,
} from "../src/index.js";
import { errorOf, rejectionOf } from "./support/errorOf.js";
import { bitsOf, DTYPES, spread } from "./support/floats.js";
import { valuesOf } from "./support/parameters.js";

type AnyNetwork = Network<readonly Layer[]>;
type Dtype = (typeof DTYPES)[number];

const ROWS = 50;
const inputs = { data: spread(ROWS * 3), shape: [ROWS, 3] };
const targets = { data: spread(ROWS * 2, 0.1, 1, 0.3), shape: [ROWS, 2] };

const LAYERS = [dense(8, "tanh"), dropout(0.3), dense(2)];

interface Options {
  readonly layers?: readonly Layer[];
  readonly loss?: LossName | Loss;
  readonly optimizer?: Optimizer;
  readonly dtype?: Dtype;
  readonly threads?: number;
}

function create(options: Options = {}): Promise<AnyNetwork> {
  return createNetwork<readonly Layer[]>({
    inputs: 3,
    layers: LAYERS,
    loss: "meanSquaredError",
    seed: 5,
    ...options,
  });
}

/** Trains with shuffled rows and dropped units, and returns the bits of everything. */
function trainedBits(network: AnyNetwork, rows: typeof inputs = inputs): string {
  const { loss, learningRate } = network.fitSync(rows, targets, { epochs: 3, batchSize: 16 });
  const { data } = network.predict(rows);
  return [loss, learningRate, valuesOf(network.parameters), data].map((values) => bitsOf(values)).join();
}

const OPTIMIZERS: readonly Optimizer[] = [
  sgd({ momentum: 0.9, nesterov: true, clipNorm: 1 }),
  rmsprop({ centered: true, momentum: 0.5 }),
  adagrad({ initialAccumulator: 0.1 }),
  adadelta(),
  adam({ amsgrad: true, ema: 0.9 }),
  adamW({ clipValue: 0.5 }),
  nadam({ weightDecay: 0.01 }),
  rprop(),
];

const RATES: readonly LearningRate[] = [
  0.02,
  cosineDecay({ learningRate: 0.05, epochs: 10 }),
  warmup(cosineDecay({ learningRate: 0.05, steps: 30 }), { steps: 7 }),
  reduceOnPlateau({ learningRate: 0.05, patience: 1, monitor: "loss", threshold: 0.5 }),
];

const NETWORKS: readonly (readonly Layer[])[] = [
  [dense(4, "selu"), dense(2)],
  [dense(5), batchNorm(), prelu(), dense(2, "linear", { useBias: false })],
  [dense(5, "leakyRelu", { alpha: 0.2, kernelL1: 0.01, biasL2: 0.1 }), layerNorm(), dense(2)],
  [dense(4, "relu", { trainable: false }), gaussianNoise(0.1), dense(2)],
];

const LOSSES: readonly (Loss | LossName)[] = [
  { name: "huber", delta: 0.5, reduction: "sum" },
  { name: "quantile", quantile: 0.3 },
  "logCosh",
];

describe("a network that was saved and loaded", () => {
  it.each(DTYPES.flatMap((dtype) => OPTIMIZERS.map((optimizer) => ({ dtype, optimizer }))))(
    "continues with the same bits: $dtype, $optimizer.name",
    async ({ dtype, optimizer }) => {
      const network = await create({ dtype, optimizer });
      network.fitSync(inputs, targets, { epochs: 2, batchSize: 16 });
      const loaded = await loadNetwork(network.save());
      expect(loaded.epoch).toBe(2);
      expect(trainedBits(loaded)).toBe(trainedBits(network));
      expect(loaded.epoch).toBe(5);
    },
  );

  it.each(RATES)("continues its schedule: %j", async (learningRate) => {
    const network = await create({ optimizer: adam({ learningRate }) });
    network.fitSync(inputs, targets, { epochs: 3, batchSize: 16 });
    const loaded = await loadNetwork(network.save());
    expect(loaded.learningRate).toBe(network.learningRate);
    expect(trainedBits(loaded)).toBe(trainedBits(network));
  });

  it.each(["max", "min"] as const)(
    "continues the plateau of a metric (%s) that was infinite, which JSON cannot keep",
    async (direction) => {
      const infinite = direction === "max" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      let epoch = 0;
      const odd = customMetric({
        name: "odd",
        direction,
        compute: () => [1, infinite, 1, 1, 1][epoch++ % 5]!,
      });
      const rate = reduceOnPlateau({ learningRate: 0.05, patience: 1, monitor: "odd" });
      const network = await create({ optimizer: sgd({ learningRate: rate }) });
      const options = { metrics: [odd] };
      await network.fit(inputs, targets, { ...options, epochs: 2 });
      const loaded = await loadNetwork(network.save());
      const rates: unknown[] = [];
      for (const each of [network, loaded]) {
        epoch = 2;
        rates.push((await each.fit(inputs, targets, { ...options, epochs: 3 })).learningRate);
      }
      expect(rates[1]).toEqual(rates[0]);
    },
  );

  it.each(NETWORKS.map((layers) => ({ layers, names: layers.map(({ kind }) => kind).join(", ") })))(
    "has the same layers and buffers: $names",
    async ({ layers }) => {
      const network = await create({ layers, optimizer: adam() });
      network.fitSync(inputs, targets, { epochs: 2, batchSize: 16 });
      const loaded = await loadNetwork(network.save());
      expect(loaded.summary()).toBe(network.summary());
      expect(JSON.stringify(loaded.buffers)).toBe(JSON.stringify(network.buffers));
      expect(trainedBits(loaded)).toBe(trainedBits(network));
    },
  );

  it("has the same tables of an embedding", async () => {
    const rows = { data: inputs.data.map((x, i) => (i % 3 === 1 ? ((i / 3) % 4) | 0 : x)), shape: [ROWS, 3] };
    const columns = [{ column: 1, categories: 4, units: 2 }];
    const network = await create({ layers: [embedding(columns), dense(2)], optimizer: adam() });
    network.fitSync(rows, targets);
    const loaded = await loadNetwork(network.save());
    expect(trainedBits(loaded, rows)).toBe(trainedBits(network, rows));
  });

  it.each(LOSSES)("has the same loss: %j", async (loss) => {
    const network = await create({ loss });
    const loaded = await loadNetwork(network.save());
    expect(loaded.evaluate(inputs, targets).loss).toBe(network.evaluate(inputs, targets).loss);
  });

  it("keeps what was frozen, and the optimizer and rate that were set last", async () => {
    const network = await create();
    network.setTrainable(0, false);
    network.setOptimizer(adam({ beta1: 0.8 }));
    network.setLearningRate(0.25);
    const loaded = await loadNetwork(network.save());
    expect(loaded.optimizer).toEqual(network.optimizer);
    expect(trainedBits(loaded)).toBe(trainedBits(network));
  });

  it("has the key that was still to be drawn", async () => {
    const layers = [dense(4), dense(2)];
    const network = await createNetwork({ inputs: 3, layers, loss: "huber", random: torchRandom(3) });
    const loaded = await loadNetwork(network.save());
    expect(trainedBits(loaded)).toBe(trainedBits(network));
  });

  it("has the same bits with any number of threads", async () => {
    const network = await create({ optimizer: adam() });
    network.fitSync(inputs, targets);
    const loaded = await loadNetwork(network.save(), { threads: 3 });
    expect(trainedBits(loaded)).toBe(trainedBits(network));
    loaded.dispose();
  });

  it("has the average of the parameters beside the parameters", async () => {
    const network = await create({ optimizer: sgd({ ema: 0.5 }) });
    network.fitSync(inputs, targets);
    const loaded = await loadNetwork(network.save());
    expect(JSON.stringify(loaded.averagedParameters)).toBe(JSON.stringify(network.averagedParameters));
    expect(JSON.stringify(loaded.averagedParameters)).not.toBe(JSON.stringify(loaded.parameters));
  });

  it("has the history of its last fit", async () => {
    const network = await create();
    const history = network.fitSync(inputs, targets, {
      epochs: 4,
      validationSplit: 0.2,
      metrics: ["mae"],
    });
    const loaded = await loadNetwork(network.save());
    expect(JSON.parse(JSON.stringify(loaded.history))).toEqual(JSON.parse(JSON.stringify(history)));
  });

  it("can be saved again: the same bytes", async () => {
    const network = await create({ optimizer: adam() });
    network.fitSync(inputs, targets);
    const file = network.save();
    expect((await loadNetwork(file)).save()).toEqual(file);
  });
});

describe("functions of a saved network", () => {
  const loss = customLoss(
    (outputs, goals, gradient) => {
      const { length } = outputs.data;
      let sum = 0;
      for (let i = 0; i < length; i++) {
        const error = outputs.data[i]! - goals.data[i]!;
        sum += error * error;
        gradient.data[i] = (2 * error) / length;
      }
      return sum / length;
    },
    { name: "mine" },
  );
  const learningRate = (step: number) => 0.1 / (1 + step);

  it("must be given again", async () => {
    const optimizer = sgd({ learningRate });
    const network = await createNetwork({ inputs: 3, layers: [dense(2)], loss, optimizer });
    const file = network.save();
    const lossError = await rejectionOf(loadNetwork(file, { learningRate }));
    expect(lossError.code).toBe("invalidOption");
    expect(lossError.message).toMatch(/The loss "mine" .* loadNetwork\(bytes, \{ loss: customLoss/);
    const rateError = await rejectionOf(loadNetwork(file, { loss }));
    expect(rateError.message).toMatch(/The learning rate of the network is a function/);
    const loaded = await loadNetwork(file, { loss, learningRate });
    expect(trainedBits(loaded)).toBe(trainedBits(network));
  });

  it("may follow a warm-up", async () => {
    const optimizer = sgd({ learningRate: warmup(learningRate, { steps: 4 }) });
    const network = await create({ optimizer });
    const loaded = await loadNetwork(network.save(), { learningRate });
    expect(trainedBits(loaded)).toBe(trainedBits(network));
  });

  it("are refused if the file has none", async () => {
    const file = (await create()).save();
    expect((await rejectionOf(loadNetwork(file, { learningRate }))).message).toMatch(
      /the file has a learning rate/,
    );
    expect((await rejectionOf(loadNetwork(file, { loss }))).message).toMatch(
      /the file has the loss "meanSquaredError"/,
    );
  });
});

describe("options of loadNetwork", () => {
  it("are refused if the file has its own", async () => {
    const file = (await create()).save();
    const error = await rejectionOf(loadNetwork(file, { layers: LAYERS }));
    expect(error.code).toBe("invalidOption");
    expect(error.message).toBe("loadNetwork is given layers, but the file has its own. Leave it out.");
  });

  it.each([undefined, null, "file", [1, 2], new Float32Array(3), 5])("bytes may not be %s", async (bytes) => {
    const error = await rejectionOf(loadNetwork(bytes as unknown as Uint8Array));
    expect(error.code).toBe("invalidOption");
    expect(error.message).toMatch(/expected the bytes of a file/);
  });

  it("take an ArrayBuffer, and a view that is not aligned", async () => {
    const network = await create();
    const file = network.save();
    const shifted = new Uint8Array(file.length + 1).subarray(1);
    shifted.set(file);
    for (const bytes of [file.buffer, shifted]) {
      expect(JSON.stringify((await loadNetwork(bytes)).parameters)).toBe(JSON.stringify(network.parameters));
    }
  });
});

describe("a file of weights alone", () => {
  it("gives the same predictions, without the optimizer's state", async () => {
    const network = await create({ optimizer: adam() });
    network.fitSync(inputs, targets);
    const file = network.saveWeights();
    expect(file.length).toBeLessThan(network.save().length / 2);
    const loaded = await loadNetwork(file);
    expect(loaded.predict(inputs).data).toEqual(network.predict(inputs).data);
    expect([loaded.epoch, loaded.history]).toEqual([0, undefined]);
    expect(loaded.optimizer).toEqual(network.optimizer);
  });

  it("has the averages, if there are any", async () => {
    const network = await create({ optimizer: sgd({ ema: 0.5 }) });
    network.fitSync(inputs, targets);
    const loaded = await loadNetwork(network.saveWeights());
    expect(loaded.predict(inputs).data).toEqual(network.predict(inputs).data);
    expect(JSON.stringify(loaded.parameters)).toBe(JSON.stringify(network.averagedParameters));
  });
});

describe("metadata", () => {
  it("are kept by files, clones and checkpoints", async () => {
    const metadata = { classes: '["cat","dog"]', note: "é ✓" };
    const network = await createNetwork({ inputs: 3, layers: [dense(2)], loss: "huber", metadata });
    const files = [network.save(), network.saveWeights(), network.clone().save()];
    network.fitSync(inputs, targets, { checkpoint: { save: (file) => void files.push(file as never) } });
    expect(files).toHaveLength(4);
    for (const file of files) expect((await loadNetwork(file)).metadata).toEqual(metadata);
  });

  it("of one file are added to those of the network", async () => {
    const metadata = { a: "1", b: "2" };
    const network = await createNetwork({ inputs: 3, layers: [dense(2)], loss: "huber", metadata });
    const loaded = await loadNetwork(network.save({ metadata: { b: "3" } }));
    expect(loaded.metadata).toEqual({ a: "1", b: "3" });
    expect(network.metadata).toEqual(metadata);
  });

  it("are copied, and must be strings", async () => {
    const metadata = { a: "1" };
    const network = await createNetwork({ inputs: 3, layers: [dense(2)], loss: "huber", metadata });
    metadata.a = "2";
    expect(network.metadata).toEqual({ a: "1" });
    expect(() => network.save({ metadata: { n: 5 as never } })).toThrow(
      /metadata\.n is 5; expected a string/,
    );
    expect(() => network.save({ metadata: null as never })).toThrow(/metadata is null; expected an object/);
  });
});

describe("saving", () => {
  it("is refused within an epoch, and allowed at its end", async () => {
    const network = await create();
    const codes: string[] = [];
    const save = () => {
      try {
        network.save();
        codes.push("saved");
      } catch (error) {
        codes.push((error as { code: string }).code);
      }
    };
    await network.fit(inputs, targets, { batchSize: 25, onBatch: save, onEpoch: save });
    save();
    expect(codes).toEqual(["busy", "busy", "saved", "saved"]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "is refused if a parameter is %d, as loading is: no file may replace one that can be loaded",
    async (value) => {
      const network = await create();
      (network.parameters[2] as { bias: { data: Float32Array } }).bias.data[1] = value;
      for (const save of ["save", "saveWeights"] as const) {
        expect(errorOf(() => network[save]())).toMatchObject({
          code: "invalidData",
          message: expect.stringContaining(
            `parameters[2].bias.data[1] is ${value}; expected a finite number`,
          ),
        });
      }
    },
  );

  it("is refused after dispose", async () => {
    const network = await create();
    network.dispose();
    expect(() => network.save()).toThrow(expect.objectContaining({ code: "disposed" }));
    expect(() => network.saveWeights()).toThrow(expect.objectContaining({ code: "disposed" }));
  });
});
